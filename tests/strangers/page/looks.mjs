// How the page looks and works for everybody, and how fast: axe on every view,
// language and failure; what axe can't see; hostile text; ten thousand
// accesses.
//
//   node looks.mjs FOLDER

import {execFileSync} from 'node:child_process';
import {mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {createServer} from 'node:http';

import {FAILURES} from '../../../client/js/resident.js';
import {axe, Checks, openBrowser, picture} from './lib.mjs';
import {folderIn} from './place.mjs';

const folder = process.argv[2];
const {ROOT, MAKE_CITY, WASM} = process.env;
const LANGUAGES = ['sv', 'fi', 'en'];
const VIEWS = ['overview', 'timeline', 'consents', 'collected', 'devices',
  'take', 'about'];
const TYPES = {html: 'text/html', js: 'text/javascript', css: 'text/css',
  json: 'application/json', svg: 'image/svg+xml', wasm: 'application/wasm'};
const checks = new Checks('looks');

// --- The page, and a server for it -------------------------------------------

const city = {};
for (const accesses of [0, 97, 9997]) {
  const path = folderIn(folder, `city-${accesses}`);
  execFileSync(MAKE_CITY, [path, String(accesses)]);
  city[accesses] = (name) => readFileSync(`${path}/${name}`);
}
// Each city's witness and monitor have the same keys.
const test = {current: {}, accesses: 0};
const server = createServer((request, response) => {
  const name = new URL(request.url, 'http://x').pathname.slice(1) ||
      'index.html';
  let body;
  try {
    if (name === 'test.json') {
      body = JSON.stringify(test.current);
    } else if (name === 'bundle') {
      body = city[test.accesses]('bundle');
    } else if (name === 'harness.js') {
      body = readFileSync(`${ROOT}/tests/strangers/page/harness.js`);
    } else {
      body = readFileSync(`${folder}/page/${name}`);
      if (name === 'index.html') {
        body = String(body).replace('src="main.js"', 'src="harness.js"');
      }
    }
  } catch {
    response.writeHead(404);
    return response.end();
  }
  response.writeHead(200, {'Cache-Control': 'no-store', 'Content-Type':
      TYPES[name.split('.').at(-1)] ?? 'application/octet-stream'});
  response.end(body);
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const url = `http://localhost:${server.address().port}`;
writeFileSync(`${folder}/config.json`, JSON.stringify({
  name: {sv: 'Provstaden', fi: 'Koekaupunki', en: 'Trial city'},
  theme: process.env.THEME ?? 'helsinki',
  help: {url: 'https://city.example/help', email: 'help@city.example'},
  logs: [{url, vkey: String(city[0]('log.vkey')),
    policy: String(city[0]('policy'))}],
  identity_services: ['https://id.example'], sign_in: true,
}));
mkdirSync(`${folder}/page`, {recursive: true});
const weights = execFileSync(`${ROOT}/client/page/build.sh`,
    [`${folder}/page`, `${folder}/config.json`, WASM], {encoding: 'utf8'});
console.log(weights.trim());

const {context, page, seen} =
    await openBrowser(folderIn(folder, 'profile'));

// The page in this state, at this view.
async function show(state, view = 'overview', accesses = 0) {
  test.current = state;
  test.accesses = accesses;
  await page.goto('about:blank');
  await page.goto(`${url}/#${view}`);
  await page.waitForFunction((waits) => waits ?
      document.querySelector('#main h1') !== null :
      document.documentElement.dataset.ready === '1', state.checking === true);
}

async function go(view) {
  await page.evaluate((name) => { location.hash = name; }, view);
  await page.waitForFunction((name) => location.hash === `#${name}`, view);
  await page.waitForTimeout(30);
}

async function clean(name) {
  const found = await axe(page);
  checks.holds(`axe: ${name}`, found.length === 0, found.join('\n  '));
}

// --- axe, on everything ------------------------------------------------------

const nodes = {};
for (const language of LANGUAGES) {
  await checks.step(`views in ${language}`, page, async () => {
    await show({language, key: true});
    for (const view of VIEWS) {
      await go(view);
      await page.evaluate(() => document.querySelectorAll('details')
          .forEach((one) => { one.open = true; }));
      await clean(`${view} in ${language}`);
      if (language === 'sv') await picture(page, `look-${view}`);
      (nodes[view] ??= {})[language] = await texts();
    }
    await go('timeline');
    await page.locator('a[href^="#access/"]').first().click();
    await page.locator('article.v-access').waitFor();
    await clean(`access in ${language}`);
    (nodes.access ??= {})[language] = await texts();
    for (const [name, state] of Object.entries({
      'signed out': {signedOut: true}, 'elsewhere': {elsewhere: true},
      'checking': {checking: true}})) {
      await show({language, ...state});
      await clean(`${name} in ${language}`);
      (nodes[name] ??= {})[language] = await texts();
    }
    await show({language, key: true}, 'consents');
    await page.locator('li.v-row button, section.v-panel button').last().click();
    await page.locator('dialog[open]').waitFor();
    await clean(`dialog in ${language}`);
  });
  await checks.step(`failures in ${language}`, page, async () => {
    for (const [failure, kind] of Object.entries(FAILURES)) {
      await show({language, failure, empty: kind === 'unchecked'});
      await clean(`${failure} in ${language}`);
      (nodes[failure] ??= {})[language] = await texts();
      const tone = await page.locator('.v-headline').getAttribute('data-tone');
      checks.holds(`${failure} in ${language} is not calm`, tone !== 'good',
          tone);
      if (language === 'en' && failure === 'EntryMissing') {
        await picture(page, 'look-missing');
      }
    }
  });
}

// --- Languages ---------------------------------------------------------------

// Every visible text that the page itself says, with where it stands.
function texts() {
  return page.evaluate(() => {
    const walker = document.createTreeWalker(document.body,
        NodeFilter.SHOW_TEXT);
    const found = [];
    while (walker.nextNode()) {
      const node = walker.currentNode;
      const text = node.textContent.trim();
      // In the language of its own element, or of nobody knows which.
      if (!/\p{L}{2}/u.test(text) ||
          node.parentElement.closest('body [lang], bdi, code, script')) {
        continue;
      }
      found.push(text);
    }
    return found;
  });
}

// Of a text that is the same in two languages nobody translated it.
const SAME = /^(Vidimus|JSON|CSV|PDF|AI|uni|press|https?:.*|\S+@\S+)$/;
for (const [view, by] of Object.entries(nodes)) {
  const [sv, fi, en] = LANGUAGES.map((language) => by[language] ?? []);
  const shared = sv.filter((text) =>
    (fi.includes(text) || en.includes(text)) && !SAME.test(text));
  const more = fi.filter((text) => en.includes(text) && !SAME.test(text));
  checks.same(`${view}: every text is translated`,
      [...new Set([...shared, ...more])], []);
  checks.holds(`${view}: as many texts in each language`,
      Math.abs(sv.length - en.length) <= 4 &&
      Math.abs(fi.length - en.length) <= 4,
      [sv.length, fi.length, en.length].join());
}

// --- Keyboard ----------------------------------------------------------------

for (const view of VIEWS) {
  await checks.step(`focus in ${view}`, page, async () => {
    await show({language: 'en', key: true}, view);
    const wanted = await page.evaluate(() => {
      window.tabbable = [...document.querySelectorAll(
          'a[href], button, input, select, textarea, summary')].filter((one) =>
        !one.disabled && one.tabIndex >= 0 && one.checkVisibility());
      // The first of all is the link that skips to the content.
      window.tabbable[0].focus();
      return window.tabbable.length;
    });
    const order = [0];
    const unseen = [];
    while (order.length < wanted) {
      await page.keyboard.press('Tab');
      const [place, visible, name] = await page.evaluate(() => {
        const one = document.activeElement;
        const style = getComputedStyle(one);
        const label = one.closest('label') ?? one;
        return [window.tabbable.indexOf(one),
          (style.outlineStyle !== 'none' && style.outlineWidth !== '0px') ||
              style.boxShadow !== 'none' ||
              getComputedStyle(label).boxShadow !== 'none',
          one.outerHTML.slice(0, 80)];
      });
      order.push(place);
      if (!visible) unseen.push(name);
    }
    checks.same(`${view}: Tab goes the way of the page`, order,
        [...order.keys()]);
    checks.same(`${view}: focus shows`, unseen, []);
  });
}
await checks.step('a dialog takes the focus and gives it back', page,
    async () => {
      await show({language: 'en', key: true}, 'consents');
      const opener = page.locator('li.v-row button, section.v-panel button')
          .last();
      await opener.focus();
      await page.keyboard.press('Enter');
      await page.locator('dialog[open]').waitFor();
      checks.holds('inside', await page.evaluate(() =>
        document.activeElement.closest('dialog') !== null));
      await page.keyboard.press('Escape');
      await page.locator('dialog').waitFor({state: 'detached'});
      checks.holds('back', await opener.evaluate(
          (one) => one === document.activeElement));
    });
await checks.step('another view begins at its heading', page, async () => {
  await show({language: 'en'});
  await page.locator('nav a[href="#timeline"]').press('Enter');
  await page.waitForFunction(
      () => document.activeElement.tagName === 'H1');
});

// --- Narrow, large, printed --------------------------------------------------

for (const [name, size, percent] of [
  ['320 px', {width: 320, height: 640}, 100],
  ['200 % text', {width: 1100, height: 900}, 200],
  ['200 % text at 640 px', {width: 640, height: 900}, 200]]) {
  await page.setViewportSize(size);
  for (const language of ['fi', 'sv']) {
    await checks.step(`reflow at ${name} in ${language}`, page, async () => {
      await show({language, key: true});
      for (const view of [...VIEWS, 'access']) {
        if (view === 'access') {
          await go('timeline');
          await page.locator('a[href^="#access/"]').first().click();
        } else {
          await go(view);
        }
        const wide = await page.evaluate((size) => {
          const root = document.documentElement;
          root.style.fontSize = `${size}%`;
          const room = root.clientWidth + 1;
          return root.scrollWidth <= room ? [] :
            [...document.querySelectorAll('body *')].filter((one) =>
              one.getBoundingClientRect().right > room &&
              one.checkVisibility()).slice(0, 5)
                .map((one) => one.outerHTML.slice(0, 100));
        }, percent);
        checks.same(`${view} at ${name} in ${language}`, wide, []);
        if (language === 'fi' && (view === 'overview' || view === 'timeline')) {
          await picture(page, `look-${view}-${name}`);
        }
      }
    });
  }
}
await page.setViewportSize({width: 1100, height: 900});
await checks.step('print', page, async () => {
  await show({language: 'sv'}, 'timeline', 97);
  const pdf = (await page.pdf({tagged: true, outline: true, format: 'A4'}))
      .toString('latin1');
  checks.holds('the paper is tagged', pdf.includes('/Marked true') &&
      pdf.includes('/StructTreeRoot') && pdf.includes('/Lang'));
  checks.holds('and has an outline', pdf.includes('/Outlines'));
  await page.evaluate(() => dispatchEvent(new Event('beforeprint')));
  checks.same('all accesses are on it',
      await page.locator('a[href^="#access/"]').count(), 100);
});

// --- Hostile text ------------------------------------------------------------

for (const language of LANGUAGES) {
  await checks.step(`hostile text in ${language}`, page, async () => {
    await show({language, hostile: true, key: true, failure: 'EntryForged'});
    for (const view of [...VIEWS, 'access']) {
      if (view === 'access') {
        await go('timeline');
        await page.locator('a[href^="#access/"]').first().click();
      } else {
        await go(view);
      }
      await page.evaluate(() => document.querySelectorAll('details')
          .forEach((one) => { one.open = true; }));
      const [hacked, strange, shown, turned] = await page.evaluate(() => [
        window.hacked ?? 0,
        document.querySelectorAll('main img, main script, main b, main iframe')
            .length,
        document.body.innerText.includes('<img src=x onerror='),
        document.body.innerText.includes('\u202e'),
      ]);
      checks.same(`${view}: nothing runs`, [hacked, strange], [0, 0]);
      checks.holds(`${view}: nothing turns around`, !turned);
      if (!['about', 'take'].includes(view)) {
        checks.holds(`${view}: it shows as text`, shown);
      }
    }
  });
}

// --- Speed -------------------------------------------------------------------

// How long judging takes in a fresh page, and once more.
async function judged(accesses) {
  await show({language: 'en'}, 'overview', accesses);
  const first = await page.evaluate(() => window.judged_ms);
  await page.getByRole('button', {name: 'Check again'}).click();
  await page.waitForTimeout(200);
  await page.locator('#main[data-phase="done"] .v-headline')
      .waitFor({timeout: 60000});
  return [first, await page.evaluate(() => window.judged_ms)].map(Math.round);
}
await checks.step('speed', page, async () => {
  const small = await judged(97);
  const large = await judged(9997);
  console.log(`100 accesses: ${small.join(', then ')} ms (aim 200); ` +
      `10,000: ${large.join(', then ')} ms (aim 5000)`);
  // A busy machine is no reason to fail.
  checks.holds('100 accesses', Math.min(...small) < 2000, small.join());
  checks.holds('10,000 accesses', Math.min(...large) < 30000, large.join());

  await go('timeline');
  await page.evaluate(() => {
    window.long = [];
    new PerformanceObserver((list) => {
      for (const {duration} of list.getEntries()) window.long.push(duration);
    }).observe({entryTypes: ['longtask']});
  });
  for (let i = 0; i < 60; ++i) {
    await page.mouse.wheel(0, 4000);
    await page.waitForTimeout(50);
  }
  const scrolled = await page.evaluate(() => [
    document.querySelectorAll('a[href^="#access/"]').length,
    Math.max(0, ...window.long.splice(0))]);
  await page.getByLabel('Search', {exact: true}).pressSequentially(
      'address skolan', {delay: 40});
  await page.waitForTimeout(800);
  await page.getByLabel('Verdict', {exact: true}).selectOption('violation');
  await page.waitForTimeout(500);
  const filtered = await page.evaluate(
      () => Math.max(0, ...window.long.splice(0)));
  console.log(`10,000 entries: longest task ${Math.round(scrolled[1])} ms ` +
      `while ${scrolled[0]} were scrolled by, ${Math.round(filtered)} ms ` +
      'while filtering (aim 100)');
  checks.holds('scrolled', scrolled[0] > 500, scrolled[0]);
  checks.holds('no stall', Math.max(scrolled[1], filtered) < 1000);
});

checks.same('nothing was asked of others',
    seen.requests.filter((one) => !one.startsWith(`${url}/`) &&
      !one.startsWith('about:') && !one.startsWith('blob:')), []);
checks.same('no errors', seen.errors, []);
await context.close();
server.close();
process.exit(checks.end());
