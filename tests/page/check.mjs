// What the page says, without a browser: node check.mjs PAGE CITY SOURCES.
// PAGE is a folder that client/page/build.sh made, CITY what make_city wrote
// and `vidimus resident export` made of it (export.LANGUAGE.FORMAT), SOURCES
// the project. Ends with "page: N passed, N failed".

import assert from 'node:assert/strict';
import {readdir, readFile} from 'node:fs/promises';
import {pathToFileURL} from 'node:url';

import {HOSTILE, SAMPLE_KEY, SAMPLE_NOW_S, sampleReport} from './sample_report.mjs';

const [folder, city, sources] = process.argv.slice(2);
const load = (name) => import(pathToFileURL(`${folder}/${name}`).href);
const read = (path) => readFile(path, 'utf8');
const model = await load('model.js');
const {fingerprintOf} = await load('statement_words.js');
const {csvField, timelineCsv, timelineJson} = await load('export.js');
const {LANGUAGES, preferred, Words} = await load('words.js');
const {FAILURES} = await load('resident.js');
const {STATEMENT_ERRORS} = await load('statements.js');
const {WALLET_ERRORS} = await load('wallet.js');
const {loadVerifier} = await load('vidimus.js');
const verifier = await loadVerifier(await readFile(`${folder}/vidimus.wasm`));

const tables = Object.fromEntries(await Promise.all(LANGUAGES.map(
    async (code) => [code, JSON.parse(await read(`${folder}/words/${code}.json`))])));
const words = Object.fromEntries(LANGUAGES.map(
    (code) => [code, new Words(tables[code])]));
const judge = async (bundle) => verifier.judgeChains({
  logKey: await readFile(`${city}/log.vkey`),
  policy: await readFile(`${city}/policy`),
  bundle: await readFile(`${city}/${bundle}`),
});
const judged = await judge('bundle');
// With an access more, of which nobody can read who it was.
const unread = await judge('unread');

// What makes markup, styles or code out of text.
const FORBIDDEN = new RegExp(['innerHTML', 'outerHTML', 'insertAdjacentHTML',
  'document\\.write', '\\beval\\(', 'new Function', '\\.style\\b',
  'setAttribute\\(.style', 'srcdoc', 'DOMParser'].join('|'));

let passed = 0, failed = 0;
async function test(name, body) {
  try {
    await body();
    ++passed;
  } catch (error) {
    ++failed;
    console.log(`FAILED: ${name}\n${error.message}`);
  }
}

// --- Words ---------------------------------------------------------------------

function keysOf(value, path = '') {
  return typeof value !== 'object' ? [path] : Object.entries(value)
      .flatMap(([key, inner]) => keysOf(inner, `${path}/${key}`)).sort();
}
// A plural's forms are one sentence.
const shape = (table) => keysOf(table).map(
    (path) => path.replace(/\/(one|other)$/, '')).filter(
    (path, i, all) => path !== all[i - 1]);

await test('every word is there in every language', () => {
  for (const code of LANGUAGES) {
    assert.deepEqual(shape(tables[code]), shape(tables.en), code);
    for (const path of keysOf(tables[code])) {
      const value = path.split('/').slice(1).reduce((at, key) => at[key], tables[code]);
      assert.ok(value !== '' || path === '/dimension/none', `${code}${path}`);
    }
  }
});

await test('sentences have the same places in every language', () => {
  const places = (text) => [...new Set(JSON.stringify(text).match(/\$\d/g) ?? [])]
      .sort().join();
  for (const list of ['page', 'shared', 'failure']) {
    for (const key of Object.keys(tables.en[list])) {
      for (const code of LANGUAGES) {
        assert.equal(places(tables[code][list][key]), places(tables.en[list][key]),
            `${code} ${list} ${key}`);
      }
    }
  }
});

await test('every name that the verifier says has words', () => {
  const all = verifier.words();
  const lists = {finding: all.findings.map(({name}) => name),
    content: all.contents, law: all.laws, wish: all.wishes,
    headline: all.headlines, dimension: all.dimensions, event: all.events};
  for (const [list, names] of Object.entries(lists)) {
    assert.ok(names.length > 2, list);
    for (const code of LANGUAGES) {
      assert.deepEqual(Object.keys(tables[code][list]).sort(), [...names].sort(),
          `${code} ${list}`);
    }
  }
  for (const {name, sentence} of all.findings) {
    assert.equal(tables.en.finding[name], sentence);
  }
});

await test('every verdict is explained', () => {
  for (const headline of verifier.words().headlines) {
    assert.ok(tables.en.page[`means ${headline}`], headline);
  }
});

await test('every failure of a check, of a wallet and of a statement has words', () => {
  for (const code of LANGUAGES) {
    assert.deepEqual(Object.keys(tables[code].failure).sort(),
        Object.keys(FAILURES).sort(), code);
    for (const kind of [...STATEMENT_ERRORS, ...WALLET_ERRORS]) {
      assert.ok(words[code].has('cannot', kind), `${code} ${kind}`);
    }
  }
});

await test('each reason against a way to keep a key, and each end of a sign-in, has words',
    async () => {
      const types = await read(`${sources}/client/js/wallet.d.ts`);
      const reasons = [...types.match(/why\?: ('[^;]*);/)[1].matchAll(/'([a-z0-9-]+)'/g)];
      assert.ok(reasons.length > 4);
      const server = await read(`${sources}/log/sign_in.cc`);
      const ends = [...server.match(/SignInOutcomeWord[^]*?\n}/)[0]
          .matchAll(/return "([a-z-]+)";/g)].filter(([, word]) => word !== 'done');
      assert.ok(ends.length > 4);
      for (const code of LANGUAGES) {
        for (const [, why] of reasons) assert.ok(words[code].has('wayNot', why), why);
        for (const [, end] of ends) assert.ok(words[code].has('signIn', end), end);
      }
    });

await test('what the page and the program both say is the same', async () => {
  const source = await read(`${sources}/client/words.cc`);
  // Adjacent literals are one text.
  const texts = new Set([...source.matchAll(/"(?:[^"\\]|\\.)*"(?:\s*"(?:[^"\\]|\\.)*")*/g)]
      .map(([found]) => [...found.matchAll(/"((?:[^"\\]|\\.)*)"/g)]
          .map(([, text]) => text).join('').replaceAll('\\"', '"')));
  for (const code of LANGUAGES) {
    for (const list of ['shared', 'headline', 'dimension', 'law', 'wish', 'event']) {
      for (const [key, text] of Object.entries(tables[code][list])) {
        assert.ok(texts.has(text), `${code} ${list} ${key}: ${text}`);
      }
    }
  }
});

await test('the page asks for no word that there is not, and has none to spare', async () => {
  const files = [...(await readdir(`${sources}/client/page`)),
    ...(await readdir(`${sources}/client/page/views`)).map((name) => `views/${name}`)]
      .filter((name) => name.endsWith('.js'));
  const code = (await Promise.all(
      files.map((name) => read(`${sources}/client/page/${name}`)))).join('\n');
  for (const [, key] of code.matchAll(/words\.(?:say|parts)\('([^']+)'/g)) {
    assert.ok(tables.en.page[key] ?? tables.en.shared[key], key);
  }
  const spoken = new Set([...code.matchAll(/'([^'\n]*)'/g)].map(([, text]) => text));
  for (const key of Object.keys(tables.en.page)) {
    const stem = key.replace(/Text$/, '');
    assert.ok(spoken.has(key) || spoken.has(stem) ||
        /^(means|step|say) /.test(key), `nobody says ${key}`);
  }
});

await test('a browser gets the first of its languages that there is', () => {
  assert.equal(preferred(['de-DE', 'fi-FI', 'sv']), 'fi');
  assert.equal(preferred(['sv-FI']), 'sv');
  assert.equal(preferred(['de']), 'en');
  assert.equal(preferred([]), 'en');
  assert.equal(preferred(undefined), 'en');
});

await test('sentences are filled, and values are not read for places', () => {
  assert.equal(words.sv.say('shownOf', '$1', '9'), 'Visas: $1 av 9');
  assert.equal(words.en.say('seeAll', 1), 'See the access');
  assert.equal(words.en.say('seeAll', 12345), 'See all 12,345 accesses');
});

// --- What is taken away --------------------------------------------------------

for (const [bundle, report, accesses] of [['bundle', judged, 3], ['unread', unread, 4]]) {
  for (const code of LANGUAGES) {
    await test(`JSON and CSV are those of the program, ${bundle}, ${code}`, async () => {
      const timeline = await model.makeTimeline(report, words[code]);
      assert.equal(timeline.accesses.length, accesses);
      const wanted = `${city}/export.${bundle}.${code}`;
      assert.equal(timelineJson(timeline), await read(`${wanted}.json`));
      assert.equal(timelineCsv(timeline), await read(`${wanted}.csv`));
    });
  }
}

await test('a sample with everything in it is JSON and CSV', async () => {
  const timeline = await model.makeTimeline(sampleReport(), words.fi, []);
  const json = JSON.parse(timelineJson(timeline));
  assert.equal(json.schema, 'vidimus-timeline/1');
  assert.equal(json.accesses.length, 9);
  assert.equal(json.accesses.find(({record}) => record?.reason).record.reason, HOSTILE);
  assert.deepEqual(json.counts.headlines.violation, 1);
  assert.equal(timelineCsv(timeline).trimEnd().split('\r\n').length, 10);
});

await test('no field of a spreadsheet runs as a formula', () => {
  for (const first of ['=', '+', '-', '@', '\t', '\r', '\n']) {
    assert.equal(csvField(`${first}1`), `"'${first}1"`);
  }
  assert.equal(csvField('a "b", c'), '"a ""b"", c"');
});

// --- The timeline --------------------------------------------------------------

await test('verdicts are counted, the gravest leads', async () => {
  const timeline = await model.makeTimeline(judged, words.en);
  const summary = model.summaryOf(timeline);
  assert.deepEqual(summary, {all: 3, notFine: 1,
    parts: [{headline: 'violation', count: 1}], completeness: 'noneMissing', tone: 'bad'});
  assert.deepEqual(timeline.accesses.map(model.toneOf), ['good', 'bad', 'good']);
});

await test('without a monitor nothing is said to be complete', async () => {
  const timeline = await model.makeTimeline({...judged, monitors_at_s: null}, words.en);
  assert.equal(model.summaryOf(timeline).completeness, 'nobodyVouches');
  const partial = await model.makeTimeline({...judged, complete: false}, words.en);
  assert.equal(model.summaryOf(partial).completeness, 'notAllChecked');
  const wrong = await model.makeTimeline({...judged, content_findings: 1}, words.en);
  assert.equal(model.summaryOf(wrong).completeness, 'somethingWrong');
  assert.equal(model.summaryOf(wrong).tone, 'bad');
});

await test('what could not be judged is told, not left out', async () => {
  const report = structuredClone(judged);
  report.chains[0].gap = {finding: 'KeyUnproven', sentence: 'x'};
  const timeline = await model.makeTimeline(report, words.en);
  assert.equal(timeline.withoutVerdict, 3);
  assert.equal(timeline.notFine, 3);
  assert.equal(timeline.accesses[0].noVerdict.finding, 'KeyUnproven');
});

await test('a record is told though nobody can read who it was', async () => {
  const timeline = await model.makeTimeline(unread, words.en);
  const last = timeline.accesses.at(-1);
  assert.equal(last.finding, 'WireTag');
  assert.equal(last.readable, true);
  assert.equal(last.purpose, 'ServiceProvision');
  assert.equal(last.actor, 'account 7');
  assert.equal(model.summaryOf(timeline).completeness, 'somethingWrong');
});

await test('unknown keys are found; revoked ones, own ones and delegates are not', async () => {
  const own = await fingerprintOf(SAMPLE_KEY);
  const known = await model.makeTimeline(sampleReport(), words.en, [own]);
  assert.equal(model.unknownKeysOf(known).length, 1);
  const none = await model.makeTimeline(sampleReport(), words.en, []);
  assert.equal(model.unknownKeysOf(none).length, 2);
  const notAsked = await model.makeTimeline(sampleReport(), words.en);
  assert.equal(model.unknownKeysOf(notAsked).length, 0);
  const [key] = model.unknownKeysOf(known);
  assert.deepEqual(model.unknownKeysOf({keys: [{...key, revoked: true}]}), []);
  // Sent by the resident's own key, and by an identity service.
  const mine = known.keys.find(({fingerprint}) => fingerprint === own);
  const delegate = {...key, delegate: {until_s: 1}, byKey: own};
  assert.deepEqual(model.unknownKeysOf({keys: [mine, delegate]}), []);
  assert.equal(model.unknownKeysOf({keys: [mine, {...delegate, byKey: ''}]}).length, 1);
});

await test('filters choose by each of their dimensions', async () => {
  const timeline = await model.makeTimeline(sampleReport(), words.en);
  const with_ = (part) => model.filtered(timeline, {...model.NO_FILTER, ...part});
  assert.equal(with_({}).length, 9);
  assert.equal(with_({administration: '1'}).length, 2);
  assert.equal(with_({administration: '2'}).length, 0);
  assert.equal(with_({category: 'pd:Health'}).length, 1);
  assert.equal(with_({headline: 'violation'}).length, 1);
  assert.equal(with_({headline: 'not fine'}).length, 6);
  assert.equal(with_({ai: true}).length, 2);
  assert.equal(with_({emergency: true}).length, 1);
  assert.equal(with_({text: 'SCHOOLING Late'}).length, 1);
  assert.equal(with_({text: 'income screening'}).length, 1);
  assert.equal(with_({text: 'nothing like it'}).length, 0);
  const day = (seconds) => {
    const date = new Date(seconds * 1000);
    return `${date.getFullYear()}-${String(date.getMonth() + 1).padStart(2, '0')}-` +
        String(date.getDate()).padStart(2, '0');
  };
  const twelve = day(SAMPLE_NOW_S - 12 * 86400);
  assert.equal(with_({from: twelve, until: twelve}).length, 1);
  assert.ok(with_({from: twelve}).length > 1);
});

await test('days run from the newest, with what was said between', async () => {
  const timeline = await model.makeTimeline(sampleReport(), words.en);
  const all = model.filtered(timeline, model.NO_FILTER);
  const days = model.daysOf(all, timeline.statements, (time_s) => Math.floor(time_s / 86400));
  const items = days.flatMap((day) => day.items);
  assert.equal(items.length, 9 + timeline.statements.length);
  const times = items.map((item) => (item.access ?? item.statement).time_s);
  assert.deepEqual(times, [...times].sort((a, b) => b - a));
  assert.equal(new Set(days.map(({day}) => day)).size, days.length);
});

await test('law that nobody appealed to is no news', async () => {
  const timeline = await model.makeTimeline(judged, words.en);
  assert.equal(model.lawKeyOf(timeline.accesses[0]), 'not cited');
  assert.equal(model.lawKeyOf(timeline.accesses[1]), 'not covered');
  assert.equal(model.lawKeyOf(timeline.accesses[2]), 'covered');
});

// --- The register --------------------------------------------------------------

await test('names come in the language, else in English, else as they stand', () => {
  const texts = [{language: 'de', text: 'A'}, {language: 'en', text: 'B'},
    {language: 'sv', text: 'C'}];
  assert.deepEqual(model.inLanguage(texts, 'sv'), {text: 'C', lang: 'sv'});
  assert.deepEqual(model.inLanguage(texts, 'fi'), {text: 'B', lang: 'en'});
  assert.deepEqual(model.inLanguage(texts.slice(0, 1), 'fi'), {text: 'A', lang: 'de'});
  assert.deepEqual(model.inLanguage(undefined, 'fi'), {text: '', lang: ''});
});

await test('what is collected, why, and what is not connected', () => {
  const all = model.collectionOf(new model.Register(sampleReport(), 'en'));
  assert.equal(all.length, 3);
  assert.deepEqual(all[0].purposes[0].categories.map(({name}) => name.text),
      ['Income', 'Family', 'Health']);
  assert.deepEqual(all[0].notConnected.map(({name}) => name.text), ['Paper archive']);
  assert.equal(all[0].models[0].address, 'https://ai.example/screening');
  assert.equal(all[1].purposes[0].laws[0].address, null, 'javascript: is no address');
  assert.equal(all[2].purposes.length, 0);
});

await test('only https becomes a link', () => {
  assert.equal(model.safeLink('https://a.example/x'), 'https://a.example/x');
  for (const bad of ['http://a.example/', 'javascript:alert(1)', 'data:text/html,x',
    '//a.example', 'x', '', undefined, {}, `https://a.example/${'x'.repeat(3000)}`]) {
    assert.equal(model.safeLink(bad), null);
  }
});

await test('text out of a record steers nothing', () => {
  assert.equal(model.plain('a\u202eb\u0007\u2028'), 'a?b??');
  assert.equal(model.plain('Åbo, ß, 漢字, עברית'), 'Åbo, ß, 漢字, עברית');
});

await test('no source of the page makes markup, styles or code out of text', async () => {
  const files = [...(await readdir(folder)), ...(await readdir(`${folder}/views`))
      .map((name) => `views/${name}`)].filter((name) => name.endsWith('.js'));
  assert.ok(files.length > 15);
  for (const name of files) {
    const code = await read(`${folder}/${name}`);
    assert.doesNotMatch(code, FORBIDDEN, name);
  }
});

await test('ten thousand accesses are filtered in a moment', async () => {
  const report = sampleReport({many: 10000});
  const start = performance.now();
  const timeline = await model.makeTimeline(report, words.sv);
  const made = performance.now();
  model.filtered(timeline, {...model.NO_FILTER, text: 'hälsa'});
  const first = performance.now();
  const found = model.filtered(timeline, {...model.NO_FILTER, text: 'inkomst'});
  const done = performance.now();
  assert.ok(found.length > 5000);
  console.log(`page: 10,009 accesses: made in ${Math.round(made - start)} ms, ` +
      `first search ${Math.round(first - made)} ms, next ${Math.round(done - first)} ms`);
});

console.log(`page: ${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
