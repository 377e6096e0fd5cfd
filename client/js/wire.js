// Chain bundles as bytes, answers of a log's /v1/ as objects, and single fields
// for what is smaller: as much of protobuf as a resident's check and wallet
// need (proto/bundle.proto, proto/chain.proto, proto/vidimus.proto). Of a bundle
// fields are written in ascending order and only if they have another value than
// their default, so it has one encoding, the same that the C++ client writes.
// Judges nothing: that an answer has a message's shape says nothing of its truth.

const EMPTY = new Uint8Array(0);
// What an object of ours may nest.
const DEPTH_MAX = 8;
const STATES = ['CONTENT_STATE_UNSPECIFIED', 'OPEN', 'WITHHELD', 'RESTRICTED',
  'ERASED'];

// A field: number, name, type, and for a message its fields. A type that ends
// in '*' is repeated.
const REQUEST = [[1, 'signature', 'bytes'], [2, 'count', 'number'],
  [3, 'index', 'number'], [4, 'path', 'bytes']];
const OPENING = [[1, 'entry_id', 'bytes'], [2, 'record_salt', 'bytes'],
  [3, 'record', 'bytes'], [4, 'actor_salt', 'bytes'], [5, 'actor', 'bytes'],
  [6, 'request', 'message', REQUEST]];
const ENTRY = [[1, 'leaf_index', 'number'], [2, 'leaf', 'bytes'],
  [3, 'state', 'state'], [4, 'opening', 'message', OPENING],
  [5, 'notice', 'number']];
const CHAIN = [[1, 'administration', 'number'], [2, 'subject', 'bytes'],
  [3, 'chain_key', 'bytes'], [4, 'vrf_proof', 'bytes'],
  [5, 'entries', 'message*', ENTRY]];
const LEAVES_PROOF = [[1, 'leaf_index', 'number*'], [2, 'leaf', 'bytes*'],
  [3, 'proof', 'bytes']];
const KEYS_PROOF = [[1, 'key', 'bytes*'], [2, 'proof', 'bytes']];
const BUNDLE = [[1, 'origin', 'text'], [2, 'checkpoint', 'bytes'],
  [3, 'leaves', 'message*', LEAVES_PROOF], [4, 'keys', 'message*', KEYS_PROOF],
  [5, 'document', 'bytes*'],
  [6, 'chain', 'message*', [[1, 'chain', 'message', CHAIN],
    [2, 'probe', 'number*']]]];

const ANSWERS = {
  GetChainResponse: [[1, 'size', 'number'], [2, 'checkpoint', 'bytes'],
    [3, 'chain', 'message', CHAIN], [4, 'more', 'truth']],
  ProveKeysResponse: [[1, 'size', 'number'], [2, 'proof', 'bytes'],
    [3, 'checkpoint', 'bytes'],
    [4, 'place', 'message*', [[1, 'key', 'number'],
      [2, 'leaf_index', 'number']]]],
  ProveLeavesResponse: [[1, 'size', 'number'], [2, 'leaf', 'bytes*'],
    [3, 'proof', 'bytes'], [4, 'checkpoint', 'bytes'],
    [6, 'leaf_index', 'number*'], [5, 'document', 'bytes*']],
  FileStatementsResponse: [[1, 'checkpoint', 'bytes'],
    [2, 'leaf_index', 'number*'], [3, 'proof', 'bytes'],
    [4, 'placed', 'message*', [[1, 'leaf', 'bytes'],
      [2, 'chain_index', 'number'], [3, 'chain_key', 'bytes'],
      [4, 'vrf_proof', 'bytes']]]],
};

// What is not so made that the message could come of it.
export class WireError extends Error {}

// Writes from the end to the beginning, so that a message's size is known when
// it is wanted: before the message.
class Backwards {
  #bytes = new Uint8Array(1 << 16);
  #at = this.#bytes.length;

  get size() {
    return this.#bytes.length - this.#at;
  }

  bytes(value) {
    this.#reserve(value.length);
    this.#at -= value.length;
    this.#bytes.set(value, this.#at);
  }

  // A varint; whole numbers below 2^53.
  number(value) {
    if (!Number.isSafeInteger(value) || value < 0) {
      throw new WireError('not a whole number below 2^53');
    }
    const groups = [];
    do {
      groups.push(value % 128);
      value = Math.floor(value / 128);
    } while (value > 0);
    this.#reserve(groups.length);
    for (let i = groups.length; i-- > 0;) {
      this.#bytes[--this.#at] = groups[i] | (i + 1 < groups.length ? 0x80 : 0);
    }
  }

  // All of it; this is then empty.
  take() {
    return this.#bytes.slice(this.#at);
  }

  #reserve(bytes) {
    if (this.#at >= bytes) return;
    const grown = new Uint8Array(2 * this.#bytes.length + bytes);
    grown.set(this.#bytes, grown.length - this.#bytes.length);
    this.#at += grown.length - this.#bytes.length;
    this.#bytes = grown;
  }
}

function writeOne(writer, number, type, fields, value) {
  if (type === 'number' || type === 'state') {
    writer.number(value);
    return writer.number(number * 8);
  }
  const end = writer.size;
  if (type === 'message') {
    writeMessage(writer, fields, value);
  } else {
    writer.bytes(type === 'text' ? new TextEncoder().encode(value) : value);
  }
  writer.number(writer.size - end);
  writer.number(number * 8 + 2);
}

function writeMessage(writer, fields, message) {
  for (let i = fields.length; i-- > 0;) {
    const [number, name, type, inner] = fields[i];
    const value = message[name];
    if (value === undefined) continue;
    if (type.endsWith('*')) {
      for (let k = value.length; k-- > 0;) {
        writeOne(writer, number, type.slice(0, -1), inner, value[k]);
      }
    } else if (type === 'message' || (value !== 0 && value.length !== 0)) {
      writeOne(writer, number, type, inner, value);
    }
  }
}

export function encodeBundle(bundle) {
  const writer = new Backwards();
  writeMessage(writer, BUNDLE, bundle);
  return writer.take();
}

export function fromBase64(text) {
  if (text === '') return EMPTY;
  let binary;
  try {
    binary = atob(text);
  } catch {
    throw new WireError('not base64');
  }
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < bytes.length; ++i) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

export function toBase64(bytes) {
  let binary = '';
  for (let i = 0; i < bytes.length; i += 4096) {
    binary += String.fromCharCode(...bytes.subarray(i, i + 4096));
  }
  return btoa(binary);
}

// 64-bit numbers come as text.
function readNumber(value) {
  const number = typeof value === 'string' && /^[0-9]{1,16}$/.test(value) ?
      Number(value) : value;
  if (!Number.isSafeInteger(number) || number < 0) {
    throw new WireError('not a whole number below 2^53');
  }
  return number;
}

function readOne(type, fields, value, depth) {
  switch (type) {
    case 'number':
      return readNumber(value);
    case 'bytes':
      if (typeof value !== 'string') throw new WireError('not text');
      return fromBase64(value);
    case 'state': {
      const state = STATES.indexOf(value);
      return state >= 0 ? state : readNumber(value);
    }
    case 'truth':
      if (typeof value !== 'boolean') throw new WireError('not true or false');
      return value;
    default:
      return readMessage(fields, value, depth + 1);
  }
}

function isObject(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function readMessage(fields, json, depth) {
  if (!isObject(json) || depth > DEPTH_MAX) {
    throw new WireError('not an object');
  }
  const message = {};
  for (const [, name, type, inner] of fields) {
    const value = json[name.replace(/_./g, (two) => two[1].toUpperCase())];
    if (type.endsWith('*')) {
      if (value !== undefined && !Array.isArray(value)) {
        throw new WireError(`${name}: not a list`);
      }
      message[name] = (value ?? []).map(
          (one) => readOne(type.slice(0, -1), inner, one, depth));
    } else if (value !== undefined) {
      message[name] = readOne(type, inner, value, depth);
    } else if (type !== 'message') {
      message[name] = type === 'bytes' ? EMPTY : type === 'truth' ? false : 0;
    }
  }
  return message;
}

export function readAnswer(name, json) {
  return readMessage(ANSWERS[name], json, 0);
}

// --- Single fields ---

export function concat(...pieces) {
  const size = pieces.reduce((sum, one) => sum + one.length, 0);
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const one of pieces) {
    bytes.set(one, at);
    at += one.length;
  }
  return bytes;
}

function varint(number) {
  const bytes = [];
  let rest = BigInt(number);
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return Uint8Array.from([...bytes, Number(rest)]);
}

// One field; a message is some of them, one after the other.
export function wireBytes(field, bytes) {
  return concat(varint(8 * field + 2), varint(bytes.length), bytes);
}

export function wireNumber(field, number) {
  return concat(varint(8 * field), varint(number));
}

// The fields of a message of any kind, as [number, bytes or number], up to the
// first that is none: then the last is [].
export function* fieldsOf(message) {
  let at = 0;
  const next = () => {
    let value = 0;
    for (let scale = 1; at < message.length; scale *= 128) {
      const byte = message[at++];
      value += (byte % 128) * scale;
      if (byte < 128) return value;
    }
    return NaN;
  };
  while (at < message.length) {
    const tag = next();
    const type = tag % 8;
    const value = next();
    const end = type === 2 ? at + value : at;
    if (Number.isNaN(value) || (type !== 0 && type !== 2) ||
        end > message.length) {
      yield [];
      return;
    }
    yield [Math.floor(tag / 8), type === 2 ? message.subarray(at, end) : value];
    at = end;
  }
}

// Field `wanted` of a message of any kind: its bytes, or its number; the last
// one if there are several. Nothing if there is none, or no message.
export function fieldOf(message, wanted) {
  let found;
  for (const [number, value] of fieldsOf(message)) {
    if (number === undefined) return undefined;
    if (number === wanted) found = value;
  }
  return found;
}

// Which state of which log an access was decided on (proto/record.proto), as
// far as the bytes of a record say: the verifier judges whether that is so.
export function asOfRecord(record) {
  const access = fieldOf(record, 1);
  const asOf = access?.length > 0 ? fieldOf(access, 210) : undefined;
  if (!(asOf?.length > 0)) return undefined;
  const origin = fieldOf(asOf, 1);
  const size = fieldOf(asOf, 2);
  if (!(origin?.length > 0) || !Number.isSafeInteger(size)) return undefined;
  return {origin: new TextDecoder().decode(origin), size};
}
