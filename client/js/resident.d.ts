// Types of resident.js.

import type {Door} from './door.js';
import type {Memory} from './memory.js';
import type {Bytes, ChainsAnswer, Cosignature, Verifier} from './vidimus.js';

export type FailureKind = 'wrong' | 'unchecked' | 'unvouched';

/** Every name with its kind, gravest first: what a page must have words for. */
export const FAILURES: Readonly<Record<FailureName, FailureKind>>;

export type FailureName =
    // wrong: what the log shows is not so
    'HeadForked' | 'HeadRewound' | 'HeadForged' | 'NotThisPerson' |
    'EntryMissing' | 'Hole' | 'EntriesLost' | 'EntryForged' |
    'ContentMissing' | 'ContentUnreadable' | 'ChainForged' | 'LeavesForged' |
    'IndexForged' | 'RegisterForged' | 'ProbesExchanged' |
    // unchecked: nothing is known to be wrong, and not all could be checked
    'HeadUnlinked' | 'HeadStale' | 'ClocksDisagree' | 'SignedOut' |
    'Unreachable' | 'Later' | 'Refused' | 'AnswerUnusable' |
    'ChainUnanswered' | 'PresenceUnproven' | 'SignaturesUnsettled' |
    'MemoryUnusable' | 'ConfigUnusable' | 'VerifierFailed' |
    // unvouched: all is as it should be, as far as the log alone can show
    'NoMonitor' | 'WitnessMissing';

export interface Failure {
  name: FailureName;
  kind: FailureKind;
  /** In English, for whoever looks closer; may hold the server's words. */
  detail: string;
  /** The verifier's finding, and what it is about, if it comes from there. */
  finding?: string;
  part?: string;
  administration?: number;
  entry?: number;
}

export interface ResidentCheck {
  /** 'Ok' if there is no failure but of kind `unvouched`, else its name. */
  finding: 'Ok' | FailureName;
  /** Gravest first; of chains and entries one for each that fails. */
  failures: Failure[];
  /** The first of them. */
  failure?: Failure;
  /** What judgeChains said; absent if it did not come so far. */
  report?: ChainsAnswer;
  /** The bundle that was judged, for `vidimus verify`. */
  bundle?: Uint8Array;
  /** Chains that the log would not show, and what it said: text. */
  unanswered: Array<{administration: number, reason: string}>;
  /** Of the head's seal, seconds; absent if no head was opened. */
  headAge_s?: number;
  /** Whether monitors vouch that the index holds every leaf. */
  vouched: boolean;
  /** Who cosigned the head. */
  witnesses: Cosignature[];
  /** Whether `subject`, or the device's memory, says that it is this person. */
  person: 'known' | 'new' | 'another';
}

export interface CheckOptions {
  verifier: Pick<Verifier, 'openHead' | 'consistencyTiles' |
      'judgeConsistency' | 'judgeChains' | 'readProofs' | 'chainLabels' |
      'registerKeys'>;
  door: Door;
  /** The log's verifier key. */
  logKey: string;
  /** Whose word counts (docs/policy.md); nothing: nobody's. */
  policy?: string;
  memory: Memory | Promise<Memory>;
  /** POSIX seconds; the device's clock. */
  now?: number;
  /** Who asks, s, if the page knows. */
  subject?: Bytes;
  /** How old a head may be: 86,400. */
  headAge_s_max?: number;
  onProgress?: (progress: Progress) => void;
}

export interface Progress {
  step: 'head' | 'register' | 'chains' | 'keys' | 'leaves' | 'judging';
  /** Of `chains`: how many of how many. */
  done?: number;
  of?: number;
}

/** Never rejects for what a server sends. */
export function checkResident(options: CheckOptions): Promise<ResidentCheck>;

/**
 * The same in `worker`, made of resident_worker.js, so that the page can go on:
 * it has a door, a verifier and the memory of its own. `module`:
 * vidimus.wasm's bytes or what WebAssembly.compile made of them. The worker
 * ends with the check. A large report comes in pieces, none of which holds
 * the page up.
 */
export function checkInWorker(
    options: {
      worker: Worker,
      module: WebAssembly.Module | BufferSource,
      url: string,
      token?: string,
      memory: string,
    } & Omit<CheckOptions, 'verifier' | 'door' | 'memory'>):
    Promise<ResidentCheck>;
