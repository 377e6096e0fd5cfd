// The page of the folder it lies in, with seams of a test: a report out of
// sample_report.mjs, or the city of tests/api judged on the spot, in place of a
// log. What is wanted stands in the address: ?case=...&many=N&signed=0.

import {startPage} from './app.js';
import {FAILURES} from './resident.js';
import {sampleCheck, sampleReport, SAMPLE_KEY, SAMPLE_NOW_S}
  from './sample_report.mjs';
import {saidIn} from './statements.js';
import {loadVerifier} from './vidimus.js';
import {fingerprintOf, keyText} from './wallet.js';
import {loadWords} from './words.js';

const asked = new URLSearchParams(location.search);
const what = asked.get('case') ?? 'sample';
const bytes = async (name) => new Uint8Array(
    await (await fetch(name)).arrayBuffer());
const config = await (await fetch('config.json')).json();

async function city() {
  const verifier = await loadVerifier(await fetch('vidimus.wasm'));
  const bundle = await bytes(what === 'unread' ? 'city/unread' : 'city/bundle');
  if (what === 'flipped') bundle[bundle.length >> 3] ^= 1;
  const report = await verifier.judgeChains({logKey: await bytes('city/log.vkey'),
    policy: await bytes('city/policy'), bundle});
  if (report.finding !== 'Ok') {
    return sampleCheck(undefined, [{name: 'LeavesForged', kind: 'wrong',
      detail: report.sentence, finding: report.finding, part: report.part}]);
  }
  return {...sampleCheck(report), bundle};
}

async function check() {
  if (['city', 'flipped', 'unread'].includes(what)) return city();
  const report = sampleReport({many: Number(asked.get('many') ?? 0)});
  if (what === 'clean') {
    report.chains.forEach((chain) => {
      chain.entries = chain.entries.filter(
          ({verdict, statement}) => verdict?.fine || statement?.key_add?.name);
    });
  }
  if (what === 'slow') await new Promise(() => {});
  if (FAILURES[what]) {
    const without = what === 'NoMonitor';
    if (without) report.monitors_at_s = null;
    return sampleCheck(['unvouched', 'wrong'].includes(FAILURES[what]) &&
        !/^Head/.test(what) ? report : undefined,
    [{name: what, kind: FAILURES[what], detail: 'a detail', administration: 0,
      entry: 3}]);
  }
  return sampleCheck(report);
}

const key = {kind: 'device', publicKey: SAMPLE_KEY, signatureKind: 1,
  fingerprint: await fingerprintOf(SAMPLE_KEY), madeAt_s: 0, recovery: false};
let keys = asked.get('keys') === '0' ? [] : [key];

globalThis.page = await startPage({
  config,
  log: config.logs[0],
  wasmHash: 'cd'.repeat(32),
  now: () => SAMPLE_NOW_S,
  words: loadWords,
  storedLanguage: () => asked.get('language'),
  session: async () => ({signed_in: asked.get('signed') !== '0'}),
  signIn() {},
  signOut() {},
  check,
  said: saidIn,
  keys: async () => keys,
  keyText: (one) => keyText(one, 'log.example/city'),
  readKeyText: async () => null,
  waysToKeepAKey: async () => [{kind: 'passkey-prf', possible: 'maybe'},
    {kind: 'device', possible: 'yes'},
    {kind: 'passkey', possible: 'no', why: 'no-authenticator'}],
  forgetKey: async () => { keys = []; },
  desk: async (report) => ({
    report,
    draft: async (event, {language, administrations}) => ({event, language,
      words: 'The words\nthat are signed.\n', administrations: administrations ?? [0],
      keys: [key], leftOut: []}),
    say: async () => ({id: '00', filed: true, counts: true, doubts: [], report}),
  }),
});
document.documentElement.dataset.ready = 'true';
// What a test said to do, for screenshots of a state.
const act = asked.get('click');
if (act) {
  for (const text of act.split('|')) {
    [...document.querySelectorAll('button, a, summary')]
        .find((one) => one.textContent.trim().startsWith(text))?.click();
    await new Promise((resolve) => setTimeout(resolve, 60));
  }
}
