// What measure.mjs has a browser do, as worker.js: checks in a worker, each with
// a new memory, and how long the page was held up.

import {checkInWorker} from './resident.js';

const said = {gathered: Infinity, judged: Infinity, held: 0};
try {
  const {times, ...settings} = await (await fetch('settings.json')).json();
  const module = await WebAssembly.compile(
      await (await fetch('vidimus.wasm')).arrayBuffer());
  let last = performance.now();
  setInterval(() => {
    const now = performance.now();
    said.held = Math.max(said.held, now - last);
    last = now;
  }, 1);
  for (let i = 0; i < times; ++i) {
    const began = performance.now();
    let judging = 0;
    const {finding, report} = await checkInWorker({
      worker: new Worker('resident_worker.js', {type: 'module'}),
      module, url: location.origin, memory: `measure-${i}`, ...settings,
      onProgress: ({step}) => {
        if (step === 'judging') judging = performance.now();
      },
    });
    const ended = performance.now();
    said.finding = finding;
    said.entries = report?.chains.reduce(
        (sum, {entries}) => sum + entries.length, 0);
    said.gathered = Math.min(said.gathered, judging - began);
    said.judged = Math.min(said.judged, ended - judging);
  }
} catch (error) {
  said.error = String(error.stack);
}
await fetch('result', {method: 'POST', body: JSON.stringify(said)});
