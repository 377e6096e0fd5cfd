// The verifier in a browser or in node: a thin hand around vidimus.wasm, whose
// functions verifier/c_api.h describes. Nothing here judges anything, asks the
// network, or keeps what it was given. Answers: docs/verifier_api.md.
//
//   const verifier = await loadVerifier(await fetch('vidimus.wasm'));
//   const report = await verifier.judgeChains({logKey, policy, bundle});
//   if (report.finding === 'Ok' && report.complete) ...

const ABI_VERSION = 1;
const ES256 = {name: 'ECDSA', namedCurve: 'P-256'};
// A chain in which one key brings the next is settled in as many rounds.
const ROUNDS_MAX = 64;

// The number of the chain that belongs to no administration.
export const SELF = 0xffffffff;

// `source`: the module's bytes, a Response with them, or a WebAssembly.Module.
// Rejects if it is no such module, or one of another version.
export async function loadVerifier(source) {
  let module = source;
  if (typeof Response === 'function' && source instanceof Response) {
    if (!source.ok) throw new Error(`vidimus.wasm: HTTP ${source.status}`);
    module = await source.arrayBuffer();
  }
  if (!(module instanceof WebAssembly.Module)) {
    module = await WebAssembly.compile(module);
  }
  // Nothing to call means nothing to leak to.
  if (WebAssembly.Module.imports(module).length > 0) {
    throw new Error('vidimus.wasm: a module with imports is none of ours');
  }
  return new Verifier(module, await WebAssembly.instantiate(module, {}));
}

export function hexOf(bytes) {
  let hex = '';
  for (const byte of bytes) hex += byte.toString(16).padStart(2, '0');
  return hex;
}

export function bytesOf(hex) {
  if (!/^([0-9a-f]{2})*$/.test(hex)) throw new TypeError('not lower-case hex');
  const bytes = new Uint8Array(hex.length / 2);
  for (let i = 0; i < bytes.length; ++i) {
    bytes[i] = parseInt(hex.slice(2 * i, 2 * i + 2), 16);
  }
  return bytes;
}

// Text as UTF-8, bytes as they are, nothing as no bytes.
function input(value) {
  if (value === undefined || value === null) return new Uint8Array(0);
  if (typeof value === 'string') return new TextEncoder().encode(value);
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  if (ArrayBuffer.isView(value)) {
    return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  }
  throw new TypeError('neither text nor bytes');
}

function concat(pieces) {
  const all = pieces.map(input);
  const bytes = new Uint8Array(all.reduce((sum, one) => sum + one.length, 0));
  let at = 0;
  for (const one of all) {
    bytes.set(one, at);
    at += one.length;
  }
  return bytes;
}

function bigEndian(numbers, bytesEach) {
  const bytes = new Uint8Array(numbers.length * bytesEach);
  numbers.forEach((number, place) => {
    let rest = BigInt(number);
    for (let i = bytesEach; i > 0; --i) {
      bytes[place * bytesEach + i - 1] = Number(rest & 0xffn);
      rest >>= 8n;
    }
  });
  return bytes;
}

export class Verifier {
  #module;
  #exports;

  constructor(module, instance) {
    this.#module = module;
    this.#take(instance);
  }

  // --- Heads ---

  openHead({logKey, policy, note}) {
    return this.#ask('vidimus_open_head', [logKey, policy, note]);
  }

  consistencyTiles({logKey, older, newer}) {
    return this.#ask('vidimus_consistency_tiles', [logKey, older, newer]);
  }

  // `tiles`: the bytes of each tile that consistencyTiles named, in its order.
  judgeConsistency({logKey, older, newer, tiles = []}) {
    return this.#ask('vidimus_judge_consistency',
        [logKey, older, newer, concat(tiles)]);
  }

  // --- A resident's chains ---

  // Judges a chain bundle whole. What is signed with ES256 is checked by
  // WebCrypto before anything is said of it.
  async judgeChains({logKey, policy, bundle}) {
    const checks = this.#ask('vidimus_es256_checks', [bundle]);
    let settled = await this.#settle(checks.checks ?? []);
    for (let round = 0; ; ++round) {
      const report = this.#ask('vidimus_judge_chains',
          [logKey, policy, bundle, settled]);
      if (!(report.owed?.length > 0) || round === ROUNDS_MAX) return report;
      settled = concat([settled, await this.#settle(report.owed)]);
    }
  }

  readProofs({logKey, parts}) {
    return this.#ask('vidimus_read_proofs', [logKey, parts]);
  }

  // The labels of entries with these numbers, hex.
  chainLabels({chainKey, numbers}) {
    return this.#ask('vidimus_chain_labels',
        [chainKey, bigEndian(numbers, 8)]);
  }

  // `ids`: [{type, number, version}].
  registerKeys(ids) {
    return this.#ask('vidimus_register_keys', [concat(ids.map((id) => concat([
      bigEndian([id.type], 1), bigEndian([id.number], 4),
      bigEndian([id.version], 8)])))]);
  }

  // --- Single pieces of evidence ---

  judgeEntry({logKey, bundle}) {
    return this.#ask('vidimus_judge_entry', [logKey, bundle]);
  }

  judgeRegisterProof({logKey, file}) {
    return this.#ask('vidimus_judge_register_proof', [logKey, file]);
  }

  judgeConviction({logKey, file}) {
    return this.#ask('vidimus_judge_conviction', [logKey, file]);
  }

  judgeInclusion({logKey, entry, proof}) {
    return this.#ask('vidimus_judge_inclusion', [logKey, entry, proof]);
  }

  // --- Statements ---

  // What a wallet signs. `statement` is an object with the fields of a
  // Statement message, or such a message's bytes; `bytes` of the answer are
  // what is filed beside the signature.
  statementToSign({origin, subject, administration, statement}) {
    let bytes = statement;
    if (!(ArrayBuffer.isView(statement) || statement instanceof ArrayBuffer)) {
      const encoded = this.encode('Statement', statement);
      if (encoded.finding !== 'Ok') return encoded;
      bytes = bytesOf(encoded.bytes);
    }
    const answer = this.#ask('vidimus_statement_to_sign',
        [origin, subject, administration, bytes]);
    if (answer.finding === 'Ok') answer.bytes = hexOf(input(bytes));
    return answer;
  }

  async judgeStatement({origin, record, publicKey}) {
    const ask = (settled) => this.#ask('vidimus_judge_statement',
        [origin, record, publicKey, settled]);
    const answer = ask();
    if (!(answer.owed?.length > 0)) return answer;
    return ask(await this.#settle(answer.owed));
  }

  // --- Messages and words ---

  decode(name, message) {
    return this.#ask('vidimus_decode', [name, message]);
  }

  encode(name, fields) {
    return this.#ask('vidimus_encode', [name, JSON.stringify(fields)]);
  }

  words() {
    return this.#ask('vidimus_words', []);
  }

  // One function of c_api.h by its name, with its inputs in order; the answer
  // is text. For tests.
  call(name, inputs) {
    return this.#call(name, inputs);
  }

  #take(instance) {
    this.#exports = instance.exports;
    this.#exports.__wasm_call_ctors?.();
    const version = this.#exports.vidimus_abi_version?.();
    if (version !== ABI_VERSION) {
      throw new Error(`vidimus.wasm: version ${version}, not ${ABI_VERSION}`);
    }
  }

  #ask(name, inputs) {
    return JSON.parse(this.#call(name, inputs));
  }

  #call(name, inputs) {
    const given = [];
    const parameters = [];
    try {
      for (const value of inputs) {
        if (typeof value === 'number') {
          parameters.push(value);
          continue;
        }
        const bytes = input(value);
        let at = 0;
        if (bytes.length > 0) {
          at = this.#exports.vidimus_alloc(bytes.length) >>> 0;
          if (at === 0) throw new RangeError('vidimus: out of memory');
          given.push(at);
          new Uint8Array(this.#exports.memory.buffer, at, bytes.length)
              .set(bytes);
        }
        parameters.push(at, bytes.length);
      }
      const answer = this.#exports[name](...parameters) >>> 0;
      if (answer === 0) throw new RangeError('vidimus: out of memory');
      given.push(answer);
      const memory = new Uint8Array(this.#exports.memory.buffer);
      return new TextDecoder('utf-8', {fatal: true})
          .decode(memory.subarray(answer, memory.indexOf(0, answer)));
    } catch (error) {
      // Only a lack of memory gets here. What is in the instance's memory is
      // worth nothing now.
      this.#take(new WebAssembly.Instance(this.#module, {}));
      given.length = 0;
      throw error;
    } finally {
      for (const at of given) this.#exports.vidimus_free(at);
    }
  }

  // Answers to ES256 checks, by WebCrypto.
  async #settle(checks) {
    const answers = await Promise.all(checks.map(async (check) => {
      let good = false;
      try {
        const key = await crypto.subtle.importKey(
            'raw', bytesOf(check.public_key), ES256, false, ['verify']);
        good = await crypto.subtle.verify({name: 'ECDSA', hash: 'SHA-256'},
            key, bytesOf(check.signature), bytesOf(check.message));
      } catch (error) {
        // A key that is no point of the curve.
        if (error instanceof TypeError) throw error;
      }
      return concat([bytesOf(check.id), Uint8Array.of(good ? 1 : 0)]);
    }));
    return concat(answers);
  }
}
