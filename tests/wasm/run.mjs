// What node and browsers run alike: the vectors, and the calls of tests/api
// through the npm package. `get` gives a file's bytes by its name.

import {compare} from './calls.mjs';
import {runVectors} from './vectors.mjs';
import * as vidimus from './vidimus.js';

export async function run(get) {
  const lines = [];
  let passed = 0;
  let failed = 0;
  const take = (name, result) => {
    lines.push(
        `${name}: ${result.passed} passed, ${result.failed.length} failed`,
        ...result.failed);
    passed += result.passed;
    failed += result.failed.length;
  };
  const read = async (name) => JSON.parse(
      new TextDecoder().decode(await get(name)));

  const files = [];
  for (const name of await read('vectors.list')) {
    files.push({name, bytes: await get(`${name}.json`)});
  }
  const results = await runVectors(await get('vectors.wasm'), files);
  for (const result of results) take(result.name, result);

  const verifier = await vidimus.loadVerifier(await get('vidimus.wasm'));
  take('calls', await compare(vidimus, verifier, await read('calls.json')));
  return {lines, passed, failed};
}
