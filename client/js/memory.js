// What a device remembers of the logs that it checked: of each the newest head
// that a check ended well under, and how many entries each chain had. So a log
// that goes back for this person alone is caught, though everything that it
// shows would be right for somebody who comes for the first time.
//
// Chains and the person are known by names that a random key of this device
// makes of them (HMAC-SHA-256, not extractable): no name, subject id, label,
// chain key or record is ever written. Whoever reads the storage learns which
// logs were asked, and how many chains have how many entries.
//
// In browsers it lies in IndexedDB; in node, and for tests, in a Map that the
// caller hands in and keeps.

import {Database} from './database.js';
import {hexOf} from './vidimus.js';
import {concat} from './wire.js';

const STORE = 'kept';
const KEY = 'key';
const LOG = 'log ';
const HMAC = {name: 'HMAC', hash: 'SHA-256'};

export class MemoryError extends Error {
  constructor(message) {
    super(message);
    this.name = 'MemoryError';
  }
}

function failed(what, error) {
  return new MemoryError(`${what}: ${error?.name ?? 'no reason given'}`);
}

class BrowserStore {
  #database;

  constructor(database) {
    this.#database = database;
  }

  get(key) {
    return this.#database.run('readonly', (store) => store.get(key));
  }

  keys() {
    return this.#database.run('readonly', (store) => store.getAllKeys());
  }

  clear() {
    return this.#database.run('readwrite', (store) => store.clear());
  }

  // Puts what `change` makes of what is there, in one step.
  update(key, change) {
    return this.#database.run('readwrite', (store, fail) => {
      const request = store.get(key);
      request.onsuccess = () => {
        try {
          store.put(change(request.result), key);
        } catch (error) {
          fail(error);
        }
      };
      return request;
    });
  }

  close() {
    this.#database.close();
  }
}

class MapStore {
  #map;

  constructor(map) {
    this.#map = map;
  }

  async get(key) {
    return this.#map.get(key);
  }

  async keys() {
    return [...this.#map.keys()];
  }

  async clear() {
    this.#map.clear();
  }

  async update(key, change) {
    this.#map.set(key, change(this.#map.get(key)));
  }

  close() {}
}

function emptyLog() {
  return {checkpoint: null, size: 0, counts: new Map(), person: null};
}

function isSize(value) {
  return Number.isSafeInteger(value) && value >= 0;
}

// What stands under a log's origin; an empty one if nothing does.
function logOf(kept) {
  if (kept === undefined) return emptyLog();
  const sound = typeof kept === 'object' && kept !== null &&
      (kept.checkpoint === null || kept.checkpoint instanceof Uint8Array) &&
      isSize(kept.size) && kept.counts instanceof Map &&
      [...kept.counts.values()].every(isSize) &&
      (kept.person === null || typeof kept.person === 'string');
  if (!sound) {
    throw new MemoryError('not what a check leaves; without it, nobody knows ' +
        'what the log showed before');
  }
  return kept;
}

export class Memory {
  #store;
  #key;

  constructor(store, key) {
    this.#store = store;
    this.#key = key;
  }

  async recall(origin) {
    const kept = logOf(await this.#ask((store) => store.get(LOG + origin)));
    return {...kept, counts: new Map(kept.counts)};
  }

  async nameOf(kind, bytes) {
    const message = concat(new TextEncoder().encode(`${kind}\0`), bytes);
    const name = await this.#ask(
        () => crypto.subtle.sign('HMAC', this.#key, message));
    return hexOf(new Uint8Array(name));
  }

  // Two pages may check at once; the older of their heads is not taken.
  async keep(origin, found) {
    await this.#ask((store) => store.update(LOG + origin, (old) => {
      const kept = logOf(old);
      const counts = new Map(kept.counts);
      for (const [name, entries] of found.counts) {
        counts.set(name, Math.max(entries, counts.get(name) ?? 0));
      }
      const head = found.size >= kept.size ? found : kept;
      return {
        checkpoint: head.checkpoint,
        size: head.size,
        counts,
        person: found.person,
      };
    }));
  }

  async forgetPerson() {
    for (const key of await this.#ask((store) => store.keys())) {
      if (!key.startsWith(LOG)) continue;
      await this.#ask((store) => store.update(
          key, (old) => ({...logOf(old), person: null})));
    }
  }

  // The key as well: nothing that is written later can be joined to before.
  async forget() {
    await this.#ask(async (store) => {
      await store.clear();
      this.#key = await keyOf(store);
    });
  }

  close() {
    this.#store.close();
  }

  async #ask(ask) {
    try {
      return await ask(this.#store);
    } catch (error) {
      if (error instanceof MemoryError) throw error;
      throw failed('what this device keeps cannot be reached', error);
    }
  }
}

// The device's key, made if there is none; of two pages that make one at once
// both get the first.
async function keyOf(store) {
  let key = await store.get(KEY);
  if (key === undefined) {
    const made = await crypto.subtle.generateKey(HMAC, false, ['sign']);
    await store.update(KEY, (there) => there ?? made);
    key = await store.get(KEY);
  }
  if (!(key instanceof CryptoKey)) throw new Error('a key that is none');
  return key;
}

export async function openMemory(name, store) {
  try {
    const opened = store instanceof Map ? new MapStore(store) :
        new BrowserStore(await Database.open(`vidimus-${name}`, STORE));
    return new Memory(opened, await keyOf(opened));
  } catch (error) {
    throw failed('this device keeps nothing', error);
  }
}
