// The verifier's steps as WebAssembly beside the native figures:
//
//   node wasm.mjs OPS_MODULE VERIFIER_MODULE NATIVE FOLDER...
//
// NATIVE is what wasm_ops printed; FOLDERs are make_city's.

import {readFileSync} from 'node:fs';
import {pathToFileURL} from 'node:url';

const [ops, module, native, ...folders] = process.argv.slice(2);
const {loadVerifier} = await import(
    pathToFileURL(`${process.env.ROOT}/client/js/vidimus.js`).href);
const figures = new Map(readFileSync(native, 'utf8').trim().split('\n')
    .map((line) => line.split(' ')).map(([name, ns]) => [name, Number(ns)]));

function nanosecondsEach(times, step) {
  step(Math.ceil(times / 10));
  const began = process.hrtime.bigint();
  step(times);
  return Number(process.hrtime.bigint() - began) / times;
}

const {instance: {exports}} =
    await WebAssembly.instantiate(readFileSync(ops), {});
exports.__wasm_call_ctors();
const rows = [];
for (const [name, times] of [['ed25519_verify', 4000], ['vrf_verify', 1000],
  ['node_hash', 500000]]) {
  rows.push([name, nanosecondsEach(times, (count) => {
    if (exports[`ops_${name}`](count) !== count) throw new Error(name);
  })]);
}
const verifier = await loadVerifier(readFileSync(module));
for (const folder of folders) {
  const [logKey, policy, bundle] = ['log.vkey', 'policy', 'bundle'].map(
      (name) => readFileSync(`${folder}/${name}`));
  // As natively: what is signed with ES256 stays owed.
  rows.push([`judge:${folder}`, nanosecondsEach(3, (count) => {
    for (let i = 0; i < count; ++i) {
      verifier.call('vidimus_judge_chains', [logKey, policy, bundle, null]);
    }
  })]);
}

function duration(ns) {
  const [unit, scale] = ns < 1e4 ? ['ns', 1] : ns < 1e7 ? ['us', 1e3] :
      ['ms', 1e6];
  const value = ns / scale;
  return `${value.toFixed(value < 100 ? 1 : 0)} ${unit}`;
}
console.log('| step | native | WebAssembly, node | times |\n|---|---|---|---|');
for (const [name, ns] of rows) {
  const other = figures.get(name);
  const shown = name.replace(/^judge:.*-(\d+)$/, 'judging $1 accesses')
      .replaceAll('_', ' ');
  console.log(`| ${shown} | ${duration(other)} | ${duration(ns)} | ` +
      `${(ns / other).toFixed(1)} |`);
}
