// Questions to one log over HTTP: its public paths, and /v1/ as JSON. What
// comes back is bounded and has the shape that was asked for, and is otherwise
// as untrusted as the network: whoever asks has it judged by the verifier.
// Works in pages, in workers and in node.
//
//   const door = openDoor({url: 'https://log.example'});
//   const note = await door.get('checkpoint', 65536);
//   const answer = await door.post('v1/keys', {origin, keys: [...]});
//
// Everything that goes wrong is a DoorError. What fails for a moment is tried
// again, at the time that the server says; nobody is followed elsewhere.

// What a log proves at once.
export const KEYS_EACH = 1024;
export const LEAVES_EACH = 4096;

const TRIES_MAX = 4;
const PAUSE_MS_MAX = 10000;
const TIMEOUT_MS = 30000;
const ANSWER_BYTES_MAX = 64 << 20;
const REASON_BYTES_MAX = 4096;
const REASON_LENGTH_MAX = 200;

export class DoorError extends Error {
  constructor(kind, status, reason) {
    super(status > 0 ? `HTTP ${status}: ${reason}` : reason);
    this.name = 'DoorError';
    this.kind = kind;
    this.status = status;
    this.reason = reason;
  }
}

function unreachable(reason) {
  return new DoorError('unreachable', 0, reason);
}

function unusable(status, reason) {
  return new DoorError('unusable', status, reason);
}

// One line of what a server says, without anything but print.
function firstLine(text) {
  return text.split('\n', 1)[0].slice(0, REASON_LENGTH_MAX)
      .replace(/[^\x20-\x7e]/g, '?');
}

// The body of a response; nothing if it is longer.
async function readBody(response, bytesMax) {
  if (response.body === null) return new Uint8Array(0);
  const reader = response.body.getReader();
  const pieces = [];
  let size = 0;
  while (true) {
    const {done, value} = await reader.read();
    if (done) break;
    size += value.length;
    if (size > bytesMax) {
      reader.cancel().catch(() => {});
      return undefined;
    }
    pieces.push(value);
  }
  const body = new Uint8Array(size);
  let at = 0;
  for (const piece of pieces) {
    body.set(piece, at);
    at += piece.length;
  }
  return body;
}

function kindOf(status) {
  if (status === 401) return 'signed-out';
  if (status === 429 || status === 502 || status === 503) return 'later';
  if (status === 408 || status === 504) return 'unreachable';
  return 'refused';
}

class Door {
  #base;
  #token;
  #timeout_ms;
  #signal;
  #fetch;
  #sleep;
  #bytesRead = 0;

  constructor({url, token, timeout_ms, signal, fetch, sleep}) {
    this.#base = new URL(url.endsWith('/') ? url : `${url}/`);
    const loopback = /^(localhost|127\.0\.0\.1|\[::1\])$/;
    if (this.#base.protocol !== 'https:' &&
        !(this.#base.protocol === 'http:' &&
          loopback.test(this.#base.hostname))) {
      throw new TypeError('a log is asked over https alone');
    }
    this.#token = token;
    this.#timeout_ms = timeout_ms ?? TIMEOUT_MS;
    this.#signal = signal;
    this.#fetch = fetch ?? globalThis.fetch.bind(globalThis);
    this.#sleep = sleep ??
        ((ms) => new Promise((resolve) => setTimeout(resolve, ms)));
  }

  get bytesRead() {
    return this.#bytesRead;
  }

  get(path, bytesMax) {
    // A head must be the newest. What never changes may have been forged, once:
    // a browser that kept that would show it to every later check, whatever the
    // log shows then.
    return this.#try(path, {cache: 'no-store'}, bytesMax);
  }

  async post(method, body) {
    const headers = {'Content-Type': 'application/json'};
    if (this.#token !== undefined && method === 'v1/chain') {
      headers.Authorization = `Bearer ${this.#token}`;
    }
    const answer = await this.#try(
        method, {method: 'POST', body: JSON.stringify(body), headers},
        ANSWER_BYTES_MAX);
    let json;
    try {
      json = JSON.parse(new TextDecoder('utf-8', {fatal: true}).decode(answer));
    } catch {
      throw unusable(200, `${method}: not JSON`);
    }
    if (typeof json !== 'object' || json === null || Array.isArray(json)) {
      throw unusable(200, `${method}: not an object`);
    }
    return json;
  }

  async #try(path, init, bytesMax) {
    for (let tries = 1; ; ++tries) {
      let pause_ms = 50 * 2 ** tries;
      let error;
      try {
        return await this.#once(path, init, bytesMax);
      } catch (thrown) {
        ({error, pause_ms = pause_ms} = thrown);
        if (error === undefined) throw thrown;
      }
      if (tries === TRIES_MAX) throw error;
      await this.#sleep(
          Math.min(pause_ms, PAUSE_MS_MAX) + Math.floor(100 * Math.random()));
    }
  }

  // Throws {error, pause_ms} for what may be tried again, else the error.
  async #once(path, init, bytesMax) {
    const stop = new AbortController();
    const stopped = () => stop.abort();
    if (this.#signal?.aborted) throw unreachable(`${path}: stopped`);
    this.#signal?.addEventListener('abort', stopped);
    const timer = setTimeout(stopped, this.#timeout_ms);
    try {
      const response = await this.#fetch(new URL(path, this.#base), {
        credentials: this.#token === undefined ? 'same-origin' : 'omit',
        redirect: 'manual',
        referrerPolicy: 'no-referrer',
        signal: stop.signal,
        ...init,
      });
      if (response.type === 'opaqueredirect' ||
          (response.status >= 300 && response.status < 400)) {
        throw unusable(response.status, `${path}: leads elsewhere`);
      }
      if (!response.ok) throw await this.#refusal(path, response);
      const body = await readBody(response, bytesMax);
      if (body === undefined) {
        throw unusable(
            response.status, `${path}: more than ${bytesMax} bytes`);
      }
      this.#bytesRead += body.length;
      return body;
    } catch (thrown) {
      if (thrown instanceof DoorError || thrown.error !== undefined) {
        throw thrown;
      }
      if (stop.signal.aborted) {
        throw unreachable(`${path}: ${this.#signal?.aborted ? 'stopped' :
            `no answer within ${this.#timeout_ms / 1000} s`}`);
      }
      throw {error: unreachable(`${path}: no connection`)};
    } finally {
      clearTimeout(timer);
      this.#signal?.removeEventListener('abort', stopped);
    }
  }

  async #refusal(path, response) {
    const body = await readBody(response, REASON_BYTES_MAX);
    const reason = body === undefined ? '' :
        firstLine(new TextDecoder().decode(body));
    const kind = kindOf(response.status);
    const error = new DoorError(kind, response.status, `${path}: ${reason}`);
    if (kind !== 'later') return error;
    const seconds = response.headers.get('Retry-After') ?? '';
    return {
      error,
      pause_ms: /^[0-9]{1,9}$/.test(seconds) ? 1000 * seconds : undefined,
    };
  }
}

export function openDoor(options) {
  return new Door(options);
}
