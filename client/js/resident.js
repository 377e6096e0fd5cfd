// A resident's check on their own device: what client/resident.cc does, in a
// browser or in node. It asks one log for everything that a chain bundle must
// hold, draws the probes before it asks for their proof, and has the verifier
// judge the bundle. What is demanded and why: docs/completeness.md; how to call
// it: docs/verifier_api.md.
//
//   const check = await checkResident({verifier, door, logKey, policy, memory});
//   if (check.finding === 'Ok') ...
//
// Nothing that a log answers is believed, and nothing of it makes this throw:
// each way in which a check can fail has a name in FAILURES.

import {DoorError, KEYS_EACH, LEAVES_EACH} from './door.js';
import {MemoryError, openMemory} from './memory.js';
import {SELF, bytesOf, hexOf} from './vidimus.js';
import {WireError, asOfRecord, encodeBundle, readAnswer, toBase64} from
  './wire.js';

// Every way to fail, gravest first, with its kind. `wrong`: what the log shows
// is not so. `unchecked`: nothing is known to be wrong, and not all could be
// checked. `unvouched`: all is as it should be, as far as the log alone can
// show it; nobody who was asked for stands behind that.
export const FAILURES = Object.freeze({
  // The log does not hold what it held at the last check.
  HeadForked: 'wrong',
  // The log has gone back behind the head of the last check.
  HeadRewound: 'wrong',
  // Not signed by the log's key, or no head of a log.
  HeadForged: 'wrong',
  // The chains of somebody else.
  NotThisPerson: 'wrong',
  // An entry stands in the log and was not shown.
  EntryMissing: 'wrong',
  // Entries stand behind a number without one.
  Hole: 'wrong',
  // There were more entries at the last check.
  EntriesLost: 'wrong',
  // What is shown of an entry is not what was logged, or not signed by whom it
  // names.
  EntryForged: 'wrong',
  // Content is not shown, and nothing accounts for that.
  ContentMissing: 'wrong',
  // What an administration filed is no record.
  ContentUnreadable: 'wrong',
  // A chain's key is not the one that it must have.
  ChainForged: 'wrong',
  // Leaves, or the proof that they stand in the log.
  LeavesForged: 'wrong',
  // What the index is said to hold.
  IndexForged: 'wrong',
  // A document of the register, or its place.
  RegisterForged: 'wrong',
  // The probes that were judged are not those drawn here.
  ProbesExchanged: 'wrong',

  // The log does not show that it extends the head of the last check.
  HeadUnlinked: 'unchecked',
  // The newest head says nothing about the last day.
  HeadStale: 'unchecked',
  // The head is from a day that has not come yet.
  ClocksDisagree: 'unchecked',
  SignedOut: 'unchecked',
  Unreachable: 'unchecked',
  // The log has too much to do.
  Later: 'unchecked',
  // The log said no.
  Refused: 'unchecked',
  // The log answered what none answers.
  AnswerUnusable: 'unchecked',
  // The log did not show every chain.
  ChainUnanswered: 'unchecked',
  // No monitor vouches, and the index was not asked.
  PresenceUnproven: 'unchecked',
  // Signatures that this device could not check: there are no verdicts.
  SignaturesUnsettled: 'unchecked',
  // What the device keeps cannot be read or written.
  MemoryUnusable: 'unchecked',
  // The page was set up with a key or a policy that is none.
  ConfigUnusable: 'unchecked',
  // The verifier itself gave up, out of memory perhaps.
  VerifierFailed: 'unchecked',

  // No monitor that counts has read all of the log at this head.
  NoMonitor: 'unvouched',
  // Fewer witnesses than the policy asks for have seen this head.
  WitnessMissing: 'unvouched',
});

const CHECKPOINT_BYTES_MAX = 64 << 10;
const DOCUMENT_BYTES_MAX = 1 << 20;
const TILE_BYTES = 256 * 32;
const LEAF_BYTES = 65;
const SEAL = 2;
const REGISTER = 3;
// As the verifier's: versions of a document, numbers of a type, entries of a
// chain.
const VERSIONS_MAX = 4096;
const NUMBERS_MAX = 4096;
const ENTRIES_MAX = 65536;
// Numbers of the register that are looked up ahead: as many as are known
// already, and no fewer or more than these.
const NUMBERS_AHEAD_MIN = 4;
const NUMBERS_AHEAD_MAX = 64;
const CONFIG = 0;
const ADMINISTRATION = 1;
// Not analyses and counts, which grow with the use of the log and which no
// verdict rests on: provisions, purposes, categories, AI systems, identity
// services.
const TYPES_ASKED = [ADMINISTRATION, 2, 3, 4, 5, 8];
// Leaves after a document among which its seal is looked for at once, and in
// all.
const SEAL_STEP = 256;
const SEAL_DISTANCE_MAX = 1 << 20;
// The log may forget the runs of an old head while we ask.
const HEADS_TRIED_MAX = 3;
const CHAINS_AT_ONCE = 4;
const PROBES = 8;
const PROBES_NEAR = 4;
const PROBE_NEAR_MAX = 64;
const PROBE_FAR_POWERS = 20;
const HEAD_AGE_S_MAX = 24 * 3600;
// What one check reads, and how many documents it asks for: no bundle that the
// verifier takes has more.
const BYTES_MAX = 512 << 20;
const DOCUMENTS_MAX = 65536;
// Told one by one; a chain that is wrong in all of its entries is told by some.
const FAILURES_MAX = 256;

const RANKS = new Map(Object.keys(FAILURES).map((name, rank) => [name, rank]));

// One failure on its way to whoever asked.
class CheckError extends Error {
  constructor(name, detail, more = {}) {
    super(detail);
    this.failure = {name, kind: FAILURES[name], detail, ...more};
  }
}

// --- Findings ---

// What is wrong when a part of a bundle is.
const OF_PARTS = {
  log_key: 'ConfigUnusable',
  policy: 'ConfigUnusable',
  origin: 'HeadForged',
  checkpoint: 'HeadForged',
  cosignatures: 'HeadForged',
  older: 'MemoryUnusable',
  newer: 'HeadForged',
  leaves: 'LeavesForged',
  keys: 'IndexForged',
  register: 'RegisterForged',
  chains: 'ChainForged',
  // A file that we made of what the log said.
  file: 'AnswerUnusable',
};

// What is wrong whatever part it is found in.
const OF_FINDINGS = {
  TreeShrank: 'HeadRewound',
  TwoHistories: 'HeadForked',
  OldRootMismatch: 'HeadForked',
  HeadWithoutSeal: 'HeadForged',
  PresenceUnproven: 'PresenceUnproven',
  IndexKeyTwice: 'IndexForged',
};

// Of one chain.
const OF_CHAINS = {
  ChainMissing: 'ChainUnanswered',
  PresenceUnproven: 'PresenceUnproven',
  ChainGoesOn: 'EntryMissing',
  LeafUnproven: 'EntryMissing',
  KeyUnproven: 'EntryMissing',
  ChainHole: 'Hole',
  ProbePresent: 'Hole',
  ProbesMissing: 'ProbesExchanged',
  EntryMismatch: 'EntryForged',
  LeafNotOfKey: 'EntryForged',
  IndexKeyTwice: 'IndexForged',
};

const OF_CONTENTS = {missing: 'ContentMissing', forged: 'EntryForged'};

function throwIfFound(answer) {
  if (answer.finding === 'Ok') return answer;
  let name = OF_FINDINGS[answer.finding] ?? OF_PARTS[answer.part];
  if (answer.part === 'consistency' && !OF_FINDINGS[answer.finding]) {
    // Tiles that do not fit show nothing; those that lead to another root do.
    name = answer.finding === 'TileSize' ? 'HeadUnlinked' : 'HeadForked';
  }
  throw new CheckError(name ?? 'VerifierFailed',
      `${answer.part ?? 'evidence'}: ${answer.sentence}`,
      {finding: answer.finding, part: answer.part});
}

// Of doors, of memory, of what came out of them, and of the verifier.
function failureOf(error) {
  if (error instanceof CheckError) return error.failure;
  let name = 'VerifierFailed';
  if (error instanceof MemoryError) name = 'MemoryUnusable';
  if (error instanceof WireError) name = 'AnswerUnusable';
  if (error instanceof DoorError) {
    name = {
      'unreachable': 'Unreachable', 'later': 'Later',
      'signed-out': 'SignedOut', 'refused': 'Refused',
    }[error.kind] ?? 'AnswerUnusable';
  }
  return {name, kind: FAILURES[name], detail: String(error?.message ?? error)};
}

// --- Asking ---

// A whole number below `end`, evenly.
function randomBelow(end) {
  const drawn = new Uint32Array(1);
  const fair = 2 ** 32 - 2 ** 32 % end;
  do {
    crypto.getRandomValues(drawn);
  } while (drawn[0] >= fair);
  return drawn[0] % end;
}

const ascending = (a, b) => a - b;

// Four numbers from n+1 to n+64, and four far ones, as many from each power of
// two, up to n+2^20: all different.
function drawProbes(end) {
  const offsets = new Set();
  while (offsets.size < PROBES_NEAR) {
    offsets.add(1 + randomBelow(PROBE_NEAR_MAX));
  }
  while (offsets.size < PROBES) {
    const least = 2 ** randomBelow(PROBE_FAR_POWERS);
    offsets.add(least + 1 + randomBelow(least));
  }
  return [...offsets].map((offset) => end + offset).sort(ascending);
}

async function hashOf(bytes) {
  return hexOf(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)));
}

function isMissing(error) {
  return error instanceof DoorError && error.status === 404;
}

// Gathers one bundle at one head.
class Asker {
  #verifier;
  #door;
  #logKey;
  #policy;
  #onProgress;

  bundle = {leaves: [], keys: [], document: [], chain: []};
  // Of each administration's chain the numbers by their labels.
  numbers = new Map();
  unanswered = [];
  // Why a document could not be had.
  missingDocument;
  head;
  time_s;
  // The answer about who cosigned the head, and whether it was chosen for that.
  opened = {};
  cosigned = false;

  #headLeaves;
  #bytesBefore;
  #administrations = 0;
  #documentsAsked = 0;
  // Of the register: the keys of documents by type, number and version, and by
  // key where the log says that it stands, null: nowhere.
  #registerKeys = new Map();
  #places = new Map();
  // What is to be proven: keys with whose leaf it is if there is one.
  #wantedKeys = new Map();
  #wantedLeaves = new Set();
  #entryLeaves = new Set();
  #registerLeaves = new Set();
  #administrationLeaves = new Set();
  // By leaf index, as the log says.
  #leaves = new Map();
  // By their hashes.
  #documents = new Map();

  constructor({verifier, door, logKey, policy, onProgress}) {
    this.#verifier = verifier;
    this.#door = door;
    this.#logKey = logKey;
    this.#policy = policy;
    this.#onProgress = onProgress ?? (() => {});
    this.#bytesBefore = door.bytesRead;
  }

  // At a head that extends `kept`; with `cosigned` at the newest that those
  // whom the policy names have cosigned, if the log shows one.
  async gather(kept, cosigned) {
    this.#onProgress({step: 'head'});
    await this.#askHead(kept, cosigned);
    this.#onProgress({step: 'register'});
    await this.#askRegister();
    await this.#askChains();
    this.#onProgress({step: 'keys'});
    await this.#askKeys();
    this.#onProgress({step: 'leaves'});
    if (!await this.#askBatches()) await this.#askSeals();
    await this.#askLeaves();
    await this.#askDocuments();
  }

  get vouched() {
    return (this.opened.monitors_at_s ?? null) !== null;
  }

  // Leaves that the index of the head's seal speaks of.
  get #covered() {
    return this.head.size - 1;
  }

  async #open(note) {
    const opened = await this.#verifier.openHead(
        {logKey: this.#logKey, policy: this.#policy, note});
    if (opened.finding === 'Ok' && !(opened.head.size >= 2 &&
        Number.isSafeInteger(opened.head.size))) {
      throw new CheckError('HeadForged', 'checkpoint: no head of an access log');
    }
    return opened;
  }

  async #askHead(kept, cosigned) {
    let note;
    if (cosigned) note = await this.#askCosigned(kept.size);
    this.cosigned = note !== undefined;
    note ??= await this.#door.get('checkpoint', CHECKPOINT_BYTES_MAX);
    this.opened = throwIfFound(await this.#open(note));
    this.head = this.opened.head;
    if (kept.checkpoint !== null) {
      await this.#judgeExtends(kept.checkpoint, note);
    }
    this.bundle.origin = this.head.origin;
    this.bundle.checkpoint = note;
    this.#wantedLeaves = new Set([0, this.#covered]);
    const indices = [...this.#wantedLeaves];
    const {leaf, proof} = await this.#askForLeaves({leaf_index: indices});
    this.#headLeaves = {leaf_index: indices, leaf, proof};
    this.time_s = (await this.#prove([])).time_s;
  }

  // The newest head that is cosigned as the policy wants it; nothing if there
  // is none, or if it is behind the one that is kept.
  async #askCosigned(sizeMin) {
    try {
      const note =
          await this.#door.get('cosigned/checkpoint', CHECKPOINT_BYTES_MAX);
      const opened = await this.#open(note);
      if (opened.finding === 'Ok' && opened.head.size >= sizeMin &&
          (opened.monitors_at_s !== null || opened.quorum_at_s !== null)) {
        return note;
      }
    } catch (error) {
      if (!(error instanceof DoorError || error instanceof CheckError)) {
        throw error;
      }
    }
    return undefined;
  }

  async #judgeExtends(older, newer) {
    const ask = {logKey: this.#logKey, older, newer};
    const tiles = [];
    for (const {path, bytes} of
        throwIfFound(await this.#verifier.consistencyTiles(ask)).tiles) {
      try {
        tiles.push(await this.#askTile(path, bytes));
      } catch (error) {
        // Not to show a proof is no proof of anything: an alarm.
        throw new CheckError('HeadUnlinked', failureOf(error).detail);
      }
    }
    throwIfFound(await this.#verifier.judgeConsistency({...ask, tiles}));
  }

  // The full tile's prefix stands in for a partial one that is gone.
  async #askTile(path, bytes) {
    try {
      return await this.#door.get(path, TILE_BYTES);
    } catch (error) {
      const full = path.replace(/\.p\/[0-9]+$/, '');
      if (!isMissing(error) || full === path) throw error;
      return (await this.#door.get(full, TILE_BYTES)).subarray(0, bytes);
    }
  }

  async #post(method, answer, body) {
    if (this.#door.bytesRead - this.#bytesBefore > BYTES_MAX) {
      throw new CheckError('AnswerUnusable', 'more bytes than a check reads');
    }
    const json = await this.#door.post(
        method, {origin: this.bundle.origin ?? this.head.origin, ...body});
    try {
      return readAnswer(answer, json);
    } catch (error) {
      throw error instanceof WireError ?
          new WireError(`${method}: ${error.message}`) : error;
    }
  }

  async #askForLeaves({leaf_index, wholeBatches}) {
    return this.#post('v1/leaves', 'ProveLeavesResponse', {
      leafIndex: leaf_index.map(String), size: String(this.head.size),
      wholeBatches,
    });
  }

  async #askForKeys(keys, withoutProof) {
    return this.#post('v1/keys', 'ProveKeysResponse', {
      keys: keys.map((key) => toBase64(bytesOf(key))),
      size: String(this.#covered), withoutProof,
    });
  }

  // Judges the head's leaves, and keys under its seal. All other leaves are
  // judged with the bundle.
  async #prove(keys) {
    const parts = encodeBundle({
      checkpoint: this.bundle.checkpoint, leaves: [this.#headLeaves], keys,
    });
    return throwIfFound(
        await this.#verifier.readProofs({logKey: this.#logKey, parts}));
  }

  async #askLeavesAt(leaf_index) {
    const {leaf, proof} = await this.#askForLeaves({leaf_index});
    return this.#takeLeaves({leaf_index, leaf, proof});
  }

  #takeLeaves(part) {
    part.leaf_index.forEach((index, i) => this.#leaves.set(index, part.leaf[i]));
    return part;
  }

  // --- The register ---

  // Asks where register keys stand until of each document the newest version
  // is known, and the first number that there is not: the log's word, which
  // #askKeys has proven.
  async #askRegister() {
    await this.#askDocument(CONFIG, 0);
    for (const type of TYPES_ASKED) {
      let number = 0;
      while (await this.#askDocument(type, number) > 0) {
        if (++number >= NUMBERS_MAX) {
          throw new CheckError('AnswerUnusable',
              'the register has more numbers of a type than are read');
        }
      }
      if (type === ADMINISTRATION) this.#administrations = number;
    }
  }

  // How many versions there are, each of which is wanted.
  async #askDocument(type, number) {
    for (let version = 0; version < VERSIONS_MAX; ++version) {
      const id = `${type} ${number} ${version}`;
      if (!this.#places.has(this.#registerKeys.get(id))) {
        await this.#askAhead({type, number, version});
      }
      const key = this.#registerKeys.get(id);
      const place = this.#places.get(key);
      this.#want(key, place, this.#registerLeaves);
      if (place === null) return version;
      if (type === ADMINISTRATION) this.#administrationLeaves.add(place);
      if (++this.#documentsAsked > DOCUMENTS_MAX) break;
    }
    throw new CheckError('AnswerUnusable',
        'the register has more documents than are read');
  }

  // Where a monitor vouches for the index, the leaf is enough.
  #want(key, place, leaves) {
    if (place !== null && place < this.#covered) {
      this.#wantedLeaves.add(place);
      leaves.add(place);
      if (this.vouched) return;
    }
    this.#wantedKeys.set(key, leaves);
  }

  // Asks for the places of a key of the register and of those that will be
  // asked for next.
  async #askAhead({type, number, version}) {
    const ids = [];
    for (const next of [version, version + 1]) {
      ids.push({type, number, version: next});
      if (version > 0) continue;
      const ahead = Math.min(
          Math.max(number, NUMBERS_AHEAD_MIN), NUMBERS_AHEAD_MAX);
      for (const other of TYPES_ASKED) {
        if (type !== other && type !== CONFIG) continue;
        for (let i = 0; i < ahead; ++i) {
          ids.push({type: other, number: type === other ? number + i : i,
            version: next});
        }
      }
    }
    const {keys} = throwIfFound(await this.#verifier.registerKeys(ids));
    ids.forEach((id, i) => {
      this.#registerKeys.set(`${id.type} ${id.number} ${id.version}`, keys[i]);
    });
    const asked = [...new Set(keys)].sort();
    const answer = await this.#askForKeys(asked, true);
    for (const key of asked) this.#places.set(key, null);
    for (const {key, leaf_index} of answer.place) {
      if (key >= asked.length) {
        throw new CheckError('IndexForged',
            'the log says where a key stands that nobody asked for');
      }
      this.#places.set(asked[key], leaf_index);
    }
  }

  // --- Chains ---

  async #askChains() {
    const numbers = [...Array(this.#administrations).keys(), SELF];
    const answers = new Array(numbers.length);
    let next = 0;
    let done = 0;
    this.#onProgress({step: 'chains', done, of: numbers.length});
    const askSome = async () => {
      while (next < numbers.length) {
        const place = next++;
        answers[place] = await this.#askChain(numbers[place]);
        this.#onProgress({step: 'chains', done: ++done, of: numbers.length});
      }
    };
    const asking = Array.from({length: CHAINS_AT_ONCE}, askSome);
    try {
      await Promise.all(asking);
    } catch (error) {
      next = numbers.length;
      await Promise.allSettled(asking);
      throw error;
    }
    for (const {administration, chain, reason} of answers) {
      if (chain === undefined) {
        this.unanswered.push({administration, reason});
      } else {
        await this.#takeChain(chain);
      }
    }
  }

  async #askChain(administration) {
    let chain;
    try {
      while (true) {
        const answer = await this.#post('v1/chain', 'GetChainResponse', {
          administration, size: String(this.head.size),
          firstEntry: String(chain?.entries.length ?? 0),
        });
        if (answer.chain === undefined) throw new WireError('no chain');
        const count = answer.chain.entries.length;
        if (chain === undefined) {
          chain = answer.chain;
        } else {
          for (const entry of answer.chain.entries) chain.entries.push(entry);
        }
        if (!answer.more || count === 0) return {administration, chain};
        if (chain.entries.length > ENTRIES_MAX) {
          throw new WireError(`a chain of more than ${ENTRIES_MAX} entries`);
        }
      }
    } catch (error) {
      const {name, detail} = failureOf(error);
      // It would be the same of every chain; what is no answer is one of this.
      if (name === 'SignedOut' || !(error instanceof DoorError ||
          error instanceof WireError)) {
        throw error;
      }
      return {administration, reason: detail};
    }
  }

  async #takeChain(chain) {
    const end = chain.entries.length;
    const probe = drawProbes(end);
    this.bundle.chain.push({chain, probe});
    if (chain.chain_key.length !== 32) return;
    const {labels} = throwIfFound(await this.#verifier.chainLabels({
      chainKey: chain.chain_key,
      numbers: [...Array(end + 1).keys(), ...probe],
    }));
    chain.entries.forEach(({leaf_index}, i) => {
      this.#want(labels[i], leaf_index, this.#entryLeaves);
    });
    for (const label of labels.slice(end)) {
      this.#want(label, null, this.#entryLeaves);
    }
    this.numbers.set(chain.administration, new Map(
        labels.slice(0, end + 1).map((label, number) => [label, number])));
  }

  // --- Proofs ---

  // One proof for everything that a bundle needs, or as few as the log's limit
  // allows.
  async #askKeys() {
    const keys = [...this.#wantedKeys.keys()].sort();
    for (let first = 0; first < keys.length; first += KEYS_EACH) {
      const asked = keys.slice(first, first + KEYS_EACH);
      const {proof} = await this.#askForKeys(asked);
      const part = {key: asked.map(bytesOf), proof};
      const shown = await this.#prove([part]);
      this.bundle.keys.push(part);
      // What the index itself says, where the log said something else.
      for (const {key, leaf_index} of shown.keys) {
        if (leaf_index === null || !(leaf_index < this.#covered)) continue;
        this.#wantedLeaves.add(leaf_index);
        this.#wantedKeys.get(key).add(leaf_index);
      }
    }
  }

  // Asks for the whole batches of entries and documents, so that it is known
  // when they stood in the log, and for the seal of each state that an access
  // names. False for a log that does not show batches: that leaves the bundle
  // without verdicts, not without completeness.
  async #askBatches() {
    for (const {chain} of this.bundle.chain) {
      for (const {opening} of chain.entries) {
        const asOf = opening && asOfRecord(opening.record);
        if (asOf && asOf.origin === this.bundle.origin && asOf.size > 0 &&
            asOf.size <= this.head.size) {
          this.#wantedLeaves.add(asOf.size - 1);
        }
      }
    }
    const missing = new Set(
        [...this.#entryLeaves, ...this.#registerLeaves].sort(ascending));
    while (missing.size > 0) {
      let answer;
      try {
        answer = await this.#askForLeaves(
            {leaf_index: [...missing].slice(0, LEAVES_EACH),
              wholeBatches: true});
      } catch (error) {
        if (error instanceof DoorError || error instanceof WireError) {
          return false;
        }
        throw error;
      }
      const before = missing.size;
      for (const index of answer.leaf_index) missing.delete(index);
      if (missing.size === before) return false;
      const {leaf_index, leaf, proof, document} = answer;
      this.bundle.leaves.push(this.#takeLeaves({leaf_index, leaf, proof}));
      for (const index of leaf_index) this.#wantedLeaves.delete(index);
      for (const one of document) {
        this.#documents.set(await hashOf(one), one);
      }
    }
    return true;
  }

  // Finds the seal that ends the batch of each administration's document, so
  // that it is known for which entries it counted.
  async #askSeals() {
    const entries = [...this.#entryLeaves].sort(ascending);
    let lastSeal = -1;
    for (const document of [...this.#administrationLeaves].sort(ascending)) {
      if (lastSeal > document) continue;
      let seal = -1;
      for (let from = document + 1; seal < 0; from += SEAL_STEP) {
        if (from >= this.head.size || from > document + SEAL_DISTANCE_MAX) {
          throw new CheckError(
              'RegisterForged', 'a batch of the register has no seal');
        }
        const indices = [];
        for (let i = from; i < Math.min(from + SEAL_STEP, this.head.size); ++i) {
          indices.push(i);
        }
        await this.#askLeavesAt(indices);
        seal = indices.find((i) => this.#leaves.get(i)?.[0] === SEAL) ?? -1;
      }
      this.#wantedLeaves.add(seal);
      // What stands between the two is in the document's own batch; that is
      // shown by all leaves between.
      for (const entry of entries) {
        if (entry <= document || entry >= seal) continue;
        for (let i = document + 1; i < entry; ++i) this.#wantedLeaves.add(i);
      }
      lastSeal = seal;
    }
  }

  async #askLeaves() {
    const indices = [...this.#wantedLeaves].sort(ascending);
    for (let first = 0; first < indices.length; first += LEAVES_EACH) {
      this.bundle.leaves.push(
          await this.#askLeavesAt(indices.slice(first, first + LEAVES_EACH)));
    }
  }

  async #askDocuments() {
    const added = new Set();
    for (const index of [...this.#registerLeaves].sort(ascending)) {
      const leaf = this.#leaves.get(index);
      if (leaf?.length !== LEAF_BYTES || leaf[0] !== REGISTER) continue;
      const hash = hexOf(leaf.subarray(33));
      if (added.has(hash)) continue;
      added.add(hash);
      const document = this.#documents.get(hash) ?? await this.#askFor(hash);
      if (document !== undefined) this.bundle.document.push(document);
    }
  }

  // What a leaf says that is a document's hash. Whether it was a leaf of the
  // log, the verifier will know.
  async #askFor(hash) {
    let document;
    try {
      document = await this.#door.get(`register/${hash}`, DOCUMENT_BYTES_MAX);
    } catch (error) {
      if (!isMissing(error)) throw error;
      this.missingDocument = error;
      return undefined;
    }
    if (await hashOf(document) !== hash) {
      throw new CheckError('RegisterForged', `register/${hash}: another document`);
    }
    return document;
  }
}

// --- The check ---

function sameNumbers(a, b) {
  return a.length === b.length && a.every((number, i) => number === b[i]);
}

// Whether what is shown as an entry is one further on.
function isFurtherOn({administration, entry}, asker) {
  const shown = asker.bundle.chain.find(
      ({chain}) => chain.administration === administration);
  const label = hexOf(
      shown?.chain.entries[entry]?.leaf.subarray(1, 33) ?? new Uint8Array(0));
  return asker.numbers.get(administration)?.get(label) > entry;
}

// What a report shows that should not be, in the order of the chains.
function failuresOf(report, asker) {
  const failures = [];
  const add = (name, detail, more) => {
    failures.push({name, kind: FAILURES[name], detail, ...more});
  };
  if (report.quorum_needed && report.quorum_at_s === null) {
    add('WitnessMissing', 'the policy\'s quorum has not cosigned this head');
  }
  if (report.monitors_at_s === null) {
    add('NoMonitor', 'no monitor that counts has cosigned this head');
  }
  if (report.owed?.length > 0) {
    add('SignaturesUnsettled', 'signatures could not be checked');
  }
  const shown = new Map(asker.bundle.chain.map(
      (one) => [one.chain.administration, one]));
  const reasons = new Map(asker.unanswered.map(
      ({administration, reason}) => [administration, reason]));
  for (const chain of report.chains) {
    const {administration, finding} = chain;
    if (finding !== 'Ok') {
      let name = OF_CHAINS[finding] ?? 'ChainForged';
      if (name === 'EntryForged' && isFurtherOn(chain, asker)) name = 'Hole';
      add(name,
          reasons.get(administration) ?? chain.sentence,
          {finding, administration, entry: chain.entry});
      continue;
    }
    if (!sameNumbers(shown.get(administration).probe, chain.probes)) {
      add('ProbesExchanged', 'other probes than those drawn here',
          {administration});
    }
    chain.entries.forEach(({content, finding, sentence}, entry) => {
      if (finding === 'Ok' || failures.length >= FAILURES_MAX) return;
      add(OF_CONTENTS[content] ?? 'ContentUnreadable', sentence,
          {finding, administration, entry});
    });
  }
  return failures;
}

// A bundle of several people's chains, or of chains that nobody asked for.
function judgeSubjects({bundle}) {
  const subjects = new Set(
      bundle.chain.map(({chain}) => hexOf(chain.subject)));
  if (subjects.size > 1) {
    throw new CheckError('NotThisPerson', 'chains of several people');
  }
}

// Whose chains these are, against whoever asks and whoever asked before.
async function judgePerson(report, subject, memory, recalled) {
  // Not one chain was shown.
  if (report.subject === '') return {person: recalled.person, is: 'new'};
  const person = await memory.nameOf('person', bytesOf(report.subject));
  if (subject !== undefined && subject !== null) {
    return {person,
      is: hexOf(bytesFrom(subject)) === report.subject ? 'known' : 'another'};
  }
  if (recalled.person === null) return {person, is: 'new'};
  return {person, is: recalled.person === person ? 'known' : 'another'};
}

function bytesFrom(value) {
  if (typeof value === 'string') return new TextEncoder().encode(value);
  return ArrayBuffer.isView(value) ?
      new Uint8Array(value.buffer, value.byteOffset, value.byteLength) :
      new Uint8Array(value);
}

// How long each chain is, by its opaque name; with failures for those that
// were longer.
async function judgeCounts(report, asker, memory, recalled, failures) {
  const counts = new Map();
  const shown = new Map(asker.bundle.chain.map(
      ({chain}) => [chain.administration, chain]));
  for (const {administration, finding, entries} of report.chains) {
    if (finding !== 'Ok') continue;
    const name =
        await memory.nameOf('chain', shown.get(administration).chain_key);
    counts.set(name, entries.length);
    const before = recalled.counts.get(name) ?? 0;
    if (entries.length >= before) continue;
    failures.push({
      name: 'EntriesLost', kind: FAILURES.EntriesLost, administration,
      detail: `${entries.length} entries, and ${before} at the last check`,
    });
  }
  return counts;
}

class Check {
  #options;
  #result = {
    finding: 'Ok', failures: [], unanswered: [], vouched: false, witnesses: [],
    person: 'new',
  };
  #asker;

  constructor(options) {
    this.#options = {...options};
    this.#options.now ??= Math.floor(Date.now() / 1000);
    this.#options.headAge_s_max ??= HEAD_AGE_S_MAX;
  }

  async make() {
    try {
      await this.#make();
    } catch (error) {
      const failure = failureOf(error);
      this.#result.failures.push(failure);
      // Nobody's to see but theirs.
      if (failure.name === 'NotThisPerson') delete this.#result.bundle;
    }
    return this.#sum();
  }

  async #make() {
    const {verifier, logKey, policy} = this.#options;
    const result = this.#result;
    // A verifier key is NAME+HASH+KEY, and its name is the log's origin.
    const origin = String(logKey).trim().split('+', 1)[0];
    const {memory, recalled} = await this.#remember(origin);
    await this.#gather(recalled);
    const asker = this.#asker;
    result.unanswered = asker.unanswered;
    judgeSubjects(asker);

    this.#options.onProgress?.({step: 'judging'});
    result.bundle = encodeBundle(asker.bundle);
    const report =
        await verifier.judgeChains({logKey, policy, bundle: result.bundle});
    if (report.finding === 'DocumentMissing' && asker.missingDocument) {
      throw asker.missingDocument;
    }
    throwIfFound(report);
    const {person, is} = await judgePerson(
        report, this.#options.subject, memory, recalled);
    result.person = is;
    if (is === 'another') {
      throw new CheckError('NotThisPerson', 'the chains of somebody else');
    }
    result.report = report;
    result.failures.push(...failuresOf(report, asker));
    const before = result.failures.length;
    const counts = await judgeCounts(
        report, asker, memory, recalled, result.failures);
    if (result.failures.length > before) return;
    await memory.keep(origin, {
      checkpoint: asker.bundle.checkpoint, size: asker.head.size, counts,
      person,
    });
  }

  // A device that keeps nothing, or something that is not what a check leaves,
  // can still show what there is; but nobody knows what there was.
  async #remember(origin) {
    try {
      const memory = await this.#options.memory;
      return {memory, recalled: await memory.recall(origin)};
    } catch (error) {
      if (!(error instanceof MemoryError)) throw error;
      this.#result.failures.push(failureOf(error));
      const memory = await openMemory('none', new Map());
      return {memory, recalled: await memory.recall(origin)};
    }
  }

  async #gather(kept) {
    let cosigned = Boolean(this.#options.policy);
    for (let tries = 1; ; ++tries) {
      this.#asker = new Asker(this.#options);
      try {
        await this.#asker.gather(kept, cosigned);
      } catch (error) {
        if (!isMissing(error) || tries === HEADS_TRIED_MAX) throw error;
        if (tries + 1 === HEADS_TRIED_MAX) cosigned = false;
        continue;
      }
      // Where nobody vouches for the last day, there is its own newest head.
      if (!(this.#asker.cosigned && this.#age_s > this.#options.headAge_s_max &&
          tries < HEADS_TRIED_MAX)) {
        return;
      }
      cosigned = false;
    }
  }

  get #age_s() {
    return this.#options.now - this.#asker.time_s;
  }

  #judgeAge() {
    const {headAge_s_max} = this.#options;
    const hours = Math.round(Math.abs(this.#age_s) / 3600);
    if (this.#age_s > headAge_s_max) {
      return new CheckError('HeadStale',
          `the newest head is ${hours} hours old`).failure;
    }
    if (this.#age_s < -headAge_s_max) {
      return new CheckError('ClocksDisagree',
          `the newest head is from ${hours} hours ahead of this clock`).failure;
    }
    return undefined;
  }

  #sum() {
    const result = this.#result;
    if (this.#asker?.head !== undefined) {
      result.vouched = this.#asker.vouched;
      result.witnesses = this.#asker.opened.cosigned ?? [];
    }
    if (this.#asker?.time_s !== undefined) {
      result.headAge_s = this.#age_s;
      const age = this.#judgeAge();
      if (age !== undefined) result.failures.push(age);
    }
    const rank = ({name}) => RANKS.get(name);
    result.failures.sort((a, b) => rank(a) - rank(b));
    if (result.failures.length > 0) result.failure = result.failures[0];
    if (result.failure && result.failure.kind !== 'unvouched') {
      result.finding = result.failure.name;
    }
    return result;
  }
}

export function checkResident(options) {
  return new Check(options).make();
}

// --- In a worker ---

export function checkInWorker({worker, onProgress, ...options}) {
  return new Promise((resolve) => {
    const entries = [];
    const end = (check) => {
      worker.terminate();
      resolve(check);
    };
    const fail = (detail) => {
      const {failure} = new CheckError('VerifierFailed', detail);
      end({
        finding: failure.name, failures: [failure], failure, unanswered: [],
        vouched: false, witnesses: [], person: 'new',
      });
    };
    worker.onerror = (event) => fail(event.message ?? 'the worker failed');
    worker.onmessage = ({data}) => {
      if (data.progress) onProgress?.(data.progress);
      if (data.failed) fail(data.failed);
      if (data.entries) {
        (entries[data.chain] ??= []).push(...data.entries);
        worker.postMessage('taken');
      }
      if (data.check) {
        data.check.report?.chains.forEach((chain, i) => {
          chain.entries = entries[i] ?? [];
        });
        end(data.check);
      }
    };
    // The page's clock, which is the one that the person sees.
    worker.postMessage(
        {...options, now: options.now ?? Math.floor(Date.now() / 1000)});
  });
}
