// The worker of checkInWorker (resident.js): one check, away from the page.

import {openDoor} from './door.js';
import {openMemory} from './memory.js';
import {checkResident} from './resident.js';
import {loadVerifier} from './vidimus.js';

// So many entries take the page some milliseconds to unpack.
const ENTRIES_EACH = 250;

async function check({module, url, token, memory, ...options}) {
  const remembered = openMemory(memory);
  // That it fails is for the check to tell, when it comes to it.
  remembered.catch(() => {});
  const result = await checkResident({
    ...options,
    verifier: await loadVerifier(module),
    door: openDoor({url, token}),
    memory: remembered,
    onProgress: (progress) => postMessage({progress}),
  });
  const pieces = [];
  result.report?.chains.forEach((one, chain) => {
    for (let at = 0; at < one.entries.length; at += ENTRIES_EACH) {
      pieces.push({chain, entries: one.entries.slice(at, at + ENTRIES_EACH)});
    }
    one.entries = [];
  });
  for (const piece of pieces) {
    postMessage(piece);
    await taken();
  }
  postMessage({check: result}, result.bundle ? [result.bundle.buffer] : []);
}

// Until the page has unpacked a piece, and whatever else it had to do.
function taken() {
  return new Promise((resolve) => {
    onmessage = resolve;
  });
}

onmessage = async ({data}) => {
  try {
    await check(data);
  } catch (error) {
    postMessage({failed: String(error)});
  }
};
