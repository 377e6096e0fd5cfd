// Types of door.js.

/**
 * - `unreachable`: no answer in time, or none at all
 * - `later`: the log said that it has too much to do, and kept saying so
 * - `signed-out`: it does not know who asks
 * - `refused`: it said no; `status` is HTTP's
 * - `unusable`: it answered what no log answers, without end, or elsewhere
 */
export type DoorErrorKind =
    'unreachable' | 'later' | 'signed-out' | 'refused' | 'unusable';

export class DoorError extends Error {
  readonly kind: DoorErrorKind;
  /** Of HTTP; 0 if there was none. */
  readonly status: number;
  /** What the server said, one line of at most 200 characters; text. */
  readonly reason: string;
}

export interface Door {
  /** The bytes at a public path, such as "checkpoint", at most `bytesMax`. */
  get(path: string, bytesMax: number): Promise<Uint8Array>;
  /**
   * Asks "v1/chain", "v1/keys", "v1/leaves", "v1/statements", or of the page's
   * own server "enrol": an object goes as JSON, and one comes back. Its fields
   * are as they came: any type, any size below 64 MiB.
   */
  post(method: string, body: object): Promise<{[field: string]: unknown}>;
  /** Bytes of answers so far. */
  readonly bytesRead: number;
}

/**
 * `url`: the log's, such as "https://host:8443". With `token` that is shown to
 * v1/chain and to nothing else, and no cookie goes anywhere; without one the
 * cookie of the page's own origin does. Throws TypeError for a URL that is none
 * or not https (loopback may be http).
 */
export function openDoor(options: {
  url: string,
  token?: string,
  /** Of one attempt, in ms; 30,000. */
  timeout_ms?: number,
  signal?: AbortSignal,
  /** In place of the global one. */
  fetch?: typeof fetch,
  /** In place of waiting, in ms. */
  sleep?: (ms: number) => Promise<void>,
}): Door;
