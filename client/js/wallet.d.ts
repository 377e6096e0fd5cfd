// Types of wallet.js. What lies where, and what a thief can do with it:
// docs/wallet.md.

import type {Hex} from './vidimus.js';

/**
 * passkey-prf: the passkey yields a secret, an Ed25519 key is made of it anew
 * each time. device: an Ed25519 key that this browser keeps and shows nobody.
 * passkey: the passkey itself signs, once for every chain.
 */
export type KeyKind = 'passkey-prf' | 'device' | 'passkey';

export interface WalletKey {
  kind: KeyKind;
  /** Ed25519: 32 bytes. A passkey's P-256 point: 65 bytes, 04 x y. */
  publicKey: Hex;
  /** As in a statement's key: 1 Ed25519, 4 WebAuthn. */
  signatureKind: 1 | 4;
  /** The 16 digits by which people compare keys. */
  fingerprint: Hex;
  madeAt_s: number;
  /** Made to take the place of keys that were lost. */
  recovery: boolean;
}

export interface Way {
  kind: KeyKind;
  /** "maybe": only making one shows it. */
  possible: 'yes' | 'maybe' | 'no';
  /** Of "no", a word of WAYS_NOT. */
  why?: 'no-webcrypto-ed25519' | 'no-storage' | 'no-webauthn' |
      'no-authenticator' | 'no-prf' | 'insecure';
}

/** Every kind of error, for tests that each has words. */
export const WALLET_ERRORS: WalletErrorKind[];
export type WalletErrorKind =
    /** This browser can't; `why` as in Way. */
    'unsupported' |
    /** The person said no, or did not answer in time. */
    'cancelled' |
    /** The passkey gives no secret; take another way. */
    'no-prf' |
    /** Another passkey answered than the one this key is made of. */
    'other-key' |
    /** The key is no longer on this device. */
    'gone' |
    /** The browser does not keep anything: full, private mode, damaged. */
    'storage';

export class WalletError extends Error {
  readonly kind: WalletErrorKind;
  readonly why?: string;
}

/** What of a statement is signed; statementToSign gives both. */
export interface Bytes53 {
  signed_bytes: Hex;
  challenge: Hex;
}

/** Signs with one key, for as long as somebody holds it: a few statements. */
export interface Signer {
  readonly key: WalletKey;
  /** `signature` as a SignedStatement has it. Rejects with WalletError. */
  sign(what: Bytes53): Promise<{signature_kind: 1 | 4, signature: Hex}>;
}

export interface Wallet {
  /** The family of logs that the keys are for. */
  readonly family: string;

  /** The keys on this device, oldest first. */
  list(): Promise<WalletKey[]>;

  /**
   * Makes a key and keeps it. Call it in a click's handler: passkeys ask.
   * `label` is what the device shows beside the passkey; no name of a person.
   */
  makeKey(kind: KeyKind, options: {label: string, recovery?: boolean}):
      Promise<WalletKey>;

  /**
   * The key of a passkey that this browser has forgotten and the device has
   * not: asks for any passkey of this site. Of kind passkey-prf alone.
   */
  bringBack(): Promise<WalletKey>;

  /** Asks the person, if the key is a passkey's. */
  unlock(key: WalletKey): Promise<Signer>;

  /** Forgets a key here. What chains know of it stays: revoke it there. */
  forget(key: WalletKey): Promise<void>;

  /** Whether the browser promised not to clear this by itself. */
  persistent(): Promise<boolean>;
}

export function waysToKeepAKey(): Promise<Way[]>;

/** Of an origin: the part before its last element. */
export function familyOf(origin: string): string;
export function fingerprintOf(publicKey: Hex): Promise<Hex>;

/** `keep`: where keys lie; IndexedDB unless a test hands in another. */
export function openWallet(options: {
  family: string, keep?: Keep,
}): Promise<Wallet>;

/** What openWallet needs of a store; keys and values are cloned, never shared. */
export interface Keep {
  all(): Promise<object[]>;
  put(value: object): Promise<void>;
  remove(id: string): Promise<void>;
}

/** In memory, for tests. */
export function keepInMemory(): Keep;

// --- What goes between a wallet and an identity service ----------------------

export interface RequestChain {
  administration: number;
  sequence: number;
  /** Absent if the sequence is 0. */
  previous?: Hex;
}

/** A KeyRequest of client/wallet.proto as JSON, with the key's possession. */
export function keyRequest(options: {
  wallet: Wallet, signer: Signer, subject: Hex, chains: RequestChain[],
  language: 'sv' | 'fi' | 'en', words: string, recovery: boolean,
  name?: string, now_ms: number,
}): Promise<{[field: string]: unknown}>;

/** For another device of the same person to read: text, short enough for QR. */
export function keyText(key: WalletKey, family: string): Promise<string>;
/** Null: not such a text. `family`: false if it is for other logs. */
export function readKeyText(text: string, family: string):
    Promise<{publicKey: Hex, signatureKind: 1 | 4, family: boolean} | null>;
