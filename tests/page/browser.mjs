// The page in a browser, in frames that this page looks into: every view,
// language and failure. Posts {lines, passed, failed}; tests/wasm/chromium.py
// listens.

import {FAILURES} from './resident.js';
import {HOSTILE} from './sample_report.mjs';
import {LANGUAGES, Words} from './words.js';

const VIEWS = ['overview', 'timeline', 'consents', 'collected', 'devices',
  'take', 'about'];
// The same in more than one language, and right so.
const ALIKE = new Set(['Vidimus', 'Svenska', 'Suomi', 'English', 'Social', 'SHA-256',
  'JSON', 'CSV']);
const WAIT_MS = 20000;
// A machine that is busy with other tests is several times slower.
const STALL_MS_MAX = 500;

const lines = [];
let passed = 0, failed = 0;
async function test(name, body) {
  try {
    await body();
    ++passed;
  } catch (error) {
    ++failed;
    lines.push(`FAILED: ${name}: ${error.message}`);
  }
}
function expect(holds, message) {
  if (!holds) throw new Error(message);
}
const same = (got, wanted, what) => expect(got === wanted,
    `${what ?? 'it'} is ${JSON.stringify(got)}, not ${JSON.stringify(wanted)}`);
const words = Object.fromEntries(await Promise.all(LANGUAGES.map(async (code) =>
  [code, new Words(await (await fetch(`words/${code}.json`)).json())])));

async function until(condition, what) {
  const end = Date.now() + WAIT_MS;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`no ${what} in time`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

// The page with that query, in a frame of that width; `look` gets its window.
async function seen(query, look, width = 1000) {
  const frame = document.createElement('iframe');
  frame.style.cssText = `width:${width}px;height:800px;border:0`;
  const wrong = [];
  frame.src = `fixture.html?${query}`;
  document.body.append(frame);
  try {
    await new Promise((resolve) => { frame.onload = resolve; });
    const inside = frame.contentWindow;
    inside.addEventListener('error', (event) => wrong.push(event.message));
    inside.addEventListener('unhandledrejection',
        (event) => wrong.push(String(event.reason)));
    inside.document.addEventListener('securitypolicyviolation',
        (event) => wrong.push(`${event.violatedDirective} ${event.blockedURI}`));
    await until(() => inside.document.documentElement.dataset.ready, 'page');
    await look(inside, inside.document);
    same(wrong.join('; '), '', 'what went wrong');
    const asked = inside.performance.getEntriesByType('resource')
        .filter(({name}) => !name.startsWith(location.origin));
    same(asked.length, 0, 'requests elsewhere');
  } finally {
    frame.remove();
  }
}

async function go(inside, view) {
  inside.location.hash = view;
  await until(() => inside.document.querySelector(`nav a[href="#${view}"]`)
      ?.getAttribute('aria-current') === 'page' || view === 'about', view);
  await new Promise((resolve) => setTimeout(resolve, 20));
}

// What stands beside a term.
function fact(document, term) {
  const found = [...document.querySelectorAll('dt')]
      .find((one) => one.textContent === term);
  return found?.nextSibling.textContent ?? '';
}

// Text that people see, outside of what is marked as somebody else's.
function own(document) {
  const found = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode;
    if (node.parentElement.closest('bdi, code, script, noscript, [lang]:not(html), time, a[href^="mailto"]')) {
      continue;
    }
    const text = node.textContent.trim();
    if (/\p{L}{4}/u.test(text)) found.add(text);
  }
  return found;
}

await test('a judged city: the headline, and what is wrong with it', () =>
  seen('case=city&language=sv', (inside, document) => {
    same(document.querySelector('h1').textContent,
        `${words.sv.say('notAllFineShort', 1, 3)} ${words.sv.say('noneMissing')}`);
    same(document.querySelector('.v-headline').dataset.tone, 'bad');
    same(document.querySelector('.v-headline').dataset.finding, 'Ok');
  }));

await test('who read every entry stands apart from who saw the head', () =>
  seen('case=city&language=en', (inside, document) => {
    const said = (key) => fact(document, words.en.say(key));
    expect(said('readBy').startsWith('press ('), said('readBy'));
    expect(said('witnessedBy').startsWith('uni ('), said('witnessedBy'));
  }));

await test('who looked cannot be read: the page says so, and tells the rest', () =>
  seen('case=unread&language=sv', async (inside, document) => {
    await go(inside, 'timeline');
    document.querySelector('.v-entry__link').click();
    await until(() => document.querySelector('.v-access'), 'access');
    const who = fact(document, words.sv.say('factPerson'));
    expect(who.includes('account 7'), who);
    expect(who.includes(words.sv.of('finding', 'WireTag')), who);
    expect(fact(document, words.sv.say('factWhy')).includes('Tjänster'), 'no purpose');
  }));

await test('a byte of the bundle flipped: no word of completeness', () =>
  seen('case=flipped&language=en', (inside, document) => {
    same(document.querySelector('.v-headline').dataset.tone, 'bad');
    expect(!document.body.textContent.includes(words.en.say('noneMissing')), 'it says so');
  }));

await test('all is well: green, and in words', () =>
  seen('case=clean&language=fi', (inside, document) => {
    same(document.querySelector('h1').textContent,
        `${words.fi.say('allFine', 3)} ${words.fi.say('noneMissing')}`);
    same(document.querySelector('.v-headline').dataset.tone, 'good');
    same(document.documentElement.lang, 'fi');
  }));

for (const [name, kind] of Object.entries(FAILURES)) {
  await test(`the headline of ${name}`, async () => {
    const language = LANGUAGES[name.length % 3];
    await seen(`case=${name}&language=${language}`, (inside, document) => {
      const headline = document.querySelector('.v-headline');
      same(headline.dataset.tone === 'good', false, 'green');
      if (kind === 'unvouched') return;
      const [start] = words[language].failureParts(name, 'says', '', '')
          .filter((part) => part.length > 8);
      expect(document.querySelector('h1').textContent.includes(start), start);
      same(headline.dataset.tone, kind === 'wrong' ? 'bad' : 'look');
      expect(!document.querySelector('h1').textContent
          .includes(words[language].say('noneMissing')), 'it says that none is missing');
    });
  });
}

await test('every view in every language: translated or marked', async () => {
  const texts = {};
  for (const language of LANGUAGES) {
    await seen(`case=sample&language=${language}`, async (inside, document) => {
      for (const view of VIEWS) {
        await go(inside, view);
        const found = (texts[view] ??= {})[language] = own(document);
        expect(found.size > 5, `${view} has no text`);
        same(document.querySelectorAll('h1').length, 1, `headings of ${view}`);
        same(inside.document.activeElement?.tagName, 'H1', `focus in ${view}`);
        same(inside.location.search.includes('/'), false);
      }
    });
  }
  const left = [];
  for (const [view, by] of Object.entries(texts)) {
    for (const [a, b] of [['sv', 'fi'], ['sv', 'en'], ['fi', 'en']]) {
      for (const text of by[a]) {
        if (by[b].has(text) && !ALIKE.has(text)) left.push(`${view}: ${text}`);
      }
    }
  }
  same(left.join(' | '), '');
});

for (const [width, size] of [[320, 100], [640, 200]]) {
  await test(`no sideways scrolling at ${width} px with text of ${size} %`, async () => {
    for (const language of LANGUAGES) {
      await seen(`case=sample&language=${language}`, async (inside, document) => {
        document.documentElement.style.fontSize = `${size}%`;
        for (const view of VIEWS) {
          await go(inside, view);
          const {scrollWidth} = document.documentElement;
          if (scrollWidth > width) {
            const wide = [...document.querySelectorAll('body *')].filter(
                (one) => one.getBoundingClientRect().right > width + 1).at(-1);
            expect(false, `${view} ${language}: ${scrollWidth} px, ${wide?.outerHTML.slice(0, 200)}`);
          }
        }
      }, width);
    }
  });
}

await test('what a record holds is text', () =>
  seen('case=sample&language=en', async (inside, document) => {
    await go(inside, 'timeline');
    const link = [...document.querySelectorAll('.v-entry__link')]
        .find((one) => one.textContent.includes('Health'));
    link.click();
    await until(() => document.querySelector('.v-access'), 'access');
    expect(document.body.textContent.includes(HOSTILE.slice(0, 40)), 'it is not shown');
    expect(!document.body.textContent.includes('\u202e'), 'it turns the direction');
    same(document.querySelectorAll('main img, main b, main script').length, 0);
    expect(!inside.location.hash.includes('0'.repeat(3)) &&
        /^#access\/[a-z0-9]+$/.test(inside.location.hash), inside.location.hash);
    same(document.querySelectorAll('a[href^="javascript"]').length, 0);
    const order = [...document.querySelectorAll('h2')].map((one) => one.textContent);
    expect(order.indexOf(words.en.say('ask')) < order.indexOf(words.en.say('contest')),
        'contesting comes before asking');
  }));

await test('an unknown key stands before all else on every view', () =>
  seen('case=sample&language=en', async (inside, document) => {
    for (const view of VIEWS.filter((name) => name !== 'about')) {
      await go(inside, view);
      const first = document.querySelector('main section, main h1');
      expect(first.classList.contains('v-notice--bad'), view);
    }
  }));

await test('whoever walks by keys meets everything in the order it is read', () =>
  seen('case=sample&language=sv', async (inside, document) => {
    for (const view of VIEWS) {
      await go(inside, view);
      same(document.querySelectorAll('[tabindex]:not([tabindex="-1"]):not([tabindex="0"])').length,
          0, 'tab stops out of order');
      for (const control of document.querySelectorAll('input, select, textarea')) {
        expect(control.labels?.length > 0, `${view}: a control without a label`);
      }
      for (const one of document.querySelectorAll('button, a')) {
        expect(one.textContent.trim() !== '', `${view}: a control without a name`);
      }
    }
  }));

await test('the filter counts aloud and clears', () =>
  seen('case=sample&language=en', async (inside, document) => {
    await go(inside, 'timeline');
    const status = document.querySelector('[role="status"]');
    same(status.textContent, 'Shown: 9 of 9');
    const input = document.querySelector('input[type="search"]');
    input.value = 'schooling late';
    input.dispatchEvent(new Event('input', {bubbles: true}));
    await until(() => status.textContent === 'Shown: 1 of 9', 'count');
    same(document.querySelectorAll('.v-entry').length, 1);
    [...document.querySelectorAll('button')]
        .find((one) => one.textContent === words.en.say('filterClear')).click();
    await until(() => document.querySelector('[role="status"]').textContent ===
        'Shown: 9 of 9', 'count');
  }));

await test('the words are shown before they are signed', () =>
  seen('case=sample&language=en', async (inside, document) => {
    await go(inside, 'consents');
    const press = (label) => [...document.querySelectorAll('button')]
        .find((one) => one.textContent === words.en.say(label)).click();
    press('withdraw');
    await until(() => document.querySelector('dialog[open] blockquote'), 'words');
    expect(document.querySelector('blockquote').textContent.includes('that are signed'), 'words');
    same(document.activeElement.tagName, 'H2', 'focus');
    press('sign');
    await until(() => document.querySelector('dialog .v-notice--good'), 'outcome');
    press('close');
    await until(() => !document.querySelector('dialog'), 'end');
  }));

await test('without a key nothing is signed, and the page says how to get one', () =>
  seen('case=sample&language=en&keys=0', async (inside, document) => {
    await go(inside, 'consents');
    [...document.querySelectorAll('button')]
        .find((one) => one.textContent === words.en.say('withdraw')).click();
    await until(() => document.querySelector('dialog[open]'), 'dialog');
    same(document.querySelector('dialog h2').textContent, words.en.say('noKeyTitle'));
  }));

await test('signed out: what the page is for, and the way in', () =>
  seen('signed=0&language=fi', (inside, document) => {
    same(document.querySelector('h1').textContent, words.fi.say('welcomeTitle'));
    same(document.querySelector('nav').hidden, true);
  }));

// The page as it is served, in a folder; `look` gets its document.
async function served(path, look) {
  const frame = document.createElement('iframe');
  frame.src = path;
  document.body.append(frame);
  try {
    await new Promise((resolve) => { frame.onload = resolve; });
    const main = () => frame.contentDocument.getElementById('main');
    await until(() => main()?.children.length > 0 &&
        !main().querySelector('noscript'), path);
    await look(frame.contentDocument, main());
  } finally {
    frame.remove();
  }
}

await test('whose log is of another origin is shown the way there', () =>
  served('index.html', (document, main) => {
    const {language} = words[document.documentElement.lang];
    same(main.querySelector('h1').textContent, words[language].say('elsewhereTitle'));
    same(main.querySelector('a').href, 'https://log.example:8443/');
  }));

await test('a page that can not start says that nothing was checked', () =>
  served('broken/index.html', (document, main) => {
    same([...main.querySelectorAll('p[lang]')].map(({lang}) => lang).join(), 'sv,fi,en,en');
  }));

await test('nothing about the person is kept', () =>
  seen('case=sample&language=en', async (inside, document) => {
    for (const view of VIEWS) await go(inside, view);
    const kept = JSON.stringify({...inside.localStorage, ...inside.sessionStorage,
      cookie: document.cookie, title: document.title, name: inside.name});
    for (const word of ['Income', 'Social', 'case worker', 'Education', '61616161']) {
      expect(!kept.includes(word), kept);
    }
  }));

await test('ten thousand entries scroll and filter without a stall', () =>
  seen('case=sample&language=en&many=10000', async (inside, document) => {
    await go(inside, 'timeline');
    const frame = () => new Promise((resolve) => inside.requestAnimationFrame(resolve));
    let longest = 0, last = performance.now();
    const beat = async (times) => {
      for (let i = 0; i < times; ++i) {
        await frame();
        const now = performance.now();
        longest = Math.max(longest, now - last);
        last = now;
      }
    };
    await beat(3);
    longest = 0;
    for (let i = 0; i < 40; ++i) {
      inside.scrollTo(0, document.documentElement.scrollHeight);
      await beat(2);
    }
    const scrolled = longest, made = document.querySelectorAll('.v-entry').length;
    longest = 0;
    const input = document.querySelector('input[type="search"]');
    for (const text of ['income', 'health', 'violation', '']) {
      input.value = text;
      input.dispatchEvent(new Event('input', {bubbles: true}));
      await beat(25);
    }
    lines.push(`page: 10,009 entries, ${made} scrolled through: longest frame ` +
        `${Math.round(scrolled)} ms scrolling, ${Math.round(longest)} ms filtering`);
    expect(made > 500, `only ${made} were made`);
    expect(Math.max(scrolled, longest) < STALL_MS_MAX, 'a stall');
  }));

await fetch('/', {method: 'POST', body: JSON.stringify({lines, passed, failed})});
