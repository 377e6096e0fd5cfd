// How long a check takes, for residents with so many accesses: in node over HTTP
// and with a door in this process that has every answer already; in a worker of
// headless Chromium, through a proxy, with the worker's start and the longest
// time for which the page was held up.
//
//   node measure.mjs FOLDER [ACCESSES...]    a folder as for check.mjs
//
// Each time the least of several, in ms.

import {readFileSync} from 'node:fs';

import {openDoor} from '../../client/js/door.js';
import {openMemory} from '../../client/js/memory.js';
import {checkResident} from '../../client/js/resident.js';
import {loadVerifier} from '../../client/js/vidimus.js';
import {inChromium} from './browser.mjs';
import {City} from './city.mjs';
import {TamperingProxy} from './tamper.mjs';

const [folder, ...counts] = process.argv.slice(2);
const TIMES = 5;

// The same probes each time, so that the same questions are asked.
let drawn = 0;
Object.defineProperty(crypto, 'getRandomValues', {value: (numbers) => {
  numbers[0] = Math.imul(++drawn, 0x9e3779b1);
  return numbers;
}});

const verifier = await loadVerifier(readFileSync(`${folder}/vidimus.wasm`));
const city = new City(folder, {
  'vidimus': `${folder}/vidimus`, 'vidimus-log': `${folder}/vidimus-log`,
});
await city.serveLog();
await city.serveMonitor();
await city.stop('log');
await city.serveLog();

let before = 0;
for (const count of counts.length > 0 ? counts.map(Number) : [100, 10000]) {
  city.load(0, 0, count - before);
  before = count;
  await city.waitForMonitor();
  const real = openDoor({url: city.url, token: city.tokenOf(0)});
  const kept = new Map();
  const ask = async (key, call) => {
    if (!kept.has(key)) kept.set(key, await call());
    return kept.get(key);
  };
  const door = {
    get: (path, bytesMax) => ask(path, () => real.get(path, bytesMax)),
    post: async (method, body) => JSON.parse(await ask(
        method + JSON.stringify(body),
        async () => JSON.stringify(await real.post(method, body)))),
  };
  const least = {};
  for (let i = 0; i < TIMES; ++i) {
    for (const [name, one] of [['over HTTP', real], ['in process', door]]) {
      drawn = 0;
      let judging = 0;
      const began = performance.now();
      const check = await checkResident({
        verifier, door: one, logKey: city.vkey, policy: city.policy,
        memory: await openMemory('measure', new Map()),
        onProgress: ({step}) => {
          if (step === 'judging') judging = performance.now();
        },
      });
      const ended = performance.now();
      const entries = check.report?.chains.reduce(
          (sum, chain) => sum + chain.entries.length, 0);
      if (check.finding !== 'Ok' || entries !== count) {
        throw new Error(`${check.finding}, ${entries} entries`);
      }
      const times = least[name] ??= {gathered: Infinity, judged: Infinity,
        bundle: check.bundle.length};
      // The first time, the door in this process asks for itself.
      if (i === 0 && one === door) continue;
      times.gathered = Math.min(times.gathered, judging - began);
      times.judged = Math.min(times.judged, ended - judging);
    }
  }
  for (const [name, {gathered, judged, bundle}] of Object.entries(least)) {
    console.log(`${count} accesses, ${name}: gathered in ` +
        `${gathered.toFixed(0)} ms, judged in ${judged.toFixed(0)} ms ` +
        `(a bundle of ${bundle} bytes)`);
  }
  const proxy = new TamperingProxy(
      {target: {url: city.url, ca: readFileSync(city.ca)}});
  const said = await inChromium(proxy, {
    script: 'measure_worker.mjs', profile: city.folderOf(`browser-${count}`),
    wasm: readFileSync(`${folder}/vidimus.wasm`),
    settings: {logKey: city.vkey, policy: city.policy, token: city.tokenOf(0),
      times: TIMES},
  });
  proxy.close();
  if (said === undefined) continue;
  if (said.finding !== 'Ok' || said.entries !== count) {
    throw new Error(JSON.stringify(said));
  }
  console.log(`${count} accesses, in Chromium: gathered in ` +
      `${said.gathered.toFixed(0)} ms, judged in ${said.judged.toFixed(0)} ms, ` +
      `the page held up for at most ${said.held.toFixed(0)} ms`);
}
await city.stopAll();
process.exit(0);
