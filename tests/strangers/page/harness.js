// The page on seams of a test's: a bundle from a file, judged by the real
// verifier, and whatever state test.json asks for. Served in main.js' place.

import {startPage} from './app.js';
import {FAILURES} from './resident.js';
import {openDesk, saidIn} from './statements.js';
import {loadVerifier} from './vidimus.js';
import {keepInMemory, keyText, openWallet, readKeyText} from './wallet.js';
import {loadWords} from './words.js';

const json = async (path) => (await fetch(path)).json();
const bytes = async (path) =>
  new Uint8Array(await (await fetch(path)).arrayBuffer());
const [test, config] = await Promise.all([json('test.json'),
  json('config.json')]);
const [log] = config.logs;
const origin = log.vkey.split('+')[0];
const verifier = await loadVerifier(await fetch('vidimus.wasm'));

// HTML and what turns the direction of writing, in every text that comes from
// the log; names that programs go by stay.
const HOSTILE = '<img src=x onerror="window.hacked=1"><script>window.hacked=1' +
    '</script>\u202e&lt;b&gt;';
const KEPT = new Set(['language', 'term', 'purpose', 'data_category', 'basis',
  'id', 'origin', 'kind', 'event', 'finding', 'content', 'headline', 'failed',
  'law', 'wish', 'type', 'lawful_basis']);
function poison(value, name) {
  if (typeof value === 'string') {
    return KEPT.has(name) || /^[0-9a-f]*$/.test(value) ? value :
      `${value}${HOSTILE}`;
  }
  if (Array.isArray(value)) return value.map((one) => poison(one, name));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(
      ([key, one]) => [key, poison(one, key)]));
}

let bundle;
async function check() {
  if (test.checking) return new Promise(() => {});
  bundle ??= await bytes('bundle');
  const began = performance.now();
  let report =
      await verifier.judgeChains({logKey: log.vkey, policy: log.policy, bundle});
  window.judged_ms = performance.now() - began;
  if (test.hostile) {
    report = {...report, documents: poison(report.documents),
      chains: poison(report.chains)};
  }
  const failures = test.failure === undefined ? [] : [{
    name: test.failure, kind: FAILURES[test.failure],
    detail: `detail${test.hostile ? HOSTILE : ''}`, administration: 0, entry: 1,
  }];
  const shown = test.empty ? {} : {report, bundle};
  return {
    finding: FAILURES[test.failure] === 'unvouched' ? 'Ok' :
      test.failure ?? 'Ok',
    failures, failure: failures[0], ...shown,
    unanswered: test.hostile || test.failure === 'ChainUnanswered' ?
      [{administration: 0, reason: `no${test.hostile ? HOSTILE : ''}`}] : [],
    headAge_s: 12, vouched: true,
    witnesses: report.cosigned ?? [], person: 'known',
  };
}

const wallet = await openWallet({family: origin, keep: keepInMemory()});
if (test.key) await wallet.makeKey('device', {label: 'test'});

await startPage({
  config, log: test.elsewhere ? undefined : log, wasmHash: '00',
  now: () => Math.floor(Date.now() / 1000),
  words: loadWords,
  storedLanguage: () => test.language,
  storeLanguage: () => {},
  session: async () => ({signed_in: test.signedOut !== true}),
  signIn: () => {}, signOut: () => {},
  check, said: saidIn,
  desk: async (report, look) => openDesk({verifier, wallet, origin, report,
    look, logKey: log.vkey, door: {post: () => Promise.reject(
        Object.assign(new Error('no'), {kind: 'unreachable', reason: 'no'}))}}),
  enrol: () => {},
  keys: () => wallet.list(),
  keyText: (key) => keyText(key, origin),
  readKeyText: (text) => readKeyText(text, origin),
  waysToKeepAKey: () => [{kind: 'passkey-prf', possible: 'no', why: 'no-prf'},
    {kind: 'device', possible: 'yes'}, {kind: 'passkey', possible: 'maybe'}],
  makeKey: (kind, options) => wallet.makeKey(kind, options),
  bringBack: () => wallet.bringBack(),
  forgetKey: (key) => wallet.forget(key),
});
document.documentElement.dataset.ready = '1';
