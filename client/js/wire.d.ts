// Types of wire.js.

/** A ChainBundle of proto/bundle.proto; absent fields have their default. */
export interface Bundle {
  origin?: string;
  checkpoint?: Uint8Array;
  leaves?: Array<{
    leaf_index?: number[], leaf?: Uint8Array[], proof?: Uint8Array,
  }>;
  keys?: Array<{key?: Uint8Array[], proof?: Uint8Array}>;
  document?: Uint8Array[];
  chain?: Array<{chain?: Chain, probe?: number[]}>;
}

export interface Chain {
  administration?: number;
  subject?: Uint8Array;
  chain_key?: Uint8Array;
  vrf_proof?: Uint8Array;
  entries?: ChainEntry[];
}

export interface ChainEntry {
  leaf_index?: number;
  leaf?: Uint8Array;
  state?: number;
  opening?: Opening;
  notice?: number;
}

export interface Opening {
  entry_id?: Uint8Array;
  record_salt?: Uint8Array;
  record?: Uint8Array;
  actor_salt?: Uint8Array;
  actor?: Uint8Array;
  request?: {
    signature?: Uint8Array, count?: number, index?: number, path?: Uint8Array,
  };
}

export type AnswerName = 'GetChainResponse' | 'ProveKeysResponse' |
    'ProveLeavesResponse' | 'FileStatementsResponse';

/** What is not so made that the message could come of it. */
export class WireError extends Error {}

/** The one encoding that the C++ client writes, too. */
export function encodeBundle(bundle: Bundle): Uint8Array;
/**
 * An answer of /v1/ as JSON.parse made it: bytes out of base64, whole numbers
 * below 2^53. Fields that it does not know are left out; one of another type
 * than its own is a WireError.
 */
export function readAnswer(name: AnswerName, json: unknown): {
  [field: string]: any,
};
export function concat(...pieces: Uint8Array[]): Uint8Array;
/** One field of a message, as bytes: length-delimited, or a varint. */
export function wireBytes(field: number, bytes: Uint8Array): Uint8Array;
export function wireNumber(field: number, number: number): Uint8Array;
/** The fields of a message of any kind; the last is [] if it is none. */
export function fieldsOf(message: Uint8Array):
    Generator<[number, Uint8Array | number] | []>;
/** The last field of this number, if the message is one and has it. */
export function fieldOf(message: Uint8Array, wanted: number):
    Uint8Array | number | undefined;
export function toBase64(bytes: Uint8Array): string;
export function fromBase64(text: string): Uint8Array;
/** Which state of which log an access was decided on, as its record says. */
export function asOfRecord(record: Uint8Array):
    {origin: string, size: number} | undefined;
