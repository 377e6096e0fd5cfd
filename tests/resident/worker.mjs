// What check.mjs has a browser do, as worker.js: checks in a worker, with the
// device's memory in IndexedDB. What came out goes to the server.

import {openMemory} from './memory.js';
import {checkInWorker} from './resident.js';

const said = {checks: [], broken: [], steps: []};
document.addEventListener('securitypolicyviolation',
    (event) => said.broken.push(event.violatedDirective));

try {
  const settings = await (await fetch('settings.json')).json();
  const module = await (await fetch('vidimus.wasm')).arrayBuffer();
  const check = async (more) => {
    const result = await checkInWorker({
      worker: new Worker('resident_worker.js', {type: 'module'}),
      module, url: location.origin, memory: 'test', ...settings, ...more,
      onProgress: ({step}) => said.steps.push(step),
    });
    said.checks.push({
      finding: result.finding,
      failures: result.failures.map(({name}) => name),
      person: result.person,
      entries: result.report?.chains.map(({entries}) => entries),
      bundle: result.bundle?.length,
    });
  };
  await check({});
  await check({});
  await fetch('tamper/rewound head', {method: 'POST'});
  await check({});
  await fetch('tamper/', {method: 'POST'});
  await check({token: settings.otherToken});
  const memory = await openMemory('test');
  await memory.forgetPerson();
  memory.close();
  await check({token: settings.otherToken});
  await check({module: new Uint8Array(8)});
  const opened = await new Promise((resolve) => {
    const request = indexedDB.open('vidimus-test');
    request.onsuccess = () => resolve(request.result);
  });
  const kept = opened.transaction('kept').objectStore('kept');
  const all = (request) => new Promise((resolve) => {
    request.onsuccess = () => resolve(request.result);
  });
  said.keys = await all(kept.getAllKeys());
  said.values = JSON.stringify(await all(kept.getAll()), (name, value) =>
    value instanceof Map ? [...value] :
    value instanceof Uint8Array ? Array.from(value) :
    value instanceof CryptoKey ? {extractable: value.extractable} : value);
  said.databases = (await indexedDB.databases()).map(({name}) => name);
} catch (error) {
  said.error = String(error.stack);
}
await fetch('result', {method: 'POST', body: JSON.stringify(said)});
