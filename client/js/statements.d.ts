// Types of statements.js. Formats: docs/statements.md; steps: docs/consent.md.

import type {Door} from './door.js';
import type {ChainsAnswer, Hex, Message, Verifier, Whole} from './vidimus.js';
import type {Wallet, WalletKey} from './wallet.js';

export type Language = 'sv' | 'fi' | 'en';
export const WORDS_VERSION: 'vidimus-words/1';

/**
 * What is said: exactly one event, by the names of proto/record.proto, such as
 * {withdrawal: {everything: true}}. Bytes are hex.
 */
export type Event = {
  [name in 'grant' | 'withdrawal' | 'prohibition' | 'objection' | 'preference' |
      'dispute' | 'key_add' | 'key_revoke' | 'recover' | 'delegate' |
      'alias']?: Message
};

// --- Intentions, as events ---

export interface ScopeOf {
  purposes?: string[];
  categories?: string[];
  recipients?: string[];
  from_s?: number;
  until_s?: number;
}
export function grant(administrations: number[], scope: ScopeOf, more?: {
  explicit?: boolean, privacyNotice?: string, storageLocation?: string,
  retentionDays?: number, jurisdiction?: string,
}): Event;
/** By statement ids, or {everything: true}; `erase`: numbers of entries. */
export function withdrawal(what: {
  ids?: Hex[], everything?: boolean, erase?: Whole[],
}): Event;
export function prohibition(scope: ScopeOf, reason?: string): Event;
export function objection(scope: ScopeOf, reason?: string): Event;
export function preference(wanted: boolean, scope: ScopeOf, reason?: string):
    Event;
export function dispute(entry: Whole, reason?: string): Event;
export function keyAdd(key: {publicKey: Hex, signatureKind: number},
    name?: string): Event;
export function keyRevoke(keyId: Hex, lostAt_ms?: number): Event;
export function delegate(key: {publicKey: Hex, signatureKind: number},
    until_s: number, more?: {scope?: ScopeOf, relation?: string, name?: string}):
    Event;

// --- How chains stand ---

export interface NextInChain {
  sequence: number;
  previous?: Hex;
}
export interface StandingKey {
  keyId: Hex;
  publicKey: Hex;
  name: string;
  /** Who vouched for it in the end; absent: another key of the person. */
  identityService?: number;
  revoked: boolean;
  /** Somebody else's, who may speak for the person. */
  delegate: boolean;
  /** From when on it counts for more than restraint; 0: at once. */
  fullFrom_s: number;
  next: NextInChain;
}
export interface ChainStanding {
  administration: number;
  headTime_s: number;
  keys: StandingKey[];
  /** For an identity service. */
  next: NextInChain;
}
/** Null: there is no such chain in the report, or it can't be judged in full. */
export function standingOf(report: ChainsAnswer, administration: number):
    ChainStanding | null;

/** Of keys that no device of this person is known to hold: show them first. */
export interface UnknownKey extends StandingKey {
  administration: number;
  fingerprint: Hex;
}
export function unknownKeys(report: ChainsAnswer, own: WalletKey[]):
    Promise<UnknownKey[]>;

/** One statement of the resident, as it stands. */
export interface Said {
  administration: number;
  entry: number;
  id: Hex;
  event: string;
  statement: Message;
  sealedAt_s: number;
  state: 'in force' | 'over' | 'withdrawn' | 'key revoked' | 'taken back' |
      'does not count';
  /** Of "does not count". */
  finding?: string;
}
export function saidIn(report: ChainsAnswer, now_s: number): Said[];

// --- Words ---

export interface Names {
  administrations: Map<number, string>;
  purposes: Map<string, string>;
  categories: Map<string, string>;
}
export function namesIn(report: ChainsAnswer, language: Language): Names;
/** The words that are signed, byte for byte those of `vidimus consent`. */
export function statementWords(language: Language, event: Event,
    administrations: number[], names?: Names): Promise<string>;
export function eventWord(language: Language, event: Event): string;

// --- Saying it ---

export const STATEMENT_ERRORS: StatementErrorKind[];
export type StatementErrorKind =
    /** No key of this wallet is known in that chain. */
    'key-unknown' |
    /** The chain knows a key of this person: that one, or a recovery. */
    'key-known' |
    /** Every key of this wallet is revoked there. */
    'key-revoked' |
    /** A recovered key waits, until `until_s`. */
    'key-waits' |
    /** The chain is not in the report or can't be judged. */
    'no-chain' |
    /** `field`: what is no statement by the verifier's rules. */
    'not-sayable' |
    /** The log said no: `reason` in its words. */
    'refused' |
    /** Others spoke meanwhile, several times; begin again. */
    'overtaken' |
    /** The chains changed since the request to the identity service. */
    'changed' |
    /** What the identity service gave is not for this key, person or family. */
    'not-ours' |
    /** The log's answer is wrong: `finding`. */
    'lied' |
    /** The log does not answer; nothing is known to be filed. */
    'unreachable' |
    /** Who is asking? */
    'signed-out';

export class StatementError extends Error {
  readonly kind: StatementErrorKind;
  readonly administration?: number;
  readonly until_s?: number;
  readonly field?: string;
  readonly finding?: string;
  readonly reason?: string;
}

/** Something that may be said: show `words`, ask, then say() it. */
export interface Draft {
  event: Event;
  language: Language;
  words: string;
  administrations: number[];
  /** The key that will sign, in the chain order of `administrations`. */
  keys: WalletKey[];
  /** Chains that were not named and can't be spoken in. */
  leftOut: StatementError[];
}

/** What became of it. */
export interface Outcome {
  id: Hex;
  /** The log took it, and showed by its signature that it stands in it. */
  filed: true;
  /** Whether it counts in every chain, judged over everything anew. */
  counts: boolean;
  /**
   * Where not, and why. "NotSeenYet": no head that shows it is vouched for so
   * far, or the chain can't be judged; look again later.
   */
  doubts: Array<{administration: number, finding: string}>;
  /** The report that shows it. */
  report: ChainsAnswer;
}

export interface Desk {
  /**
   * What would be signed. `administrations` absent: every chain that it may be
   * about (withdrawals by id: where they stand; everything, another device's
   * key: wherever a key of this wallet may speak; a key that ends: where it is
   * known). Rejects with StatementError.
   */
  draft(event: Event, options: {
    language: Language, administrations?: number[],
  }): Promise<Draft>;

  /** Signs, files, looks again. Call it in a click's handler. */
  say(draft: Draft): Promise<Outcome>;

  /**
   * Makes a key known through the identity service: `enrol` carries the request
   * and gives the answer, (request) => door.post('enrol', request). `recovery`:
   * for lost keys. Without `administrations`: in `self` and every chain that
   * knows no key yet; of a recovery, in every chain that knows one.
   */
  enrol(key: WalletKey, options: {
    language: Language, administrations?: number[], recovery?: boolean,
    name?: string, enrol: (request: object) => Promise<object>,
  }): Promise<Outcome>;

  /** The words of what enrol will ask for. */
  enrolWords(key: WalletKey, options: {
    language: Language, administrations?: number[], recovery?: boolean,
  }): Promise<{words: string, administrations: number[]}>;

  /** The report that the desk goes by now. */
  readonly report: ChainsAnswer;
}

/**
 * `report`: what checkResident judged; `look` does it again. `origin`: the
 * log's. One thing at a time.
 */
export function openDesk(options: {
  verifier: Verifier, door: Pick<Door, 'post'>, wallet: Wallet, origin: string,
  logKey: string, report: ChainsAnswer, look: () => Promise<ChainsAnswer>,
  now_ms?: () => number, sleep?: (ms: number) => Promise<void>,
}): Desk;
