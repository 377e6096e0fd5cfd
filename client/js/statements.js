// What a resident says to those who hold data about them: how their chains
// stand, the words and the bytes that are signed, filing, and the look
// afterwards. What client/consent.cc and client/statement_maker.cc do, for a
// page. Formats: docs/statements.md; which statements count: docs/verdicts.md.
//
//   const desk = openDesk(
//       {verifier, door, wallet, origin, logKey, report, look});
//   const draft = await desk.draft(withdrawal({everything: true}), {language});
//   ... show draft.words, ask ...
//   const outcome = await desk.say(draft);
//
// Nothing is kept: a statement that was signed and not filed is gone with the
// page, and the person is told. Nothing a server answers is believed: a
// statement counts when everything, judged anew by the verifier, says so.

import {
  EVENTS, eventOf, eventWord, fingerprintOf, printable, statementWords,
  WORDS_VERSION,
} from './statement_words.js';
import {bytesOf, hexOf, SELF} from './vidimus.js';
import {keyRequest, random, sha256} from './wallet.js';
import {
  concat, encodeBundle, fromBase64, readAnswer, toBase64, wireBytes, wireNumber,
} from './wire.js';

export {EVENTS, eventWord, statementWords, WORDS_VERSION};

export const STATEMENT_ERRORS = Object.freeze([
  'key-unknown', 'key-known', 'key-revoked', 'key-waits', 'no-chain',
  'not-sayable', 'refused', 'overtaken', 'changed', 'not-ours', 'lied',
  'unreachable', 'signed-out',
]);

// `message` is for whoever looks closer; a page has words for each kind.
export class StatementError extends Error {
  constructor(kind, message, details = {}) {
    super(message);
    this.name = 'StatementError';
    this.kind = kind;
    Object.assign(this, details);
  }
}

const ED25519 = 1;
const ID_BYTES = 16;
const HASH_BYTES = 32;
const LEAF_BYTES = 65;
const SUBJECT_LEAF = 1;
// As the log's limit, and as an identity service's.
const ENTRIES_EACH = 64;
const REQUEST_CHAINS_MAX = 64;
// How often a statement is signed anew because others came between.
const TRIES_MAX = 3;
// How often, and after which pause, a head is waited for that shows what was
// filed: monitors need a moment.
const LOOKS_MAX = 6;
const LOOK_PAUSE_MS = 1000;
const DAY_S = 86400;
const STATEMENTS_FORMAT = 'vidimus/v1 key statements';

const encoder = new TextEncoder();

// --- Intentions --------------------------------------------------------------

// Only what says something: a list of nothing can't be signed.
function present(fields) {
  return Object.fromEntries(Object.entries(fields).filter(
      ([, value]) => value !== undefined && value !== '' &&
          !(Array.isArray(value) && value.length === 0)));
}

function scopeOf({purposes, categories, recipients, from_s, until_s} = {}) {
  return present({
    recipient: recipients, purpose: purposes, data_category: categories,
    valid_from_s: from_s || undefined, valid_until_s: until_s,
  });
}

export function grant(administrations, scope, more = {}) {
  return {grant: present({
    administration: administrations,
    scope: scopeOf(scope),
    assurance: 1,
    lawful_basis: more.explicit ? 'A6-1-a-explicit-consent' : 'A6-1-a',
    privacy_notice: more.privacyNotice,
    storage_location: more.storageLocation,
    retention_s: more.retentionDays && more.retentionDays * DAY_S,
    jurisdiction: more.jurisdiction,
  })};
}

export function withdrawal({ids, everything, erase}) {
  return {withdrawal: present({
    statement_id: ids, everything: everything || undefined, erase,
  })};
}

export function prohibition(scope, reason) {
  return {prohibition: present({scope: scopeOf(scope), reason})};
}

export function objection(scope, reason) {
  return {objection: present({scope: scopeOf(scope), reason})};
}

export function preference(wanted, scope, reason) {
  return {preference: present({scope: scopeOf(scope), wanted, reason})};
}

export function dispute(entry, reason) {
  return {dispute: present({entry, reason})};
}

function keyOf({publicKey, signatureKind}, name) {
  return present({kind: signatureKind, public_key: publicKey, name});
}

export function keyAdd(key, name) {
  return {key_add: keyOf(key, name)};
}

export function keyRevoke(keyId, lostAt_ms) {
  return {key_revoke: present({key_id: keyId, lost_at_ms: lostAt_ms})};
}

export function delegate(key, until_s, {scope, relation, name} = {}) {
  return {delegate: present({
    key: keyOf(key, name),
    scope: scope && scopeOf(scope),
    until_s,
    relation,
  })};
}

// Whether it only restrains, so that it counts by less: verifier/standing.h.
function onlyRestrains(event) {
  return ['withdrawal', 'prohibition', 'objection', 'dispute']
      .includes(eventOf(event));
}

// --- How chains stand --------------------------------------------------------

// Of a chain that was judged in full, its statements: {entry, statement,
// standing, sealed_at_s}. Null if it was not.
function statementsOf(chain) {
  if (chain.finding !== 'Ok' || (chain.gap && chain.gap.finding !== 'Ok')) {
    return null;
  }
  const statements = chain.entries.map((one, entry) => ({...one, entry}))
      .filter(({statement}) => statement !== undefined);
  // Without a signature that could not be checked there are no verdicts.
  const judged = statements.every(({standing}) => standing !== undefined);
  return judged ? statements : null;
}

// Whether somebody who may speak in the chain signed it, whether it counts or
// not.
const UNSIGNED = ['SignatureKindUnknown', 'StatementSignature',
  'StatementSignatureForm', 'StatementKeyUnknown', 'StatementSigner'];

class Sequences {
  #hashes = new Map();
  #used = new Map();
  #last = -1;

  constructor(statements) {
    for (const {statement, standing} of statements) {
      const {sequence} = statement;
      if (UNSIGNED.includes(standing.finding)) continue;
      if (!this.#hashes.has(sequence)) {
        this.#hashes.set(sequence, standing.hash);
      }
      const signer = statement.key_id ?? '';
      if (!this.#used.has(signer)) this.#used.set(signer, new Set());
      this.#used.get(signer).add(sequence);
      // What does not count may have any number: who stole a key can't drive
      // the count up.
      if (standing.finding === 'Ok' && sequence > this.#last) {
        this.#last = sequence;
      }
    }
  }

  // Where this key goes on ('': any identity service). No number is used twice
  // by one signer.
  next(keyId) {
    const used = this.#used.get(keyId);
    let sequence = this.#last + 1;
    while (used?.has(sequence)) ++sequence;
    if (sequence === 0) return {sequence};
    return {sequence, previous: this.#hashes.get(sequence - 1)};
  }
}

// The register in the order in which it stands in the log: newest last.
function documentsOf(report) {
  return [...report.documents ?? []].sort(
      (a, b) => Number(a.leaf_index) - Number(b.leaf_index));
}

// How long a recovered key waits: version 0 of config rules the log.
function recoveryOf(report) {
  const config = report.documents?.find(
      ({type, version}) => type === 'config' && version === 0);
  return config?.message.limits?.recovery_s ?? 0;
}

function standingOfChain(chain, headTime_s, recovery_s) {
  const statements = statementsOf(chain);
  if (statements === null) return null;
  const counting = statements.filter(({standing}) => standing.finding === 'Ok');
  const revoked = new Set(counting.flatMap(
      ({statement}) => statement.key_revoke?.key_id ?? []));
  const sequences = new Sequences(statements);
  const keys = [];
  for (const {statement, standing, sealed_at_s} of counting) {
    const isDelegate = statement.delegate !== undefined;
    const key = statement.key_add ?? statement.recover ??
        statement.delegate?.key;
    if (key === undefined) continue;
    const waits = statement.recover !== undefined ||
        (isDelegate && statement.identity_service !== undefined);
    keys.push({
      keyId: statement.statement_id,
      publicKey: key.public_key,
      name: key.name ?? '',
      ...(standing.identity_service !== undefined &&
          {identityService: standing.identity_service}),
      revoked: revoked.has(statement.statement_id),
      delegate: isDelegate,
      fullFrom_s: waits ? sealed_at_s + recovery_s : 0,
      next: sequences.next(statement.statement_id),
    });
  }
  return {
    administration: chain.administration, headTime_s, keys,
    next: sequences.next(''),
  };
}

export function standingOf(report, administration) {
  const chain = report.chains?.find(
      (one) => one.administration === administration);
  return chain === undefined ? null :
      standingOfChain(chain, report.time_s, recoveryOf(report));
}

// Keys that a chain takes and that are not in `own`, and people who may speak
// in the resident's name: whoever did not bring them should end them.
export async function unknownKeys(report, own) {
  const mine = new Set(own.map(({publicKey}) => publicKey));
  const unknown = [];
  for (const chain of report.chains ?? []) {
    for (const key of standingOf(report, chain.administration)?.keys ?? []) {
      if (key.revoked || mine.has(key.publicKey)) continue;
      unknown.push({
        ...key, administration: chain.administration,
        fingerprint: await fingerprintOf(key.publicKey),
      });
    }
  }
  return unknown;
}

function stateOf({statement, standing}, now_s) {
  if (standing.finding !== 'Ok' && !standing.restrains) return 'does not count';
  if (standing.withdrawn_from !== undefined) return 'withdrawn';
  if (standing.revoked_from !== undefined) return 'key revoked';
  if (standing.lifted_from !== undefined) return 'taken back';
  const until_s = statement.grant?.scope?.valid_until_s;
  const over = until_s !== undefined && Number(until_s) <= now_s;
  return over ? 'over' : 'in force';
}

// Everything that was said, chain by chain, in the order of the entries.
export function saidIn(report, now_s) {
  return (report.chains ?? []).flatMap((chain) =>
    (statementsOf(chain) ?? []).map((one) => ({
      administration: chain.administration,
      entry: one.entry,
      id: one.statement.statement_id,
      event: eventOf(one.statement),
      statement: one.statement,
      sealedAt_s: one.sealed_at_s,
      state: stateOf(one, now_s),
      ...(one.standing.finding !== 'Ok' && {finding: one.standing.finding}),
    })));
}

// The first of this id in a chain that counts or restrains, else the first.
function findById(chain, id) {
  const all = (statementsOf(chain) ?? [])
      .filter(({statement}) => statement.statement_id === id);
  return all.find(({standing}) =>
    standing.finding === 'Ok' || standing.restrains) ?? all[0];
}

// What people call things, by the newest document of each, in this language if
// the register has it, else in the first.
export function namesIn(report, language) {
  const names = {
    administrations: new Map(), purposes: new Map(), categories: new Map(),
  };
  for (const {type, number, message} of documentsOf(report)) {
    const texts = message?.name ?? [];
    const best = texts.filter((text) => text.language === language).pop() ??
        texts[0];
    if (best === undefined) continue;
    if (type === 'administration') {
      names.administrations.set(number, best.text);
    } else if (type === 'purpose') {
      names.purposes.set(message.term, best.text);
    } else if (type === 'category') {
      names.categories.set(message.term, best.text);
    }
  }
  return names;
}

// The key that signs, of those in `own`: one that the chain knows and that may
// say this now; one in full force before one that waits. Else the error.
function chooseKey(standing, own, event) {
  const about = {administration: standing.administration};
  let waiting = null;
  let known = false;
  for (const key of standing.keys) {
    const mine = own.find((one) => one.publicKey === key.publicKey);
    if (key.delegate || mine === undefined) continue;
    known = true;
    if (key.revoked) continue;
    if (key.fullFrom_s <= standing.headTime_s) return {key, mine};
    if (waiting === null || key.fullFrom_s < waiting.key.fullFrom_s) {
      waiting = {key, mine};
    }
  }
  if (waiting !== null && onlyRestrains(event)) return waiting;
  if (waiting !== null) {
    throw new StatementError('key-waits', 'the recovered key counts later',
        {...about, until_s: waiting.key.fullFrom_s});
  }
  throw known ?
      new StatementError('key-revoked', 'every key here is revoked', about) :
      new StatementError('key-unknown', 'no key here is known there', about);
}

// --- The desk ----------------------------------------------------------------

export function openDesk(options) {
  return new Desk(options);
}

class Desk {
  #verifier;
  #door;
  #wallet;
  #origin;
  #logKey;
  #report;
  #look;
  #now_ms;
  #sleep;
  // As last seen, for what only restrains in a chain that can't be judged now.
  #standings = new Map();

  constructor({verifier, door, wallet, origin, logKey, report, look,
    now_ms = Date.now,
    sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms))}) {
    this.#verifier = verifier;
    this.#door = door;
    this.#wallet = wallet;
    this.#origin = origin;
    this.#logKey = logKey;
    this.#look = look;
    this.#now_ms = now_ms;
    this.#sleep = sleep;
    this.#take(report);
  }

  get report() {
    return this.#report;
  }

  async draft(event, {language, administrations}) {
    const own = await this.#wallet.list();
    const named = administrations !== undefined ||
        event.grant !== undefined;
    const asked = administrations ?? event.grant?.administration ??
        this.#chainsOf(event);
    if (asked.length === 0) {
      throw new StatementError('no-chain', 'no chain that it could be about');
    }
    const chains = [];
    const leftOut = [];
    for (const administration of asked) {
      try {
        const standing = this.#standing(administration, event);
        chains.push({administration, ...chooseKey(standing, own, event)});
      } catch (error) {
        if (named || !(error instanceof StatementError)) throw error;
        leftOut.push(error);
      }
    }
    if (chains.length === 0) throw leftOut[0];
    const numbers = chains.map((chain) => chain.administration);
    const words = await statementWords(
        language, event, numbers, namesIn(this.#report, language));
    return {
      event, language, words, administrations: numbers,
      keys: chains.map(({mine}) => mine), leftOut,
    };
  }

  async say({event, language, words, administrations, keys}) {
    const signers = new Map();
    for (const key of keys) {
      if (!signers.has(key.publicKey)) {
        signers.set(key.publicKey, await this.#wallet.unlock(key));
      }
    }
    const statement = {
      statement_id: hexOf(random(ID_BYTES)),
      made_at_ms: this.#now_ms(),
      language,
      words_sha256: hexOf(await sha256(encoder.encode(words))),
      schema_version: WORDS_VERSION,
      ...event,
    };
    const id = statement.statement_id;
    let left = administrations;
    let entries = await this.#sign(statement, left, signers);
    for (let tries = 0; left.length > 0; ++tries) {
      try {
        await this.#file(entries);
        break;
      } catch (error) {
        const anew = error.kind === 'refused' && error.status === 409;
        // Whether a request that got no answer was taken shows in the chain.
        if (!anew && error.kind !== 'unreachable') throw said(error);
        if (tries === TRIES_MAX) {
          throw anew ?
              new StatementError('overtaken', 'others spoke meanwhile') :
              said(error);
        }
        await this.#lookAgain();
        // What stands already under its id is not said twice.
        left = left.filter((number) => {
          const chain = this.#chain(number);
          return chain === undefined || findById(chain, id) === undefined;
        });
        entries = await this.#sign(statement, left, signers);
      }
    }
    return this.#outcome(id, administrations);
  }

  async enrolWords(key, {language, administrations, recovery = false}) {
    const numbers = administrations ?? this.#chainsToEnrol(recovery);
    if (numbers.length === 0) {
      throw new StatementError(recovery ? 'key-unknown' : 'key-known',
          'there is no such chain');
    }
    const event = {[recovery ? 'recover' : 'key_add']:
        {public_key: key.publicKey}};
    // Without names: the identity service writes them anew, and has none.
    const words = await statementWords(language, event, numbers);
    return {words, administrations: numbers};
  }

  async enrol(key, {language, administrations, recovery = false, name, enrol}) {
    const asked =
        await this.enrolWords(key, {language, administrations, recovery});
    const chains = asked.administrations.map((administration) => {
      const standing = this.#standing(administration, {});
      if (!recovery && standing.keys.some((one) => !one.delegate)) {
        throw new StatementError('key-known',
            'the chain knows a key of this person', {administration});
      }
      return {administration, ...standing.next};
    });
    const {subject} = this.#report;
    const signer = await this.#wallet.unlock(key);
    const request = await keyRequest({
      wallet: this.#wallet, signer, subject, chains, language,
      words: asked.words, name, now_ms: this.#now_ms(), recovery,
    });
    let answer;
    try {
      answer = await enrol(request);
    } catch (error) {
      throw said(error);
    }
    const entries = await this.#takeKeyStatements(answer, {
      key, recovery, chains, words: asked.words, id: request.statementId,
    });
    try {
      await this.#file(entries);
    } catch (error) {
      if (error.kind === 'refused' && error.status === 409) {
        throw new StatementError('changed', 'the chains have changed since');
      }
      throw said(error);
    }
    return this.#outcome(
        hexOf(fromBase64(request.statementId)), asked.administrations);
  }

  // --- Looking ---

  #take(report) {
    this.#report = report;
    const recovery_s = recoveryOf(report);
    for (const chain of report.chains ?? []) {
      const standing = standingOfChain(chain, report.time_s, recovery_s);
      if (standing === null) continue;
      this.#standings.set(chain.administration, standing);
    }
  }

  async #lookAgain() {
    const report = await this.#look();
    if (report?.chains === undefined) {
      throw new StatementError('unreachable', 'the log does not answer');
    }
    if (report.subject !== this.#report.subject) {
      throw new StatementError('lied', 'the chains of somebody else');
    }
    this.#take(report);
  }

  #chain(administration) {
    return this.#report.chains.find(
        (one) => one.administration === administration);
  }

  #standing(administration, event) {
    const standing = standingOf(this.#report, administration) ??
        (onlyRestrains(event) ? this.#standings.get(administration) : null);
    if (standing === null || standing === undefined) {
      throw new StatementError('no-chain', 'the chain can not be judged',
          {administration});
    }
    return standing;
  }

  // Of chains that nobody named, those that it is about.
  #chainsOf(event) {
    const numbers = this.#report.chains.map((chain) => chain.administration);
    const ids = event.withdrawal?.statement_id;
    if (ids !== undefined) {
      return numbers.filter((number) => ids.some((id) => {
        const found = findById(this.#chain(number), id);
        return found !== undefined &&
            ['in force', 'over'].includes(stateOf(found, 0));
      }));
    }
    const hasKeys = (number) => this.#standings.get(number)?.keys.length > 0;
    if (event.withdrawal?.everything) {
      return numbers.filter((number) => number !== SELF && hasKeys(number));
    }
    if (event.key_add !== undefined) return numbers.filter(hasKeys);
    if (event.key_revoke !== undefined) {
      return numbers.filter((number) =>
        this.#standings.get(number)?.keys.some((key) =>
          key.keyId === event.key_revoke.key_id && !key.revoked));
    }
    return [];
  }

  #chainsToEnrol(recovery) {
    const knows = (number) =>
      standingOf(this.#report, number)?.keys.some((key) => !key.delegate);
    const numbers = this.#report.chains.map((chain) => chain.administration)
        .filter((number) => Boolean(knows(number)) === recovery);
    // Their own chain first: it is where they look.
    numbers.sort((a, b) => (b === SELF) - (a === SELF) || a - b);
    return numbers.slice(0, REQUEST_CHAINS_MAX);
  }

  // --- Signing ---

  // One entry for each chain; nothing that would be refused is signed.
  async #sign(draft, administrations, signers) {
    const entries = [];
    const own = [...signers.values()].map((signer) => signer.key);
    for (const administration of administrations) {
      const {key, mine} = chooseKey(
          this.#standing(administration, draft), own, draft);
      const {subject} = this.#report;
      const statement = {...draft, key_id: key.keyId, ...key.next};
      const toSign = this.#verifier.statementToSign(
          {origin: this.#origin, subject: bytesOf(subject), administration,
            statement});
      if (toSign.finding !== 'Ok') {
        throw new StatementError('not-sayable', toSign.sentence,
            {administration, finding: toSign.finding, field: toSign.part});
      }
      const {signature_kind, signature} =
          await signers.get(mine.publicKey).sign(toSign);
      const entryId = random(ID_BYTES);
      const record = wireBytes(2, concat(
          wireBytes(1, entryId), wireBytes(2, bytesOf(subject)),
          wireNumber(3, administration), wireBytes(4, bytesOf(toSign.bytes)),
          wireNumber(5, signature_kind), wireBytes(6, bytesOf(signature))));
      const judged = await this.#verifier.judgeStatement(
          {origin: this.#origin, record, publicKey: bytesOf(mine.publicKey)});
      if (judged.finding !== 'Ok') {
        throw new StatementError('not-sayable', judged.sentence,
            {administration, finding: judged.finding, field: judged.part});
      }
      entries.push(entryOf(entryId, record));
    }
    return entries;
  }

  // What an identity service signed, as entries, if it brings this key into
  // these chains with the words that were shown, and nothing else.
  async #takeKeyStatements(answer, {key, recovery, chains, words, id}) {
    const notOurs = (message) => new StatementError('not-ours', message);
    const records = answer?.record;
    if (answer?.format !== STATEMENTS_FORMAT || !Array.isArray(records)) {
      throw notOurs('no statements of an identity service');
    }
    if (answer.family !== this.#wallet.family) {
      throw notOurs('for another family of logs');
    }
    if (records.length !== chains.length) throw notOurs('for other chains');
    const wordsHash = hexOf(await sha256(encoder.encode(words)));
    return records.map((text, place) => {
      let record;
      try {
        record = fromBase64(text);
      } catch {
        throw notOurs('not base64');
      }
      const decode = (name, bytes) =>
        this.#verifier.decode(name, bytes).message;
      const envelope = decode('Record', record)?.statement;
      const decoded =
          envelope && decode('Statement', bytesOf(envelope.statement));
      if (!decoded) throw notOurs('no statement');
      const chain = chains[place];
      const event = decoded[recovery ? 'recover' : 'key_add'];
      if (envelope.subject !== this.#report.subject) {
        throw notOurs('about somebody else');
      }
      if (event?.public_key !== key.publicKey ||
          (event.kind ?? 0) !== key.signatureKind) {
        throw notOurs('not this key');
      }
      if (envelope.administration !== chain.administration ||
          decoded.sequence !== chain.sequence ||
          decoded.statement_id !== hexOf(fromBase64(id)) ||
          decoded.words_sha256 !== wordsHash ||
          decoded.identity_service === undefined) {
        throw notOurs('not what was asked for');
      }
      return entryOf(bytesOf(envelope.entry_id), record);
    });
  }

  // --- Filing ---

  // All or none of at most 64. Rejects with what the door says, or with
  // StatementError `lied`.
  async #file(entries) {
    for (let first = 0; first < entries.length; first += ENTRIES_EACH) {
      const some = entries.slice(first, first + ENTRIES_EACH);
      const answer = await this.#door.post('v1/statements', {
        origin: this.#origin,
        entries: some.map((entry) => ({
          entryId: toBase64(entry.entryId), record: toBase64(entry.record),
          recordSalt: toBase64(entry.recordSalt),
          actorSalt: toBase64(entry.actorSalt),
        })),
      });
      await this.#judgeAnswer(answer, some);
    }
  }

  // That each entry stands as a leaf, with the commitment made here, in a tree
  // that the log signed.
  async #judgeAnswer(json, entries) {
    const lied = (message, finding) =>
      new StatementError('lied', message, finding && {finding});
    let answer;
    try {
      answer = readAnswer('FileStatementsResponse', json);
    } catch {
      throw lied('not an answer');
    }
    const opened = this.#verifier.openHead(
        {logKey: this.#logKey, note: answer.checkpoint});
    if (opened.finding !== 'Ok') throw lied(opened.sentence, opened.finding);
    const size = Number(opened.head.size);
    if (size < Number(this.#report.head?.size ?? 0)) {
      throw lied('the log has shrunk', 'TreeShrank');
    }
    if (answer.leaf_index.length !== entries.length ||
        answer.placed.length !== entries.length) {
      throw lied('not one leaf for each entry');
    }
    const expected = new Map();
    for (const [place, entry] of entries.entries()) {
      const {leaf} = answer.placed[place];
      const index = answer.leaf_index[place];
      if (leaf.length !== LEAF_BYTES || leaf[0] !== SUBJECT_LEAF ||
          hexOf(leaf.subarray(1 + HASH_BYTES)) !== await commitmentOf(entry)) {
        throw lied('another commitment', 'CommitmentMismatch');
      }
      // A head ends in a seal, which is nobody's entry.
      if (index + 1 >= size || expected.has(index)) {
        throw lied('no place for an entry');
      }
      expected.set(index, leaf);
    }
    await this.#judgeLeaves(answer.checkpoint, size, expected);
  }

  // `expected`: leaves by their indices. The proof is asked for anew, together
  // with the seal that the verifier wants.
  async #judgeLeaves(checkpoint, size, expected) {
    const indices = [...expected.keys()].sort((a, b) => a - b);
    const proven = readAnswer('ProveLeavesResponse',
        await this.#door.post('v1/leaves', {
          origin: this.#origin, size: `${size}`,
          leafIndex: [...indices, size - 1].map((index) => `${index}`),
        }));
    const leaves = proven.leaf;
    const seal = leaves[indices.length];
    const judged = seal === undefined ? {finding: 'LeafCountMismatch'} :
        this.#verifier.readProofs({
          logKey: this.#logKey,
          parts: encodeBundle({
            origin: this.#origin, checkpoint,
            leaves: [{
              leaf_index: [...indices, size - 1],
              leaf: [...indices.map((index) => expected.get(index)), seal],
              proof: proven.proof,
            }],
          }),
        });
    if (judged.finding !== 'Ok') {
      throw new StatementError('lied', judged.sentence ?? 'a leaf too few',
          {finding: judged.finding});
    }
    this.#filedSize = size;
  }

  // The tree that what was filed last stands in.
  #filedSize = 0;

  // Looks until a head shows what was filed, and says how it stands there.
  async #outcome(id, administrations) {
    const size = this.#filedSize;
    for (let looks = 1; ; ++looks) {
      await this.#lookAgain();
      if (Number(this.#report.head.size) >= size || looks === LOOKS_MAX) break;
      await this.#sleep(looks * LOOK_PAUSE_MS);
    }
    const seen = Number(this.#report.head.size) >= size;
    const doubts = [];
    for (const administration of administrations) {
      const chain = this.#chain(administration);
      const found = chain && findById(chain, id);
      if (found === undefined) {
        const judged = chain !== undefined && statementsOf(chain) !== null;
        if (seen && judged) {
          throw new StatementError('lied',
              'the log signed that it has the statement and does not show it',
              {administration, finding: 'EntryMissing'});
        }
        doubts.push({administration, finding: 'NotSeenYet'});
      } else if (found.standing.finding !== 'Ok' && !found.standing.restrains) {
        doubts.push({administration, finding: found.standing.finding});
      }
    }
    return {
      id, filed: true, counts: doubts.length === 0, doubts,
      report: this.#report,
    };
  }
}

// An entry with fresh salts and without an actor.
function entryOf(entryId, record) {
  return {
    entryId, record, recordSalt: random(ID_BYTES), actorSalt: random(ID_BYTES),
  };
}

// docs/commitment.md, hex.
async function commitmentOf({record, recordSalt, actorSalt}) {
  const envelope = (salt, bytes) => sha256(Uint8Array.of(2), salt, bytes);
  return hexOf(await sha256(Uint8Array.of(3),
      await envelope(recordSalt, record),
      await envelope(actorSalt, new Uint8Array(0))));
}

// What a door says, in our kinds.
function said(error) {
  if (error instanceof StatementError) return error;
  const reason = printable(`${error.reason ?? ''}`);
  switch (error.kind) {
    case 'refused':
      return new StatementError('refused', reason, {reason});
    case 'signed-out':
      return new StatementError('signed-out', reason);
    case 'later':
    case 'unreachable':
    case 'unusable':
      return new StatementError('unreachable', reason, {reason});
    default:
      return error;
  }
}
