// Types of vidimus.js. Every member is described in docs/verifier_api.md; bytes
// in answers are lower-case hex, numbers from 2^53 up are decimal strings.

export type Bytes = Uint8Array | ArrayBuffer | ArrayBufferView | string;
export type Hex = string;
export type Whole = number | string;

/** The number of the chain that belongs to no administration. */
export const SELF: 4294967295;

export function loadVerifier(
    source: Response | BufferSource | WebAssembly.Module): Promise<Verifier>;
export function hexOf(bytes: Uint8Array): Hex;
export function bytesOf(hex: Hex): Uint8Array;

export interface Finding {
  /** "Ok", or the name of the first thing that is wrong. */
  finding: string;
  /** In English, unless `finding` is "Ok". */
  sentence?: string;
}

export interface Answer extends Finding {
  /** What the finding is about: an input, or a part of the file. */
  part?: string;
  document?: DocumentName & {field?: string};
  /** Of a policy that cannot be read. */
  line?: number;
}

export interface DocumentName {
  type: 'config' | 'administration' | 'provision' | 'purpose' | 'category' |
      'ai_system' | 'analysis' | 'count' | 'identity_service';
  number: number;
  version: Whole;
}

export interface Head {
  origin: string;
  size: Whole;
  root: Hex;
}

/** By whom a head was cosigned, as the policy calls them. */
export interface Cosignature {
  name: string;
  time_s: number;
  /** Of the policy's monitors: whose word is that the index holds every leaf. */
  monitor: boolean;
}

export interface Cosigned {
  cosigned?: Cosignature[];
  quorum_needed?: boolean;
  /** Since when the quorum is satisfied; null: it is not, or none is needed. */
  quorum_at_s?: number | null;
  /** Since when the monitors are; null: nobody vouches for the index. */
  monitors_at_s?: number | null;
}

/** A message of proto/, by the names of its fields. */
export type Message = {[field: string]: unknown};

export interface RegisterDocument extends DocumentName {
  leaf_index: Whole;
  message: Message;
}

export type Content =
    'open' | 'withheld' | 'restricted' | 'erased' | 'missing' | 'forged';
export type Headline =
    'forged' | 'missing' | 'withheld' | 'restricted' | 'erased' | 'violation' |
    'unproven' | 'against your wish' | 'race' | 'late' | 'stale' |
    'under consent' | 'under law';

export interface Verdict {
  headline: Headline;
  /** Whether the resident need not look. */
  fine: boolean;
  law: 'covered' | 'not covered' | 'unproven';
  wish: 'granted' | 'silent' | 'against';
  race: boolean;
  stale: boolean;
  late: boolean;
  /** The dimension that failed. */
  failed?: string;
  /** The entry of the grant, and the provision, that it rests on. */
  grant?: number;
  provision?: number;
}

export interface Standing extends Finding {
  hash: Hex;
  restrains: boolean;
  delegated: boolean;
  identity_service?: number;
  until_s?: Whole;
  withdrawn_from?: Whole;
  revoked_from?: Whole;
  lifted_from?: Whole;
}

export interface Opened extends Finding {
  content: Content;
  kind?: 'access' | 'statement' | 'notice' | 'unknown';
  record?: {access?: Message, statement?: Message, notice?: Message};
  actor?: {id?: string, client_id?: string, service?: string, ip?: string};
  event?: string;
  statement?: Message;
}

export interface Entry extends Opened {
  leaf_index: Whole;
  position?: Whole;
  sealed_at_s?: number;
  until_s?: Whole;
  notice?: number;
  verdict?: Verdict;
  standing?: Standing;
}

export interface Chain extends Finding {
  administration: number;
  /** The entry that `finding` is about. */
  entry?: Whole;
  /** The labels beyond the end that were looked up: compare with your own. */
  probes: Whole[];
  /** Why there are no verdicts, unless its finding is "Ok". */
  gap?: Finding & {entry?: Whole, document?: DocumentName};
  entries: Entry[];
}

export interface Es256Check {
  id: Hex;
  public_key: Hex;
  message: Hex;
  signature: Hex;
}

export interface HeadAnswer extends Answer, Cosigned {
  head?: Head;
}

export interface ChainsAnswer extends HeadAnswer {
  /** Of the seal that ends the head, POSIX seconds. */
  time_s?: number;
  subject?: Hex;
  /** Whether of each chain exactly these entries are there. */
  complete?: boolean;
  /** Entries whose content carries a finding. */
  content_findings?: number;
  documents?: RegisterDocument[];
  chains?: Chain[];
  owed?: Es256Check[];
}

export interface ToSign extends Answer {
  hash?: Hex;
  signed_bytes?: Hex;
  challenge?: Hex;
  transaction_data?: string;
  event?: string;
  /** Of statementToSign: the statement's bytes. */
  bytes?: Hex;
}

export class Verifier {
  private constructor();

  openHead(ask: {logKey: Bytes, policy?: Bytes, note: Bytes}): HeadAnswer;
  consistencyTiles(ask: {logKey: Bytes, older: Bytes, newer: Bytes}):
      Answer & {tiles?: Array<{path: string, bytes: number}>};
  judgeConsistency(ask: {
    logKey: Bytes, older: Bytes, newer: Bytes, tiles?: Bytes[],
  }): Answer & {head?: Head};

  judgeChains(ask: {logKey: Bytes, policy?: Bytes, bundle: Bytes}):
      Promise<ChainsAnswer>;
  readProofs(ask: {logKey: Bytes, parts: Bytes}): Answer & {
    head?: Head,
    time_s?: number,
    keys?: Array<{key: Hex, leaf_index: Whole | null}>,
    leaves?: Array<{
      leaf_index: Whole, kind: 'subject' | 'seal' | 'register',
      time_s?: number, key?: Hex, hash?: Hex,
    }>,
  };
  chainLabels(ask: {chainKey: Bytes, numbers: Array<number | bigint>}):
      Answer & {labels?: Hex[]};
  registerKeys(
      ids: Array<{type: number, number: number, version: number | bigint}>):
      Answer & {keys?: Hex[]};

  judgeEntry(ask: {logKey: Bytes, bundle: Bytes}): Answer & {
    head?: Head, leaf_index?: Whole, administration?: number, entry?: Opened,
    documents?: RegisterDocument[],
  };
  judgeRegisterProof(ask: {logKey: Bytes, file: Bytes}): Answer & {
    head?: Head, time_s?: number, type?: number, number?: number,
    documents?: RegisterDocument[],
  };
  judgeConviction(ask: {logKey: Bytes, file: Bytes}):
      Answer & {kind?: string, says?: string, names_person?: boolean, head?: Head};
  judgeInclusion(ask: {logKey: Bytes, entry: Bytes, proof: Bytes}):
      Answer & {head?: Head, leaf_index?: Whole};

  statementToSign(ask: {
    origin: string, subject: Bytes, administration: number,
    statement: Message | Uint8Array | ArrayBuffer,
  }): ToSign;
  judgeStatement(ask: {origin: string, record: Bytes, publicKey: Bytes}):
      Promise<ToSign & {statement?: Message, owed?: Es256Check[]}>;

  decode(name: string, message: Bytes): Answer & {message?: Message};
  encode(name: string, fields: Message): Answer & {bytes?: Hex};
  words(): Answer & {
    findings: Array<{name: string, sentence: string}>, contents: string[],
    laws: string[], wishes: string[], headlines: string[], dimensions: string[],
    events: string[], convictions: string[],
  };
  call(name: string, inputs: Array<Bytes | number | null>): string;
}
