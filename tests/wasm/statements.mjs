// The wallet in JavaScript against the native verifier:
//
//   node statements.mjs FOLDER SMALL_DOOR
//
// FOLDER holds client/js and vidimus.wasm, SMALL_DOOR is a log of its own
// (small_door.cc). What is said here must get the verdict there that the same
// gets from the command line; what is not so must be refused by name. Ends with
// "statements: N passed, N failed".

import {spawn} from 'node:child_process';
import {readFile} from 'node:fs/promises';
import {createInterface} from 'node:readline';
import {deepStrictEqual, ok} from 'node:assert';
import {pathToFileURL} from 'node:url';

const [folder, program] = process.argv.slice(2);
const load = (name) => import(pathToFileURL(`${folder}/${name}`).href);
const {bytesOf, hexOf, loadVerifier, SELF} = await load('vidimus.js');
const wallets = await load('wallet.js');
const says = await load('statements.js');
const {fromBase64, toBase64} = await load('wire.js');
const verifier = await loadVerifier(await readFile(`${folder}/vidimus.wasm`));

let passed = 0;
let failed = 0;
async function test(name, run) {
  try {
    await run();
    ++passed;
  } catch (error) {
    ++failed;
    console.log(`FAILED: ${name}: ${error.stack}`);
  }
}

async function refuses(kind, run) {
  let error;
  try {
    await run();
  } catch (thrown) {
    error = thrown;
  }
  deepStrictEqual(error?.kind, kind, error?.stack);
  return error;
}

// --- The log -----------------------------------------------------------------

function doorError(kind, status, reason) {
  return Object.assign(new Error(reason), {kind, status, reason});
}

class City {
  #program = spawn(program, {stdio: ['pipe', 'pipe', 'inherit']});
  #lines = createInterface({input: this.#program.stdout})[
      Symbol.asyncIterator]();
  // What comes between a question and its answer: (method, body, ask) => JSON.
  between = (method, body, ask) => ask();
  requests = [];

  async say(line) {
    this.#program.stdin.write(`${line}\n`);
    const {value} = await this.#lines.next();
    const answer = JSON.parse(value);
    if (answer.error !== undefined) {
      throw doorError('refused', 400, answer.error);
    }
    return answer;
  }

  async look() {
    const {log_key, origin, bundle} = await this.say('bundle');
    this.logKey = log_key;
    this.origin = origin;
    const report =
        await verifier.judgeChains({logKey: log_key, bundle: bytesOf(bundle)});
    deepStrictEqual(report.finding, 'Ok', report.sentence);
    return report;
  }

  async post(method, body) {
    this.requests.push({method, body});
    const word = {'v1/statements': 'file', 'v1/leaves': 'leaves',
      enrol: 'sign'}[method];
    return this.between(method, body,
        () => this.say(`${word} ${JSON.stringify(body)}`));
  }

  // The native verdict on an access of now.
  async access(administration, basis) {
    const {headline, failed} =
        await this.say(`access ${administration} ${basis}`);
    return `${headline} ${failed}`;
  }

  cli(administration, statement) {
    return this.say(`cli ${administration} ${JSON.stringify(statement)}`);
  }

  end() {
    this.#program.stdin.end();
  }
}

async function open(city, keep = wallets.keepInMemory()) {
  const report = await city.look();
  const family = wallets.familyOf(city.origin);
  const wallet = await wallets.openWallet({family, keep});
  const desk = says.openDesk({
    verifier, door: city, wallet, origin: city.origin, logKey: city.logKey,
    report, look: () => city.look(), now_ms: () => 1800700000000,
    sleep: async () => {},
  });
  return {wallet, desk, keep};
}

function enrolling(city) {
  return {language: 'fi', enrol: (request) => city.post('enrol', request)};
}

async function say(desk, event, options = {}) {
  const draft = await desk.draft(event, {language: 'sv', ...options});
  return desk.say(draft);
}

const SCOPE = {purposes: ['ServiceProvision'], categories: ['pd:Address']};
const CLI_GRANT = {grant: {administration: [1], assurance: 1,
  lawfulBasis: 'A6-1-a', scope: {purpose: ['ServiceProvision'],
    dataCategory: ['pd:Address']}}};
// Of the wallet in small_door.cc.
async function cliKey() {
  const pkcs8 = Buffer.concat([
    Buffer.from('302e020100300506032b657004220420', 'hex'),
    Buffer.alloc(32, 'w')]);
  const key = await crypto.subtle.importKey(
      'pkcs8', pkcs8, {name: 'Ed25519'}, true, ['sign']);
  const {x} = await crypto.subtle.exportKey('jwk', key);
  return hexOf(Buffer.from(x, 'base64url'));
}

// --- Words -------------------------------------------------------------------

{
  const city = new City();
  const {cases, names} = await city.say('words');
  const known = {
    administrations: new Map([[1, names.administration]]),
    purposes: new Map([['ServiceProvision', names.purpose]]),
    categories: new Map([['pd:Address', names.category]]),
  };
  for (const {language, statement, administrations, words, nameless, event}
    of cases) {
    await test(`words ${event} in ${language}`, async () => {
      const {message} = verifier.decode('Statement', bytesOf(statement));
      deepStrictEqual(await says.statementWords(
          language, message, administrations, known), words);
      deepStrictEqual(await says.statementWords(
          language, message, administrations), nameless);
      deepStrictEqual(says.eventWord(language, message), event);
    });
  }
  await test('words in no other language', async () => {
    let refused = false;
    await says.statementWords('de', {prohibition: {}}, [0])
        .catch((error) => refused = error instanceof RangeError);
    ok(refused);
  });
  city.end();
}

// --- The story, beside the command line's ------------------------------------

{
  const city = new City();
  const {wallet, desk, keep} = await open(city);
  const compareStandings = async () => {
    const {chains} = await city.say('standing');
    const report = await city.look();
    for (const native of chains) {
      const own = says.standingOf(report, native.administration);
      deepStrictEqual(own.next, native.next);
      deepStrictEqual(own.keys.map(({keyId, revoked, delegate, fullFrom_s,
        next}) => ({keyId, revoked, delegate, fullFrom_s, next})), native.keys);
    }
  };

  await test('nobody speaks without a key', async () => {
    await refuses('key-unknown', () => say(desk, says.prohibition(SCOPE),
        {administrations: [0]}));
    await refuses('no-chain', () => say(desk,
        says.withdrawal({everything: true})));
    await refuses('no-chain', () => say(desk, says.prohibition(SCOPE),
        {administrations: [9]}));
  });

  let key;
  await test('a key is made, enrolled, and counts', async () => {
    key = await wallet.makeKey('device', {label: 'page'});
    deepStrictEqual(await wallet.list(), [key]);
    const outcome = await desk.enrol(key, enrolling(city));
    deepStrictEqual(outcome.counts, true, JSON.stringify(outcome.doubts));
    deepStrictEqual(says.saidIn(desk.report, 0).map(
        ({administration, event, state}) => [administration, event, state]),
    [[0, 'key_add', 'in force'], [1, 'key_add', 'in force'],
      [SELF, 'key_add', 'in force']]);
    await compareStandings();
  });

  await test('a key is not enrolled where one is known', () =>
    refuses('key-known', () => desk.enrol(key, enrolling(city))));

  await test('another device is brought in by this one', async () => {
    const text = `vidimus-key-1:xxxxxxxx:1:${await cliKey()}`;
    deepStrictEqual(await wallets.readKeyText(text, wallet.family), null);
    const other = {publicKey: await cliKey(), signatureKind: 1};
    const shown = await wallets.keyText(other, wallet.family);
    const read = await wallets.readKeyText(shown.toUpperCase(), wallet.family);
    deepStrictEqual(read, {...other, family: true});
    deepStrictEqual(
        (await wallets.readKeyText(shown, 'log.example/other')).family, false);
    const draft = await desk.draft(says.keyAdd(read), {language: 'fi'});
    deepStrictEqual(draft.administrations, [0, 1, SELF]);
    const outcome = await desk.say(draft);
    ok(outcome.counts);
    const unknown = await says.unknownKeys(desk.report, await wallet.list());
    deepStrictEqual(unknown.map((one) => one.publicKey),
        Array(3).fill(other.publicKey));
    deepStrictEqual(await says.unknownKeys(
        desk.report, [...await wallet.list(), other]), []);
  });

  let granted;
  await test('consent and its withdrawal, as by the command line', async () => {
    deepStrictEqual(await city.access(0, 'consent'),
        await city.access(1, 'consent'));
    granted = await say(desk, says.grant([0], SCOPE));
    ok(granted.counts);
    await city.cli(1, CLI_GRANT);
    const under = await city.access(0, 'consent');
    deepStrictEqual(under.split(' ', 2).join(' '), 'under consent');
    deepStrictEqual(under, await city.access(1, 'consent'));

    ok((await say(desk, says.withdrawal({ids: [granted.id]}))).counts);
    await city.cli(1, {withdrawal: {everything: true}});
    deepStrictEqual(await city.access(0, 'consent'), 'violation withdrawn');
    deepStrictEqual(await city.access(1, 'consent'), 'violation withdrawn');
    const [grant] = says.saidIn(await city.look(), 0)
        .filter(({id}) => id === granted.id);
    deepStrictEqual(grant.state, 'withdrawn');
    await compareStandings();
  });

  await test('prohibition of what law allows, as by the command line',
      async () => {
        deepStrictEqual(await city.access(0, 'law'),
            await city.access(1, 'law'));
        ok((await say(desk, says.prohibition({}, 'no'),
            {administrations: [0]})).counts);
        await city.cli(1, {prohibition: {scope: {}, reason: 'no'}});
        deepStrictEqual(await city.access(0, 'law'),
            await city.access(1, 'law'));
        ok(!(await city.access(0, 'law')).startsWith('under law'));
      });

  await test('everything else that can be said counts', async () => {
    for (const event of [says.objection(SCOPE, 'because'),
      says.preference(false, SCOPE), says.dispute(3, 'wrong'),
      says.delegate({publicKey: await cliKey(), signatureKind: 1}, 1900000000,
          {relation: 'guardian', scope: SCOPE})]) {
      const outcome = await say(desk, event, {administrations: [0, 1]});
      ok(outcome.counts, JSON.stringify([event, outcome.doubts]));
    }
    await compareStandings();
  });

  await test('what can not be said is not signed', async () => {
    const before = city.requests.length;
    const error = await refuses('not-sayable', () => say(desk,
        {withdrawal: {}}, {administrations: [0]}));
    deepStrictEqual(error.finding, 'RecordFieldMissing');
    await refuses('not-sayable', () => say(desk,
        says.grant([0], {purposes: ['x']})));
    await refuses('not-sayable', () => say(desk,
        says.dispute(0, 'x'.repeat(9000)), {administrations: [0]}));
    deepStrictEqual(city.requests.length, before);
  });

  await test('others spoke meanwhile', async () => {
    let times = 0;
    city.between = async (method, body, ask) => {
      if (method === 'v1/statements' && times++ === 0) {
        await city.cli(1, {preference: {scope: {}, wanted: true}});
        throw doorError('refused', 409, 'does not follow');
      }
      return ask();
    };
    const outcome = await say(desk, says.objection(SCOPE),
        {administrations: [0, 1]});
    ok(outcome.counts);
    deepStrictEqual(times, 2);
    city.between = async (method, body, ask) => {
      if (method === 'v1/statements') throw doorError('refused', 409, 'again');
      return ask();
    };
    await refuses('overtaken', () => say(desk, says.objection(SCOPE),
        {administrations: [0]}));
    city.between = (method, body, ask) => ask();
    await compareStandings();
  });

  await test('an answer that got lost files nothing twice', async () => {
    let times = 0;
    city.between = async (method, body, ask) => {
      const answer = await ask();
      if (method === 'v1/statements' && times++ === 0) {
        throw doorError('unreachable', 0, 'no connection');
      }
      return answer;
    };
    const outcome = await say(desk, says.objection(SCOPE),
        {administrations: [0, 1]});
    city.between = (method, body, ask) => ask();
    deepStrictEqual(times, 1);
    ok(outcome.counts);
    deepStrictEqual(says.saidIn(outcome.report, 0)
        .filter(({id}) => id === outcome.id).length, 2);
  });

  await test('refusals are told apart', async () => {
    for (const [kind, status, expected] of [
      ['refused', 403, 'refused'], ['signed-out', 401, 'signed-out'],
      ['later', 503, 'unreachable']]) {
      city.between = async () => {
        throw doorError(kind, status, '<b>no\u202e</b>');
      };
      const error = await refuses(expected, () => say(desk,
          says.objection(SCOPE), {administrations: [0]}));
      ok(!error.message.includes('\u202e'));
    }
    city.between = (method, body, ask) => ask();
  });

  const lies = {
    'another leaf': (answer) => {
      const leaf = fromBase64(answer.placed[0].leaf);
      leaf[64] ^= 1;
      answer.placed[0].leaf = toBase64(leaf);
    },
    'another kind of leaf': (answer) => {
      const leaf = fromBase64(answer.placed[0].leaf);
      leaf[0] = 3;
      answer.placed[0].leaf = toBase64(leaf);
    },
    'another label': (answer) => {
      const leaf = fromBase64(answer.placed[0].leaf);
      leaf[5] ^= 1;
      answer.placed[0].leaf = toBase64(leaf);
    },
    'another place': (answer) => {
      answer.leafIndex[0] = `${Number(answer.leafIndex[0]) - 1}`;
    },
    'no leaf': (answer) => void (answer.placed = []),
    'no place': (answer) => void delete answer.leafIndex,
    'no checkpoint': (answer) => void delete answer.checkpoint,
    'a checkpoint of nobody': (answer) => {
      const note = fromBase64(answer.checkpoint);
      note[note.length - 10] ^= 1;
      answer.checkpoint = toBase64(note);
    },
    'an older checkpoint': (answer, report, older) => {
      answer.checkpoint = older;
    },
    'something else': (answer) => void (answer.leafIndex = 'x'),
  };
  for (const [name, change] of Object.entries(lies)) {
    await test(`the log answers with ${name}`, async () => {
      const {bundle} = await city.say('bundle');
      const older = toBase64(bytesOf(
          verifier.decode('ChainBundle', bytesOf(bundle)).message.checkpoint));
      city.between = async (method, body, ask) => {
        const answer = await ask();
        if (method === 'v1/statements') change(answer, desk.report, older);
        return answer;
      };
      await refuses('lied', () => say(desk, says.dispute(0, name),
          {administrations: [0]}));
      city.between = (method, body, ask) => ask();
    });
  }
  await test('a proof of leaves that leads elsewhere', async () => {
    city.between = async (method, body, ask) => {
      const answer = await ask();
      if (method === 'v1/leaves') {
        const proof = fromBase64(answer.proof);
        proof[0] ^= 1;
        answer.proof = toBase64(proof);
      }
      return answer;
    };
    await refuses('lied', () => say(desk, says.dispute(0),
        {administrations: [0]}));
    city.between = (method, body, ask) => ask();
  });

  await test('a key is revoked, and what it signed ends', async () => {
    await city.cli(1, CLI_GRANT);
    const {desk: fresh} = await open(city, keep);
    const keys = await says.unknownKeys(fresh.report, await wallet.list());
    const lost = keys.find((one) => !one.delegate);
    const draft = await fresh.draft(says.keyRevoke(lost.keyId, 1800600000000),
        {language: 'en'});
    deepStrictEqual(draft.administrations, [0, 1, SELF]);
    ok((await fresh.say(draft)).counts);
    await refuses('refused', () => city.cli(0, CLI_GRANT));
    await compareStandings();
  });

  await test('a recovered key withdraws at once and grants later', async () => {
    const second = await open(city);
    const fresh = await second.wallet.makeKey(
        'device', {label: 'page', recovery: true});
    const {words, administrations} = await second.desk.enrolWords(
        fresh, {language: 'sv', recovery: true});
    deepStrictEqual(administrations, [SELF, 0, 1]);
    ok(words.includes(fresh.fingerprint));
    const outcome = await second.desk.enrol(
        fresh, {...enrolling(city), recovery: true});
    ok(outcome.counts);
    const error = await refuses('key-waits', () => say(second.desk,
        says.grant([0], SCOPE)));
    ok(error.until_s > second.desk.report.time_s);
    ok((await say(second.desk, says.withdrawal({everything: true}))).counts);
    ok((await say(second.desk, says.prohibition({}),
        {administrations: [0]})).counts);
    await compareStandings();
  });

  await test('what is kept says nothing of the person', async () => {
    const kept = JSON.stringify(await keep.all(), (name, value) =>
      value instanceof Uint8Array ? Buffer.from(value).toString('latin1') :
      value);
    for (const secret of ['00000000-0000', 'log.example', 'page', 'ServiceP',
      granted.id]) {
      ok(!kept.includes(secret), secret);
    }
  });
  city.end();
}

// --- Identity services -------------------------------------------------------

{
  const city = new City();
  const {wallet, desk} = await open(city);
  const key = await wallet.makeKey('device', {label: 'page'});
  const other = await wallet.makeKey('device', {label: 'page'});
  let request;
  await desk.enrol(key, {language: 'en', enrol: async (made) => {
    request = made;
    throw doorError('unreachable', 0, 'away');
  }}).catch(() => {});

  for (const [name, change] of Object.entries({
    'another name': {name: 'x'}, 'other words': {words: 'Thank you.\n'},
    'another person': {subject: toBase64(Buffer.from('\x01other'))},
    'another key': {publicKey: toBase64(bytesOf(other.publicKey))},
    'a recovery': {recovery: true}, 'another kind': {kind: 4},
  })) {
    await test(`a request with ${name} is refused natively`, () =>
      refuses('refused', () => city.post('enrol', {...request, ...change})));
  }
  for (const [name, change] of Object.entries({
    'another family': (answer) => ({...answer, family: 'log.example/x'}),
    'another format': (answer) => ({...answer, format: 'x'}),
    'no record': (answer) => ({...answer, record: []}),
    'fewer records': (answer) =>
      ({...answer, record: answer.record.slice(1)}),
    'other order': (answer) =>
      ({...answer, record: [...answer.record].reverse()}),
    'no statement': (answer) =>
      ({...answer, record: answer.record.map(() => 'AAAA')}),
    'no base64': (answer) => ({...answer, record: answer.record.map(() => 5)}),
    'nothing': () => null,
  })) {
    await test(`an identity service answers with ${name}`, async () => {
      city.between = async (method, body, ask) =>
        method === 'enrol' ? change(await ask()) : ask();
      await refuses('not-ours', () => desk.enrol(key, enrolling(city)));
      city.between = (method, body, ask) => ask();
    });
  }
  await test('an identity service brings another key', async () => {
    let stranger;
    await desk.enrol(other, {language: 'en', enrol: async (made) => {
      stranger = made;
      throw doorError('unreachable', 0, 'away');
    }}).catch(() => {});
    await refuses('not-ours', () => desk.enrol(key, {language: 'en',
      enrol: () => city.post('enrol', stranger)}));
  });
  await test('the chains have changed since the request', async () => {
    city.between = async (method, body, ask) => {
      if (method === 'v1/statements') throw doorError('refused', 409, 'no');
      return ask();
    };
    await refuses('changed', () => desk.enrol(key, enrolling(city)));
    city.between = (method, body, ask) => ask();
  });
  await test('nothing was filed by all that', async () => {
    deepStrictEqual(says.saidIn(await city.look(), 0), []);
  });
  city.end();
}

// --- Passkeys ----------------------------------------------------------------

// An authenticator with one passkey at a time, as WebAuthn shows it.
class Authenticator {
  prf = true;
  refuses = null;
  secret = crypto.getRandomValues(new Uint8Array(32));
  seen = [];
  forge = (answer) => answer;

  async #results(extensions) {
    const first = extensions?.prf?.eval?.first;
    if (first === undefined || !this.prf) return {};
    const key = await crypto.subtle.importKey('raw', this.secret,
        {name: 'HMAC', hash: 'SHA-256'}, false, ['sign']);
    return {prf: {enabled: true, results: {
      first: await crypto.subtle.sign('HMAC', key, first)}}};
  }

  async #credential(response, extensions) {
    const results = await this.#results(extensions);
    return {id: 'x', rawId: Uint8Array.of(1, 2, 3).buffer, response,
      getClientExtensionResults: () => results};
  }

  async create({publicKey}) {
    if (this.refuses !== null) throw new DOMException('', this.refuses);
    this.seen.push(publicKey);
    this.pair = await crypto.subtle.generateKey(
        {name: 'ECDSA', namedCurve: 'P-256'}, true, ['sign', 'verify']);
    const spki = await crypto.subtle.exportKey('spki', this.pair.publicKey);
    return this.#credential({getPublicKey: () => spki,
      getPublicKeyAlgorithm: () => -7, getTransports: () => ['internal']},
    publicKey.extensions);
  }

  async get({publicKey}) {
    if (this.refuses !== null) throw new DOMException('', this.refuses);
    this.seen.push(publicKey);
    const answer = this.forge({
      data: Buffer.concat([Buffer.alloc(32, 7), Buffer.from('0500000001',
          'hex')]),
      json: Buffer.from(JSON.stringify({type: 'webauthn.get',
        challenge: Buffer.from(publicKey.challenge).toString('base64url'),
        origin: 'https://log.example', crossOrigin: false, other: 1})),
    });
    const hash = Buffer.from(await crypto.subtle.digest(
        'SHA-256', answer.json));
    const raw = Buffer.from(await crypto.subtle.sign(
        {name: 'ECDSA', hash: 'SHA-256'}, this.pair.privateKey,
        Buffer.concat([answer.data, hash])));
    return this.#credential({authenticatorData: answer.data,
      clientDataJSON: answer.json, signature: der(raw)}, publicKey.extensions);
  }
}

function der(raw) {
  const number = (bytes) => {
    let at = 0;
    while (at < 31 && bytes[at] === 0) ++at;
    const tail = [...bytes.subarray(at)];
    if (tail[0] > 127) tail.unshift(0);
    return [2, tail.length, ...tail];
  };
  const both = [...number(raw.subarray(0, 32)), ...number(raw.subarray(32))];
  return Uint8Array.from([0x30, both.length, ...both]);
}

const device = new Authenticator();
Object.defineProperty(globalThis, 'navigator', {
  value: {credentials: device}, configurable: true});
globalThis.PublicKeyCredential = class {};
globalThis.location = {hostname: 'log.example'};

await test('DER of every form', async () => {
  for (let i = 0; i < 200; ++i) {
    const raw = crypto.getRandomValues(new Uint8Array(64));
    if (i % 4 === 0) raw.fill(0, 0, i % 32);
    if (i % 4 === 1) raw.fill(0, 32, 32 + i % 32);
    deepStrictEqual(hexOf(wallets.rawOfDer(der(raw))), hexOf(raw));
    const wrong = der(raw);
    await refuses('other-key', async () =>
      wallets.rawOfDer(wrong.subarray(0, i % wrong.length)));
  }
});

{
  const city = new City();
  const {wallet, desk} = await open(city);
  await test('a passkey signs for itself', async () => {
    const key = await wallet.makeKey('passkey', {label: 'City'});
    deepStrictEqual(key.signatureKind, 4);
    ok((await desk.enrol(key, enrolling(city))).counts);
    ok((await say(desk, says.grant([0], SCOPE, {explicit: true}))).counts);
    deepStrictEqual((await city.access(0, 'consent')).split(' ', 2).join(' '),
        'under consent');
    ok((await say(desk, says.withdrawal({everything: true}))).counts);
    deepStrictEqual(await city.access(0, 'consent'), 'violation withdrawn');
    const {chains} = await city.say('standing');
    ok(chains[0].findings.every((finding) => finding === 'Ok'));
  });
  await test('what a passkey signed instead is not filed', async () => {
    const before = city.requests.length;
    for (const forge of [
      (one) => ({...one, json: Buffer.from(
          one.json.toString().replace('.get', '.create'))}),
      (one) => ({...one, json: Buffer.from(
          one.json.toString().replace(/(?<=challenge":")./,
              (first) => first === '_' ? 'A' : '_'))}),
      (one) => ({...one, data: Buffer.concat([one.data, Buffer.alloc(1)])}),
      (one) => ({...one, json: Buffer.from(
          one.json.toString().replace('false', 'true'))}),
    ]) {
      device.forge = forge;
      await refuses('not-sayable', () => say(desk, says.objection(SCOPE),
          {administrations: [0]}));
    }
    device.forge = (answer) => answer;
    deepStrictEqual(city.requests.length, before);
  });
  await test('the device says no', async () => {
    for (const [name, kind] of [['NotAllowedError', 'cancelled'],
      ['AbortError', 'cancelled'], ['SecurityError', 'unsupported'],
      ['NotSupportedError', 'unsupported']]) {
      device.refuses = name;
      await refuses(kind, () => say(desk, says.objection(SCOPE),
          {administrations: [0]}));
      await refuses(kind, () => wallet.makeKey('passkey', {label: 'City'}));
    }
    device.refuses = null;
  });
  await test('a passkey names nobody', async () => {
    for (const {user} of device.seen.filter((one) => one.user)) {
      deepStrictEqual([user.name, user.displayName, user.id.length],
          ['City', 'City', 32]);
    }
  });
  city.end();
}

{
  const city = new City();
  const {wallet, desk, keep} = await open(city);
  const key = await wallet.makeKey('passkey-prf', {label: 'City'});
  await test('a key out of a passkey signs', async () => {
    deepStrictEqual([key.signatureKind, key.publicKey.length], [1, 64]);
    ok((await desk.enrol(key, enrolling(city))).counts);
    ok((await say(desk, says.grant([0], SCOPE))).counts);
  });
  await test('of it only public things are kept', async () => {
    const [kept] = await keep.all();
    deepStrictEqual(Object.keys(kept).sort(), ['credential', 'family', 'id',
      'kind', 'madeAt_s', 'publicKey', 'recovery', 'transports']);
  });
  await test('storage that was cleared brings the same key back', async () => {
    const cleared = await wallets.openWallet(
        {family: wallet.family, keep: wallets.keepInMemory()});
    const again = await cleared.bringBack();
    deepStrictEqual(again.publicKey, key.publicKey);
    await cleared.bringBack();
    deepStrictEqual((await cleared.list()).length, 1);
    const signer = await cleared.unlock(again);
    const {signature} = await signer.sign({signed_bytes: '00'});
    const verifying = await crypto.subtle.importKey('raw',
        bytesOf(key.publicKey), {name: 'Ed25519'}, true, ['verify']);
    ok(await crypto.subtle.verify('Ed25519', verifying, bytesOf(signature),
        Uint8Array.of(0)));
    ok(signer.key.publicKey === key.publicKey);
  });
  await test('each family has a key of its own', async () => {
    const elsewhere = await wallets.openWallet(
        {family: 'log.example/other', keep});
    deepStrictEqual(await elsewhere.list(), []);
    const other = await elsewhere.bringBack();
    ok(other.publicKey !== key.publicKey);
    deepStrictEqual((await wallet.list()).length, 1);
  });
  await test('another passkey is not taken for this one', async () => {
    device.secret[0] ^= 1;
    await refuses('other-key', () => wallet.unlock(key));
    device.secret[0] ^= 1;
  });
  await test('a passkey without a secret is refused', async () => {
    device.prf = false;
    await refuses('no-prf', () => wallet.unlock(key));
    await refuses('no-prf', () => wallet.bringBack());
    await refuses('no-prf', () =>
      wallet.makeKey('passkey-prf', {label: 'City'}));
    deepStrictEqual((await wallet.list()).length, 1);
    device.prf = true;
  });
  await test('a forgotten key is gone', async () => {
    await wallet.forget(key);
    deepStrictEqual(await wallet.list(), []);
    await refuses('gone', () => wallet.unlock(key));
  });
  await test('a damaged key is left out', async () => {
    const [other] = await keep.all();
    for (const change of [{publicKey: 'x'}, {kind: 'x'}, {madeAt_s: null},
      {publicKey: new Uint8Array(31)}, {credential: undefined}]) {
      await keep.put({...other, ...change});
      const elsewhere = await wallets.openWallet(
          {family: 'log.example/other', keep});
      deepStrictEqual(await elsewhere.list(), []);
    }
  });
  city.end();
}

await test('without storage there is no wallet', async () => {
  const wallet = await wallets.openWallet({family: 'x'});
  await refuses('storage', () => wallet.list());
  await refuses('storage', () => wallet.makeKey('device', {label: 'x'}));
});

console.log(`statements: ${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
