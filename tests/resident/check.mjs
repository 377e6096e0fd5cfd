// The resident's check in JavaScript against a real log, beside the client's:
// the same bundle, the same judgement; every tampering by its name; whatever a
// server sends, an answer.
//
//   node check.mjs FOLDER    with vidimus, vidimus-log, doctored, vidimus.wasm,
//                            a log in log/, and NODE_EXTRA_CA_CERTS naming its
//                            authority
//
// Ends with "node: N passed, N failed, N skipped".

import {spawn} from 'node:child_process';
import {cpSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {isDeepStrictEqual} from 'node:util';

import {DoorError, openDoor} from '../../client/js/door.js';
import {makeEntryBundle} from '../../client/js/entry_bundle.js';
import {openMemory} from '../../client/js/memory.js';
import {FAILURES, checkResident} from '../../client/js/resident.js';
import {bytesOf, hexOf, loadVerifier} from '../../client/js/vidimus.js';
import {encodeBundle, fromBase64, readAnswer, toBase64} from
  '../../client/js/wire.js';
import {inChromium} from './browser.mjs';
import {City, SELF, residentOf} from './city.mjs';
import {TAMPERINGS, TamperingProxy} from './tamper.mjs';

const folder = process.argv[2];
const RESIDENT = 42;
const OTHER = 43;
const UNTOUCHED = 44;
const EXIT_OF = {wrong: 1, unchecked: 2, unvouched: 0};
const FUZZ_ROUNDS = 150;

let passed = 0;
let failed = 0;
let skipped = 0;

function holds(name, condition, more = '') {
  if (condition) return void ++passed;
  ++failed;
  console.log(`FAILED: ${name} ${more}`);
}

function same(name, got, wanted) {
  holds(name, isDeepStrictEqual(got, wanted),
      `\n  is     ${JSON.stringify(got)?.slice(0, 500)}` +
      `\n  wanted ${JSON.stringify(wanted)?.slice(0, 500)}`);
}

const verifier = await loadVerifier(readFileSync(`${folder}/vidimus.wasm`));
const city = new City(folder, {
  'vidimus': `${folder}/vidimus`, 'vidimus-log': `${folder}/vidimus-log`,
  'doctored': `${folder}/doctored`,
});
const tls = {
  cert: readFileSync(`${city.log}/tls/server.crt`),
  key: readFileSync(`${city.log}/tls/server.key`),
};

// A check of a resident's with a new memory, unless `more` says otherwise.
async function check(number, more = {}) {
  const {url = city.url, token = city.tokenOf(number), policy = city.policy,
    door, ...options} = more;
  return checkResident({
    verifier, logKey: city.vkey, policy,
    door: door ?? openDoor({url, token, sleep: async () => {}}),
    memory: options.memory ?? await openMemory('test', new Map()),
    ...options,
  });
}

function exitOf({failure}) {
  return failure === undefined ? 0 : EXIT_OF[failure.kind];
}

// A message that the verifier decoded, as wire.js wants it.
function toBundle(value, name) {
  if (Array.isArray(value)) return value.map((one) => toBundle(one, name));
  if (typeof value === 'string') return name === 'origin' ? value : bytesOf(value);
  if (typeof value !== 'object') return value;
  return Object.fromEntries(
      Object.entries(value).map(([key, one]) => [key, toBundle(one, key)]));
}

function decode(bundle) {
  const {finding, message} = verifier.decode('ChainBundle', bundle);
  same('a bundle is a ChainBundle', finding, 'Ok');
  return message;
}

// What was drawn at random, and what was proven of it.
function withoutChance(message) {
  return {...message, keys: undefined,
    chain: message.chain.map(({chain}) => chain)};
}

// --- The bundle ---

async function testBundle() {
  const state = city.folderOf('state');
  for (const number of [RESIDENT, OTHER, UNTOUCHED]) {
    for (const policy of [true, false]) {
      const what = `resident ${number}${policy ? '' : ', no policy'}`;
      const saved = `${folder}/saved-${number}-${policy}`;
      const theirs = await city.check(number, {policy, state, save: saved});
      holds(`${what}: the client's check`, theirs.code === 0, theirs.said);
      const bytes = readFileSync(saved);
      const message = decode(bytes);
      holds(`${what}: one encoding`,
          Buffer.from(encodeBundle(toBundle(message))).equals(bytes));

      const ours = await check(number, policy ? {} : {policy: ''});
      same(`${what}: finding`, ours.finding, 'Ok');
      same(`${what}: failures`, ours.failures.map(({name}) => name),
          policy ? [] : ['NoMonitor']);
      same(`${what}: vouched`, ours.vouched, policy);
      same(`${what}: witnesses`,
          ours.witnesses.map(({name, monitor}) => [name, monitor]),
          policy ? [['uni-witness', false], ['uni-monitor', true]] : []);
      holds(`${what}: the head's age`, ours.headAge_s >= 0 && ours.headAge_s < 600);
      same(`${what}: the same evidence`,
          withoutChance(decode(ours.bundle)), withoutChance(message));
      // Each under its own probes, which stand in no word of what is said.
      const verified = await city.verify(ours.bundle, 'ours', {policy});
      same(`${what}: judged the same by vidimus verify`,
          verified, await city.verify(bytes, 'theirs', {policy}));
      same(`${what}: said the same`,
          theirs.said.includes(verified.said.split('\n')[0]), true);
      const again = await verifier.judgeChains({logKey: city.vkey,
        policy: policy ? city.policy : '', bundle: bytes});
      same(`${what}: entries`, ours.report.chains.map(({entries}) => entries),
          again.chains.map(({entries}) => entries));
      same(`${what}: whose`, hexOf(bytesOf(ours.report.subject)),
          Buffer.from(`\x01${residentOf(number)}`).toString('hex'));
    }
  }
  const shown = await check(RESIDENT);
  const verdicts = shown.report.chains.flatMap(({entries}) => entries)
      .filter(({verdict}) => verdict).map(({verdict}) => verdict.headline);
  holds('one access was allowed, one was not',
      verdicts.includes('under consent') && verdicts.includes('violation'));
  const untouched = await check(UNTOUCHED);
  same('who was never touched has empty chains', untouched.report.chains.map(
      ({finding, entries}) => [finding, entries.length]),
  untouched.report.chains.map(() => ['Ok', 0]));
  const steps = [];
  await check(RESIDENT, {onProgress: ({step}) => steps.push(step)});
  same('progress', [...new Set(steps)],
      ['head', 'register', 'chains', 'keys', 'leaves', 'judging']);
  // A head whose runs the log has forgotten is left for the newest.
  const before = openDoor({url: city.url, token: city.tokenOf(RESIDENT)});
  for (const times of [1, 2, 3]) {
    let left = times;
    const forgets = await check(RESIDENT, {door: {
      get: (...ask) => before.get(...ask),
      post: async (method, body) => {
        if (method === 'v1/keys' && left-- > 0) {
          throw new DoorError('refused', 404, 'gone');
        }
        return before.post(method, body);
      },
    }});
    same(`a head is gone ${times} times`,
        forgets.failures.filter(({kind}) => kind !== 'unvouched')
            .map(({name}) => name), times < 3 ? [] : ['Refused']);
  }
  // A log that shows no batches: complete all the same, and without verdicts.
  const door = openDoor({url: city.url, token: city.tokenOf(RESIDENT)});
  const single = await check(RESIDENT, {door: {
    get: (...ask) => door.get(...ask),
    post: async (method, body) => {
      if (body.wholeBatches) throw new DoorError('refused', 400, 'not shown');
      return door.post(method, body);
    },
  }});
  same('without batches: complete', [single.finding, single.report?.complete],
      ['Ok', true]);
}

// --- One access for somebody else ---

async function testEntryBundle() {
  const door = openDoor({url: city.url, token: city.tokenOf(RESIDENT)});
  const {report, bundle} = await check(RESIDENT);
  const make = (administration, entry, more) => makeEntryBundle({verifier, door,
    logKey: city.vkey, report, bundle, administration, entry, ...more});
  let made = 0;
  for (const {administration, entries} of report.chains) {
    for (const [entry, {content, record}] of entries.entries()) {
      if (content !== 'open') continue;
      const file = await make(administration, entry);
      const {code, said} = await city.verify(file, 'entry', {policy: false});
      same(`entry ${administration}/${entry} is judged true`,
          [code, said.startsWith('true: this entry is leaf')], [0, true]);
      // Nothing in it opens the chain.
      const {message} = verifier.decode('EntryBundle', file);
      same('no key of the chain', Object.keys(message).includes('chain'), false);
      made += record?.access ? 1 : 0;
    }
  }
  holds('accesses were taken out', made >= 2);
  const refused = async (what, promise) => {
    let error;
    await promise.catch((one) => { error = one; });
    holds(`refused: ${what}`, error instanceof Error);
  };
  await refused('no such entry', make(0, 1000));
  await refused('no such chain', make(1000, 0));
  const last = report.chains.at(-1);
  await refused('a log that lies', make(last.administration, 0, {door: {
    post: async (method, body) => {
      const answer = await door.post(method, body);
      return method === 'v1/leaves' ?
          {...answer, leaf: [...answer.leaf].reverse()} : answer;
    },
  }}));
}

// --- Tampering ---

async function testTamperings() {
  const proxy = new TamperingProxy({
    target: {url: city.url, ca: readFileSync(city.ca)}, tls,
    monitors: [city.monitor], witnesses: [city.witness],
    otherToken: city.tokenOf(OTHER),
  });
  const url = await proxy.listen();
  const subject = `\x01${residentOf(RESIDENT)}`;
  await proxy.remember();
  const memory = await openMemory('test', new Map());
  await city.submit(1, [UNTOUCHED]);
  await city.waitForMonitor();
  const honest = await check(RESIDENT, {url, memory, subject});
  same('an honest proxy', [honest.finding, honest.person], ['Ok', 'known']);
  const token = city.tokenFileOf(RESIDENT);

  const state = city.folderOf('state-tampered');
  same('the client behind an honest proxy',
      (await city.check(RESIDENT, {url, token, state})).code, 0);
  for (const [name, {failure, needsGrowth, token: swaps}] of
      Object.entries(TAMPERINGS)) {
    if (needsGrowth) {
      await city.submit(1, [UNTOUCHED]);
      await city.waitForMonitor();
    }
    proxy.tampering = name;
    const ours = await check(RESIDENT, {url, memory, subject});
    same(`${name}: failure`, ours.failure?.name, failure);
    same(`${name}: its kind`, ours.failure?.kind, FAILURES[failure]);
    same(`${name}: finding`, ours.finding,
        FAILURES[failure] === 'unvouched' ? 'Ok' : failure);
    // It believes the token, and knows neither quorum nor redirects.
    if (swaps === undefined || name.startsWith('one')) {
      const theirs = await city.check(RESIDENT, {url, token, state});
      same(`${name}: the client's check ends alike`, theirs.code, exitOf(ours));
    }
    // Without knowing who asks, by what the device remembers.
    if (swaps !== undefined) {
      const another = await check(RESIDENT, {url, memory});
      same(`${name}: remembered`, another.failure?.name, failure);
    }
  }
  proxy.tampering = undefined;
  const after = await check(RESIDENT, {url, memory, subject});
  same('nothing of it is remembered', after.failures, []);
  proxy.close();
}

// Logs that sign what they lie about.
async function testDoctored() {
  const kinds = (await city.run('doctored', ['--list'])).trim().split('\n')
      .map((line) => line.split('\t'));
  for (const [kind, seer] of kinds) {
    const place = city.folderOf(`doctored-${kind}`);
    const child = spawn(`${folder}/doctored`, [kind, place],
        {stdio: ['ignore', 'pipe', 'inherit']});
    let said = '';
    await new Promise((resolve) => child.stdout.on('data', (bytes) => {
      said += bytes;
      if (/^ready$/m.test(said)) resolve();
    }));
    const target = said.match(/https:\/\/[^\s]+/)[0].replace(/\/$/, '');
    const proxy = new TamperingProxy(
        {target: {url: target, ca: readFileSync(`${place}/ca.crt`)}, tls});
    const url = await proxy.listen();
    const logKey = readFileSync(`${place}/log.vkey`, 'utf8').trim();
    const ours = await check(RESIDENT, {url, logKey, policy: '', token: 'any'});
    const theirs = await city.check(RESIDENT, {url, token: `${place}/token`,
      vkey: `${place}/log.vkey`, policy: false});
    same(`${kind}: ends alike`, exitOf(ours), theirs.code);
    if (seer === 'resident') {
      same(`${kind}: is wrong`, ours.failure?.kind, 'wrong');
    }
    if (kind === 'hole') same('a signed hole', ours.failure?.name, 'Hole');
    if (kind === 'swapped_opening' || kind === 'never_signed') {
      same(kind, ours.failure?.name, 'EntryForged');
    }
    proxy.close();
    child.kill();
  }
}

// --- What the device remembers ---

async function testMemory() {
  const store = new Map();
  const memory = await openMemory('test', store);
  const first = await check(RESIDENT, {memory});
  same('the first time', [first.finding, first.person], ['Ok', 'new']);
  const second = await check(RESIDENT, {memory});
  same('the second time', [second.finding, second.person], ['Ok', 'known']);

  // Nothing of the person is written.
  const subject = `\x01${residentOf(RESIDENT)}`;
  const secrets = [residentOf(RESIDENT), hexOf(new TextEncoder().encode(subject)),
    city.tokenOf(RESIDENT)];
  for (const {chain} of toBundle(decode(first.bundle)).chain) {
    secrets.push(hexOf(chain.chain_key), toBase64(chain.chain_key));
    for (const {leaf} of chain.entries ?? []) {
      secrets.push(hexOf(leaf.subarray(1, 33)), toBase64(leaf.subarray(1, 33)));
    }
  }
  const written = JSON.stringify([...store], (key, value) =>
    value instanceof Map ? [...value] :
    value instanceof Uint8Array ? hexOf(value) + Buffer.from(value) : value);
  holds('nothing personal is written',
      secrets.every((secret) => !written.includes(secret)));
  same('what is written', [...store.keys()].sort(),
      ['key', `log ${city.vkey.split('+')[0]}`]);

  // Another person on the same device, after signing out.
  const other = await check(OTHER, {memory});
  same('another person', [other.failure?.name, other.person],
      ['NotThisPerson', 'another']);
  same('is not shown', [other.report, other.bundle], [undefined, undefined]);
  await memory.forgetPerson();
  const next = await check(OTHER, {memory});
  same('another person after signing out', [next.finding, next.person],
      ['Ok', 'new']);
  await memory.forgetPerson();

  // Fewer entries than before.
  const [, kept] = [...store].find(([key]) => key.startsWith('log '));
  const counts = new Map(kept.counts);
  const longest = [...counts].reduce((a, b) => a[1] >= b[1] ? a : b)[0];
  kept.counts.set(longest, counts.get(longest) + 1);
  const lost = await check(RESIDENT, {memory});
  same('entries lost', lost.failure?.name, 'EntriesLost');
  holds('entries lost: the report is there', lost.report?.complete);
  kept.counts.set(longest, counts.get(longest));

  // Two pages at once: the older head is not taken.
  const origin = city.vkey.split('+')[0];
  const now = await memory.recall(origin);
  await memory.keep(origin, {...now, size: 1, checkpoint: new Uint8Array(1),
    counts: new Map([[longest, 0]])});
  const then = await memory.recall(origin);
  same('the older head is not taken', [then.size, then.counts.get(longest)],
      [now.size, now.counts.get(longest)]);

  // What is no memory is told, and what there is is shown.
  for (const damaged of [1, null, {}, {...kept, size: 'x'},
    {...kept, counts: new Map([['x', -1]])}, {...kept, checkpoint: 'x'}]) {
    store.set(`log ${origin}`, damaged);
    const broken = await check(RESIDENT, {memory});
    same('a damaged memory', broken.failure?.name, 'MemoryUnusable');
    holds('a damaged memory: the report is there', broken.report?.complete);
  }
  store.set(`log ${origin}`, kept);
  const nowhere = openMemory('test', new Map([['key', 1]]));
  nowhere.catch(() => {});
  same('no memory', (await check(RESIDENT, {memory: nowhere})).failure?.name,
      'MemoryUnusable');
  kept.checkpoint = new TextEncoder().encode('not a note');
  same('a kept head that is none',
      (await check(RESIDENT, {memory})).failure?.name, 'MemoryUnusable');

  await memory.forget();
  same('all is forgotten', (await memory.recall(origin)).size, 0);
  const anew = await check(RESIDENT, {memory});
  same('after forgetting', [anew.finding, anew.person], ['Ok', 'new']);
}

async function testAge() {
  const now = Math.floor(Date.now() / 1000);
  const old = await check(RESIDENT, {now: now + 25 * 3600});
  same('a stale head', old.failures.map(({name}) => name),
      ['HeadStale', 'NoMonitor', 'WitnessMissing'].filter(
          (name) => old.failures.some((one) => one.name === name)));
  same('a stale head comes first', old.failure?.name, 'HeadStale');
  holds('what is old can be read', old.report?.complete);
  const young = await check(RESIDENT, {now: now - 25 * 3600});
  same('a head of tomorrow', young.failure?.name, 'ClocksDisagree');
  same('almost a day', (await check(RESIDENT, {now: now + 23 * 3600})).finding, 'Ok');
}

async function testConfig() {
  for (const [what, more] of Object.entries({
    'no key': {logKey: ''},
    'a key that is none': {logKey: 'log.example+00000000+AAAA'},
    'a policy that is none': {policy: 'quorum everybody\n'},
  })) {
    same(what, (await check(RESIDENT, more)).failure?.name, 'ConfigUnusable');
  }
  const other = city.vkey.replace(/^[^+]*/, 'log.example/other');
  same('the key of another log',
      (await check(RESIDENT, {logKey: other})).failure?.kind !== undefined, true);
  const tired = {...Object.fromEntries(
      ['openHead', 'consistencyTiles', 'judgeConsistency', 'readProofs',
        'chainLabels', 'registerKeys'].map(
          (name) => [name, (...ask) => verifier[name](...ask)])),
  judgeChains: () => {
    throw new RangeError('vidimus: out of memory');
  }};
  same('a verifier that gives up',
      (await check(RESIDENT, {verifier: tired})).failure?.name, 'VerifierFailed');
}

// --- A log that goes back ---

async function testRewind() {
  const memory = await openMemory('test', new Map());
  same('before', (await check(RESIDENT, {memory})).finding, 'Ok');
  await city.stop('log');
  cpSync(city.log, `${folder}/older`, {recursive: true});
  await city.serveLog();
  await city.submit(1, [RESIDENT]);
  await city.waitForMonitor();
  const grown = await check(RESIDENT, {memory});
  same('the log has grown', grown.finding, 'Ok');

  await city.stop('log');
  rmSync(city.log, {recursive: true});
  cpSync(`${folder}/older`, city.log, {recursive: true});
  // With them it would not start: they have seen more.
  city.forgetCosigners();
  await city.serveLog();
  const back = await check(RESIDENT, {memory});
  same('the log has gone back', back.failure?.name, 'HeadRewound');
  const first = await check(RESIDENT);
  same('nobody else can see it', first.failures.map(({kind}) => kind),
      first.failures.map(() => 'unvouched'));
  holds('all else is right', first.report?.complete);
  // It grows again, into another history.
  await city.wait('as much as before', async () => {
    city.submit(1, [UNTOUCHED], 'another');
    return (await city.text('checkpoint')).split('\n')[1] > grown.report.head.size;
  });
  const forked = await check(RESIDENT, {memory, policy: ''});
  same('another history', forked.failure?.name, 'HeadForked');
}

// --- Logs without end ---

async function testEndless() {
  const real = openDoor({url: city.url, token: city.tokenOf(RESIDENT)});
  const through = (post, read = () => 0) => check(RESIDENT, {door: {
    get: (...ask) => real.get(...ask),
    post: (method, body) => post(method, body, () => real.post(method, body)),
    get bytesRead() {
      return read();
    },
  }});
  // Every number of the register has every version.
  const register = await through(async (method, body, ask) =>
    method === 'v1/keys' && body.withoutProof ?
      {place: body.keys.map((key, i) => ({key: i, leafIndex: '1'}))} : ask());
  same('a register without end', register.failure?.name, 'AnswerUnusable');
  // A chain that goes on, one entry at a time.
  let asked = 0;
  const chain = await through(async (method, body, ask) => {
    if (method !== 'v1/chain') return ask();
    ++asked;
    return {chain: {entries: Array(5000).fill({leafIndex: '1'})}, more: true};
  });
  same('a chain without end', [chain.failure?.name, asked < 100],
      ['ChainUnanswered', true]);
  let bytesRead = 0;
  const bytes = await through(
      (method, body, ask) => ask(), () => bytesRead += 1 << 28);
  same('bytes without end', bytes.failure?.name, 'AnswerUnusable');
}

// --- Doors ---

async function testDoor() {
  for (const url of ['http://log.example', 'ftp://127.0.0.1', 'log.example']) {
    let error;
    try {
      openDoor({url});
    } catch (thrown) {
      error = thrown;
    }
    holds(`no door at ${url}`, error instanceof TypeError);
  }
  const asked = [];
  const doorOf = (answers, more = {}) => {
    let next = 0;
    return openDoor({
      url: 'https://log.example/a', timeout_ms: 200,
      sleep: async (ms) => void asked.push(ms),
      fetch: async (url, init) => {
        asked.push(`${url}`, init);
        return answers[Math.min(next++, answers.length - 1)](init);
      },
      ...more,
    });
  };
  const fails = async (name, answer, kind, ask = (d) => d.get('checkpoint', 9)) => {
    asked.length = 0;
    let error;
    try {
      await ask(doorOf(answer));
    } catch (thrown) {
      error = thrown;
    }
    holds(`${name}: ${error}`, error instanceof DoorError && error.kind === kind);
    return error;
  };
  const reply = (status, body, headers) => () => new Response(body, {status, headers});
  const good = doorOf([reply(200, 'head')]);
  same('bytes', Buffer.from(await good.get('checkpoint', 4)).toString(), 'head');
  same('below the prefix', asked[0], 'https://log.example/a/checkpoint');
  same('how it asks', [asked[1].credentials, asked[1].redirect, asked[1].cache,
    asked[1].referrerPolicy], ['same-origin', 'manual', 'no-store', 'no-referrer']);
  same('bytes read', good.bytesRead, 4);
  const shown = doorOf([reply(200, '{}')], {token: 'secret'});
  asked.length = 0;
  await shown.post('v1/chain', {});
  await shown.post('v1/keys', {});
  same('the token goes with chains alone', [asked[1].headers.Authorization,
    asked[3].headers.Authorization, asked[1].credentials],
  ['Bearer secret', undefined, 'omit']);

  await fails('too long', [reply(200, '0123456789')], 'unusable');
  await fails('a redirect', [reply(302, '', {Location: '/x'})], 'unusable');
  await fails('signed out', [reply(401, 'no')], 'signed-out');
  const refused = await fails('refused', [reply(403, 'not you\u0007\nmore')], 'refused');
  same('why', [refused.status, refused.reason], [403, 'checkpoint: not you?']);
  await fails('much too long a reason', [reply(404, 'x'.repeat(1e6))], 'refused');
  await fails('no connection', [() => {
    throw new TypeError('fetch failed');
  }], 'unreachable');
  same('tried again, a little later each time',
      asked.filter((one) => typeof one === 'number').length, 3);
  await fails('never ready', [reply(503, 'later', {'Retry-After': '3'})], 'later');
  holds('as the server says', asked.filter((one) => typeof one === 'number')
      .every((ms) => ms >= 3000 && ms < 3200));
  await fails('not before next year',
      [reply(429, 'later', {'Retry-After': '99999999'})], 'later');
  holds('no longer than ten seconds', asked.filter(
      (one) => typeof one === 'number').every((ms) => ms < 10200));
  await fails('no answer in time', [(init) => new Promise((resolve, reject) => {
    init.signal.addEventListener('abort', () => reject(init.signal.reason));
  })], 'unreachable');
  await fails('an answer that stops', [(init) => new Response(
      new ReadableStream({start(controller) {
        controller.enqueue(new Uint8Array(1));
        init.signal.addEventListener(
            'abort', () => controller.error(new Error('aborted')));
      }}))], 'unreachable');
  for (const body of ['', '{', '[]', 'null', '7', '"x"', '\xff', '{"a":1}}']) {
    await fails(`not an object: ${body}`, [reply(200, body)], 'unusable',
        (d) => d.post('v1/keys', {}));
  }
  const later = doorOf([reply(503, ''), reply(502, ''), reply(200, 'x')]);
  same('ready at last', (await later.get('checkpoint', 9)).length, 1);
  const stop = new AbortController();
  stop.abort();
  let error;
  try {
    await doorOf([reply(200, 'x')], {signal: stop.signal}).get('a', 1);
  } catch (thrown) {
    error = thrown;
  }
  same('stopped', error?.kind, 'unreachable');

  const closed = new TamperingProxy({target: {url: city.url}, tls});
  const url = await closed.listen();
  closed.close();
  same('nobody there', (await check(RESIDENT, {url})).failure?.name, 'Unreachable');
  same('a token that is none',
      (await check(RESIDENT, {token: 'x.y.z'})).failure?.name, 'SignedOut');
}

// --- Bytes ---

function testWire() {
  for (const bytes of ['', '00', 'ff00', '000102030405']) {
    same(`base64 of ${bytes}`, hexOf(fromBase64(toBase64(bytesOf(bytes)))), bytes);
  }
  same('long base64', toBase64(new Uint8Array(10000)),
      Buffer.alloc(10000).toString('base64'));
  const fails = (name, json) => {
    let error;
    try {
      readAnswer('GetChainResponse', json);
    } catch (thrown) {
      error = thrown;
    }
    same(name, error?.constructor.name, 'WireError');
  };
  for (const [name, json] of Object.entries({
    'nothing': undefined, 'null': null, 'text': 'x', 'a list': [],
    'a size of text': {size: 'x'}, 'a size below zero': {size: -1},
    'half a size': {size: 1.5}, 'too large a size': {size: '9007199254740992'},
    'a size as hex': {size: '0x10'}, 'a list for a message': {chain: []},
    'a message for a list': {chain: {entries: {}}},
    'null in a list': {chain: {entries: [null]}},
    'no base64': {chain: {chainKey: '!'}}, 'a number for bytes': {checkpoint: 7},
    'more of text': {more: 'true'}, 'a state that is none': {chain:
      {entries: [{state: 'GONE'}]}}, 'null for a message': {chain: null},
  })) {
    fails(name, json);
  }
  same('defaults', readAnswer('GetChainResponse', {unknown: 1}),
      {size: 0, checkpoint: new Uint8Array(0), more: false});
  same('a state by name', readAnswer('GetChainResponse',
      {chain: {entries: [{state: 'ERASED', leafIndex: '7'}]}}).chain.entries[0],
  {leaf_index: 7, leaf: new Uint8Array(0), state: 4, notice: 0});
  // 6: chain {1: chain {1: administration}, 2: probes}.
  same('numbers of many bytes', hexOf(encodeBundle({chain: [{
    chain: {administration: SELF}, probe: [0, 127, 128, 2 ** 53 - 1]}]})),
  '3218' + '0a06' + '08ffffffff0f' + '1000' + '107f' + '108001' +
      '10ffffffffffffff0f');
}

// --- Anything at all ---

// A generator of numbers from a seed.
function chance(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const ODD = [undefined, null, true, -1, 1e300, 0.5, '', 'x', 'AAAA', [], {},
  [[]], [null], {length: 3}, '18446744073709551615', 'ERASED', 9007199254740991];

function mutate(value, draw) {
  if (typeof value !== 'object' || value === null || draw() < 0.2) {
    if (typeof value === 'string' && draw() < 0.4) {
      const bytes = Buffer.from(value, 'base64');
      if (bytes.length > 0) bytes[Math.floor(draw() * bytes.length)] ^= 1;
      return bytes.toString('base64');
    }
    return ODD[Math.floor(draw() * ODD.length)];
  }
  if (Array.isArray(value)) {
    const copy = [...value];
    const at = Math.floor(draw() * (copy.length + 1));
    if (draw() < 0.3) copy.splice(at, 1);
    else if (draw() < 0.3) copy.splice(at, 0, copy[0]);
    else copy[at] = mutate(copy[at], draw);
    return copy;
  }
  const names = Object.keys(value);
  const name = names[Math.floor(draw() * names.length)] ?? 'x';
  return {...value, [name]: mutate(value[name], draw)};
}

async function testAnything() {
  const seed = Number(process.env.SEED ?? 7);
  const draw = chance(seed);
  const real = openDoor({url: city.url, token: city.tokenOf(RESIDENT)});
  const kept = new Map();
  const ask = async (key, call) => {
    if (!kept.has(key)) kept.set(key, await call());
    return kept.get(key);
  };
  const names = new Map();
  for (let round = 0; round < FUZZ_ROUNDS; ++round) {
    let left = Math.floor(draw() * 14);
    const spoil = (answer, change) => left-- === 0 ? change(answer) : answer;
    const result = await check(RESIDENT, {door: {
      get: async (path, bytesMax) => spoil(
          await ask(path, () => real.get(path, bytesMax)), (bytes) => {
            const copy = Uint8Array.from(bytes);
            copy[Math.floor(draw() * copy.length)] ^= 1 << Math.floor(8 * draw());
            return copy.subarray(0, Math.floor((draw() + 0.5) * copy.length));
          }),
      post: async (method, body) => {
        const json = JSON.stringify(body);
        return spoil(
            await ask(method + json, () => real.post(method, body)),
            (answer) => {
              const odd = mutate(answer, draw);
              return typeof odd === 'object' && odd !== null ? odd : {};
            });
      },
    }});
    const name = result.failure?.name ?? 'Ok';
    names.set(name, (names.get(name) ?? 0) + 1);
    holds(`round ${round} of seed ${seed}`, name in FAILURES || name === 'Ok');
    holds(`round ${round} of seed ${seed}: the verifier holds`,
        name !== 'VerifierFailed', result.failure?.detail);
  }
  console.log('anything:', JSON.stringify(Object.fromEntries(names)));
}

// --- The example of docs/verifier_api.md ---

async function testExample() {
  const root = new URL('../../', import.meta.url);
  const page = readFileSync(new URL('docs/verifier_api.md', root), 'utf8');
  const example = page.match(/^```js\n([^`]|`(?!``))*checkResident([^`]|`(?!``))*^```/m);
  const place = city.folderOf('example');
  for (const name of ['database', 'door', 'memory', 'resident', 'vidimus', 'wire']) {
    cpSync(new URL(`client/js/${name}.js`, root), `${place}/${name}.js`);
  }
  const write = (name, text) => writeFileSync(`${place}/${name}`, text);
  write('package.json', '{"type": "module"}');
  write('example.mjs', example[0].replace(/^```.*$/gm, ''));
  write('vidimus.wasm', readFileSync(`${folder}/vidimus.wasm`));
  write('log.vkey', `${city.vkey}\n`);
  write('policy', city.policy);
  write('url', city.url);
  write('token', city.tokenOf(RESIDENT));
  const {said} = await city.runBeside('sh',
      ['-c', `cd "$0" && exec "$1" example.mjs`, place, process.execPath]);
  same('the example', said,
      '8 accesses, none is missing\nviolation withdrawn\n');
}

// --- In a browser ---

async function saidByChromium() {
  const proxy = new TamperingProxy(
      {target: {url: city.url, ca: readFileSync(city.ca)}});
  await proxy.remember();
  city.submit(1, [UNTOUCHED]);
  await city.waitForMonitor();
  for (const name of ['', 'rewound head']) {
    proxy.own.set(`/tamper/${name}`, () => {
      proxy.tampering = name;
      return {type: 'text/plain', body: ''};
    });
  }
  const said = await inChromium(proxy, {
    script: 'worker.mjs', profile: city.folderOf('browser'),
    wasm: readFileSync(`${folder}/vidimus.wasm`),
    settings: {
      logKey: city.vkey, policy: city.policy, token: city.tokenOf(RESIDENT),
      otherToken: city.tokenOf(OTHER),
    },
  });
  proxy.close();
  return said;
}

async function testWorker() {
  const said = await saidByChromium();
  if (said === undefined) {
    console.log('skipped: chromium is missing');
    ++skipped;
    return;
  }
  same('in Chromium', [said.error, said.broken], [undefined, []]);
  same('in a worker', said.checks?.map(
      ({finding, failures, person}) => [finding, failures[0], person]), [
    ['Ok', undefined, 'new'],
    ['Ok', undefined, 'known'],
    ['HeadRewound', 'HeadRewound', 'new'],
    ['NotThisPerson', 'NotThisPerson', 'another'],
    ['Ok', undefined, 'new'],
    ['VerifierFailed', 'VerifierFailed', 'new'],
  ]);
  const here = await check(RESIDENT);
  same('the same entries', said.checks?.[0].entries,
      here.report.chains.map(({entries}) => entries));
  holds('the bundle is handed over', said.checks?.[0].bundle > 1000);
  holds('progress is told', said.steps?.includes('judging'));
  same('what is kept', [said.keys, said.databases],
      [['key', `log ${city.vkey.split('+')[0]}`], ['vidimus-test']]);
  holds('the key cannot be read', said.values?.includes('"extractable":false'));
  holds('nothing personal is kept',
      said.values && !said.values.includes(residentOf(RESIDENT)));
}

// --- All of it ---

try {
  city.limitPages(3);
  await city.serveLog();
  await city.serveMonitor();
  await city.stop('log');
  await city.serveLog();
  await city.tellStory(RESIDENT);
  await city.submit(0, [RESIDENT, OTHER, RESIDENT]);
  await city.submit(1, [RESIDENT, RESIDENT, RESIDENT, RESIDENT, OTHER]);
  await city.waitForMonitor();
  for (const test of [testWire, testDoor, testExample, testBundle, testEntryBundle, testConfig, testAge,
    testMemory, testEndless, testWorker, testAnything, testTamperings, testDoctored, testRewind]) {
    await test();
  }
} catch (error) {
  holds('no test throws', false, error.stack);
} finally {
  await city.stopAll();
}
console.log(`node: ${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exit(0);
