// A resident's wallet in a browser: the keys by which they speak. Private keys
// never leave the device; nothing here asks the network. What lies where and
// what a thief can do with it: docs/wallet.md.
//
//   const wallet = await openWallet({family: familyOf(origin)});
//   const key = await wallet.makeKey('passkey-prf', {label: 'City of X'});
//   const signer = await wallet.unlock(key);
//
// Three kinds of key:
//   passkey-prf  The passkey yields 32 secret bytes for this family (the PRF
//                extension of WebAuthn), of which HKDF-SHA-256 makes an Ed25519
//                seed, of which WebCrypto makes a key that can't be exported.
//                Only the passkey's id and the public key are kept: a browser
//                that forgets both finds them again (bringBack).
//   device       An Ed25519 key of WebCrypto that can't be exported, kept in
//                IndexedDB. Gone with the browser's storage.
//   passkey      The passkey signs each statement itself (ES256).
//
// Kept is nothing but keys: no name of a person, no id, no statement. A key is
// filed under a hash of the family of logs that it is for.

import {Database} from './database.js';
import {fingerprintOf} from './statement_words.js';
import {bytesOf, hexOf} from './vidimus.js';
import {concat, fromBase64, toBase64, wireBytes, wireNumber} from './wire.js';

export {fingerprintOf};

export const WALLET_ERRORS = Object.freeze([
  'unsupported', 'cancelled', 'no-prf', 'other-key', 'gone', 'storage',
]);

// `message` is for whoever looks closer; a page has words for each kind.
export class WalletError extends Error {
  constructor(kind, message, why) {
    super(message);
    this.name = 'WalletError';
    this.kind = kind;
    if (why !== undefined) this.why = why;
  }
}

const ED25519 = 1;
const WEBAUTHN = 4;
const ES256_ALGORITHM = -7;
const SEED_BYTES = 32;
const DATABASE = 'vidimus-wallet';
const STORE = 'keys';
const DERIVATION = 'vidimus/v1 wallet key\n';
const REQUEST_FORMAT = 'vidimus/v1 key request';
const KEY_TEXT = 'vidimus-key-1';
const PASSKEY_TIMEOUT_MS = 120000;
// An Ed25519 seed in PKCS #8, and a point of P-256 in SubjectPublicKeyInfo.
const PKCS8 = bytesOf('302e020100300506032b657004220420');
const SPKI = bytesOf('3059301306072a8648ce3d020106082a8648ce3d030107034200');

const encoder = new TextEncoder();

// --- Bytes -------------------------------------------------------------------

export function random(count) {
  return crypto.getRandomValues(new Uint8Array(count));
}

export async function sha256(...pieces) {
  const digest = await crypto.subtle.digest('SHA-256', concat(...pieces));
  return new Uint8Array(digest);
}

// --- Families ----------------------------------------------------------------

// The origin without its last element; one of one element is its own family.
export function familyOf(origin) {
  const slash = origin.lastIndexOf('/');
  return slash < 0 ? origin : origin.slice(0, slash);
}

// Under which a family's keys are filed: a hash, so that who reads the storage
// needs to know the log to see what it is about.
async function drawerOf(family) {
  return hexOf(await sha256(encoder.encode(family))).slice(0, 32);
}

// --- Where keys are kept -----------------------------------------------------

// In IndexedDB; one short transaction for each call. Rejects with WalletError
// `storage`.
function keepInBrowser() {
  const within = async (mode, work) => {
    let database;
    try {
      database = await Database.open(DATABASE, STORE, {keyPath: 'id'});
      return await database.run(mode, work);
    } catch (error) {
      throw new WalletError('storage', `IndexedDB: ${error?.name ?? error}`);
    } finally {
      database?.close();
    }
  };
  return {
    all: () => within('readonly', (store) => store.getAll()),
    put: (value) => within('readwrite', (store) => store.put(value)),
    remove: (id) => within('readwrite', (store) => store.delete(id)),
  };
}

// For tests.
export function keepInMemory() {
  const kept = new Map();
  return {
    all: async () => [...kept.values()].map((value) => ({...value})),
    put: async (value) => void kept.set(value.id, {...value}),
    remove: async (id) => void kept.delete(id),
  };
}

// What came out of the store, or null if it is not a key of ours: another
// version's, or damaged.
function readKept(value) {
  const lengths = {'passkey-prf': 32, device: 32, passkey: 65};
  if (!(value?.publicKey instanceof Uint8Array) ||
      value.publicKey.length !== lengths[value.kind] ||
      typeof value.madeAt_s !== 'number') {
    return null;
  }
  const secret = value.kind === 'device' ? value.key : value.credential;
  return secret === undefined ? null : value;
}

// --- What this browser can do ------------------------------------------------

async function hasEd25519() {
  try {
    await crypto.subtle.generateKey({name: 'Ed25519'}, false, ['sign']);
    return true;
  } catch {
    return false;
  }
}

async function hasStorage() {
  try {
    await keepInBrowser().all();
    return true;
  } catch {
    return false;
  }
}

// For each kind, best first, whether this browser can make such a key, as far
// as can be known without asking the person.
export async function waysToKeepAKey() {
  const kinds = ['passkey-prf', 'device', 'passkey'];
  if (globalThis.isSecureContext === false || !globalThis.crypto?.subtle) {
    return kinds.map((kind) => ({kind, possible: 'no', why: 'insecure'}));
  }
  const no = (kind, why) => ({kind, possible: 'no', why});
  const [ed25519, storage, passkeys] =
      await Promise.all([hasEd25519(), hasStorage(), lookAtPasskeys()]);
  return kinds.map((kind) => {
    if (!storage) return no(kind, 'no-storage');
    if (kind !== 'passkey' && !ed25519) return no(kind, 'no-webcrypto-ed25519');
    if (kind === 'device') return {kind, possible: 'yes'};
    if (passkeys.why !== undefined) return no(kind, passkeys.why);
    if (kind === 'passkey-prf' && passkeys.prf === false) {
      return no(kind, 'no-prf');
    }
    // What the authenticator can do shows when a key is made.
    return {kind, possible: 'maybe'};
  });
}

async function lookAtPasskeys() {
  if (typeof PublicKeyCredential === 'undefined' || !navigator.credentials) {
    return {why: 'no-webauthn'};
  }
  try {
    const can = await PublicKeyCredential.getClientCapabilities?.();
    if (can === undefined) return {};
    // A telephone beside the computer, or a key on a chain, will do as well.
    if (can.userVerifyingPlatformAuthenticator === false &&
        can.hybridTransport === false &&
        can.passkeyPlatformAuthenticator === false) {
      return {why: 'no-authenticator'};
    }
    return {prf: can['extension:prf']};
  } catch {
    return {};
  }
}

// --- Passkeys ----------------------------------------------------------------

// What the person's device or browser says, in our kinds.
function passkeyError(error) {
  if (error instanceof WalletError) return error;
  switch (error?.name) {
    case 'NotAllowedError':
    case 'AbortError':
      return new WalletError('cancelled', 'refused, or no answer in time');
    case 'InvalidStateError':
      return new WalletError('other-key', 'the device has such a key already');
    case 'NotSupportedError':
    case 'ConstraintError':
      return new WalletError('unsupported',
          'the device makes no such passkeys', 'no-authenticator');
    default:
      // SecurityError: the page's address is none that passkeys work at.
      return new WalletError('unsupported',
          `passkeys: ${error?.name ?? 'unknown'}`, 'no-webauthn');
  }
}

async function askForPasskey(method, publicKey) {
  if (typeof navigator === 'undefined' || !navigator.credentials) {
    throw new WalletError('unsupported', 'no passkeys here', 'no-webauthn');
  }
  try {
    const credential = await navigator.credentials[method](
        {publicKey: {timeout: PASSKEY_TIMEOUT_MS, ...publicKey}});
    if (credential === null) throw new WalletError('cancelled', 'no answer');
    return credential;
  } catch (error) {
    throw passkeyError(error);
  }
}

// `label` is shown by the device; the user handle is random and says nothing.
function makePasskey(label, extensions) {
  return askForPasskey('create', {
    rp: {name: label},
    user: {id: random(32), name: label, displayName: label},
    challenge: random(32),
    pubKeyCredParams: [{type: 'public-key', alg: ES256_ALGORITHM}],
    authenticatorSelection: {
      residentKey: 'required', requireResidentKey: true,
      userVerification: 'required',
    },
    attestation: 'none',
    extensions,
  });
}

// `kept`: whose passkey; none: any of this site.
function usePasskey(kept, challenge, extensions) {
  return askForPasskey('get', {
    challenge,
    allowCredentials: kept === null ? [] : [{
      type: 'public-key', id: kept.credential,
      ...(kept.transports?.length > 0 && {transports: kept.transports}),
    }],
    userVerification: 'required',
    ...(extensions !== undefined && {extensions}),
  });
}

// A passkey that turned out useless should not stay in the person's list.
function disown(credential) {
  PublicKeyCredential.signalUnknownCredential?.({
    rpId: location.hostname, credentialId: credential.id,
  })?.catch(() => {});
}

async function prfInput(family) {
  const first = await sha256(encoder.encode(DERIVATION + family));
  return {prf: {eval: {first}}};
}

// The secret of an answer; the caller wipes it. Null if there is none.
function secretOf(credential) {
  const first = credential.getClientExtensionResults().prf?.results?.first;
  return first === undefined ? null : new Uint8Array(first);
}

// The Ed25519 key that a secret gives for a family. `known`: its public half
// if there is one; else it is found out, for which the key is exportable for a
// moment. `secret` is wiped, and so are all bytes between, but for one string
// of JSON in the second case, which the browser collects.
async function keyOfSecret(secret, family, known) {
  let seed = null;
  let pkcs8 = null;
  try {
    const material = await crypto.subtle.importKey(
        'raw', secret, 'HKDF', false, ['deriveBits']);
    seed = new Uint8Array(await crypto.subtle.deriveBits({
      name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(0),
      info: encoder.encode(DERIVATION + family),
    }, material, 8 * SEED_BYTES));
    pkcs8 = concat(PKCS8, seed);
    let publicKey = known;
    if (publicKey === undefined) {
      const open = await crypto.subtle.importKey(
          'pkcs8', pkcs8, {name: 'Ed25519'}, true, ['sign']);
      const {x} = await crypto.subtle.exportKey('jwk', open);
      publicKey = fromBase64(
          `${x.replaceAll('-', '+').replaceAll('_', '/')}=`);
    }
    const key = await crypto.subtle.importKey(
        'pkcs8', pkcs8, {name: 'Ed25519'}, false, ['sign']);
    // Another secret gives another key.
    const challenge = random(32);
    const signature = await crypto.subtle.sign('Ed25519', key, challenge);
    const verifying = await crypto.subtle.importKey(
        'raw', publicKey, {name: 'Ed25519'}, true, ['verify']);
    if (!await crypto.subtle.verify(
        'Ed25519', verifying, signature, challenge)) {
      throw new WalletError('other-key', 'the passkey gives another key');
    }
    return {key, publicKey};
  } catch (error) {
    if (error instanceof WalletError) throw error;
    throw new WalletError('unsupported', `Ed25519: ${error?.name}`,
        'no-webcrypto-ed25519');
  } finally {
    secret.fill(0);
    seed?.fill(0);
    pkcs8?.fill(0);
  }
}

// The point of a P-256 key as an authenticator tells it.
function pointOf(credential) {
  const spki = new Uint8Array(credential.response.getPublicKey?.() ?? []);
  if (credential.response.getPublicKeyAlgorithm?.() !== ES256_ALGORITHM ||
      spki.length !== SPKI.length + 65 ||
      SPKI.some((byte, place) => spki[place] !== byte)) {
    throw new WalletError('unsupported', 'the passkey is of another kind',
        'no-authenticator');
  }
  return spki.slice(SPKI.length);
}

// r and s, 32 bytes each, out of an ECDSA signature in DER.
export function rawOfDer(der) {
  const wrong = () => new WalletError('other-key', 'no ES256 signature');
  if (der[0] !== 0x30 || der[1] !== der.length - 2) throw wrong();
  const raw = new Uint8Array(64);
  let at = 2;
  for (const end of [32, 64]) {
    const length = der[at + 1];
    let number = der.subarray(at + 2, at + 2 + length);
    if (der[at] !== 2 || length === 0 || number.length !== length) {
      throw wrong();
    }
    if (number[0] === 0) number = number.subarray(1);
    if (number.length > 32) throw wrong();
    raw.set(number, end - number.length);
    at += 2 + length;
  }
  if (at !== der.length) throw wrong();
  return raw;
}

// --- The wallet --------------------------------------------------------------

// The keys for one family of logs. Of several tabs each sees what the others
// made. Rejects with WalletError, as all here.
export async function openWallet({family, keep = keepInBrowser()}) {
  return new Wallet(family, await drawerOf(family), keep);
}

class Wallet {
  #drawer;
  #keep;

  constructor(family, drawer, keep) {
    this.family = family;
    this.#drawer = drawer;
    this.#keep = keep;
  }

  async list() {
    const kept = await this.#mine();
    return Promise.all(kept.map(walletKey));
  }

  async makeKey(kind, {label, recovery = false}) {
    // A key that can't be kept is not made.
    const there = await this.#mine();
    let made;
    switch (kind) {
      case 'passkey-prf':
        made = await this.#makeOfPasskey(label);
        break;
      case 'device':
        made = await makeOnDevice();
        break;
      case 'passkey': {
        const credential = await makePasskey(label);
        made = {publicKey: pointOf(credential), ...namesOf(credential)};
        break;
      }
      default:
        throw new TypeError('no such kind of key');
    }
    // Of two made in one second the second is the newer.
    const madeAt_s = Math.max(Math.floor(Date.now() / 1000),
        ...there.map((one) => one.madeAt_s + 1));
    return this.#put({kind, madeAt_s, recovery, ...made});
  }

  async bringBack() {
    const credential =
        await usePasskey(null, random(32), await prfInput(this.family));
    const secret = secretOf(credential);
    if (secret === null) {
      throw new WalletError('no-prf', 'the passkey gives no secret');
    }
    const {publicKey} = await keyOfSecret(secret, this.family);
    const known = (await this.#mine())
        .find((one) => hexOf(one.publicKey) === hexOf(publicKey));
    if (known !== undefined) return walletKey(known);
    return this.#put({
      kind: 'passkey-prf', publicKey, ...namesOf(credential), recovery: false,
      madeAt_s: Math.floor(Date.now() / 1000),
    });
  }

  async unlock(key) {
    const kept = (await this.#mine())
        .find((one) => hexOf(one.publicKey) === key.publicKey);
    if (kept === undefined) {
      throw new WalletError('gone', 'the key is no longer on this device');
    }
    switch (kept.kind) {
      case 'device':
        return ed25519Signer(key, kept.key);
      case 'passkey-prf': {
        const credential =
            await usePasskey(kept, random(32), await prfInput(this.family));
        const secret = secretOf(credential);
        if (secret === null) {
          throw new WalletError('no-prf', 'the passkey gives no secret');
        }
        const unlocked =
            await keyOfSecret(secret, this.family, kept.publicKey);
        return ed25519Signer(key, unlocked.key);
      }
      default:
        return passkeySigner(key, kept);
    }
  }

  async forget(key) {
    const kept = (await this.#mine())
        .find((one) => hexOf(one.publicKey) === key.publicKey);
    if (kept !== undefined) await this.#keep.remove(kept.id);
  }

  async persistent() {
    try {
      return await navigator.storage.persisted() ||
          await navigator.storage.persist();
    } catch {
      return false;
    }
  }

  async #makeOfPasskey(label) {
    const input = await prfInput(this.family);
    const created = await makePasskey(label, input);
    let secret = secretOf(created);
    if (secret === null && created.getClientExtensionResults().prf?.enabled) {
      // Most devices tell it only when the passkey is used.
      secret = secretOf(await usePasskey(namesOf(created), random(32), input));
    }
    if (secret === null) {
      disown(created);
      throw new WalletError('no-prf', 'the passkey gives no secret');
    }
    const {publicKey} = await keyOfSecret(secret, this.family);
    return {publicKey, ...namesOf(created)};
  }

  async #mine() {
    return (await this.#keep.all())
        .filter((one) => one.family === this.#drawer && readKept(one) !== null)
        .sort((a, b) => a.madeAt_s - b.madeAt_s);
  }

  async #put(value) {
    const id = `${this.#drawer} ${hexOf(value.publicKey)}`;
    await this.#keep.put({id, family: this.#drawer, ...value});
    return walletKey(value);
  }
}

async function makeOnDevice() {
  try {
    const pair = await crypto.subtle.generateKey(
        {name: 'Ed25519'}, false, ['sign', 'verify']);
    const publicKey = await crypto.subtle.exportKey('raw', pair.publicKey);
    return {publicKey: new Uint8Array(publicKey), key: pair.privateKey};
  } catch (error) {
    throw new WalletError('unsupported', `Ed25519: ${error?.name}`,
        'no-webcrypto-ed25519');
  }
}

function namesOf(credential) {
  return {
    credential: new Uint8Array(credential.rawId),
    transports: credential.response.getTransports?.() ?? [],
  };
}

async function walletKey({kind, publicKey, madeAt_s, recovery}) {
  const hex = hexOf(publicKey);
  return {
    kind, publicKey: hex, madeAt_s, recovery: recovery === true,
    signatureKind: kind === 'passkey' ? WEBAUTHN : ED25519,
    fingerprint: await fingerprintOf(hex),
  };
}

function ed25519Signer(key, cryptoKey) {
  const sign = async (bytes) =>
      new Uint8Array(await crypto.subtle.sign('Ed25519', cryptoKey, bytes));
  return {
    key,
    async sign({signed_bytes}) {
      const signature = await sign(bytesOf(signed_bytes));
      return {signature_kind: ED25519, signature: hexOf(signature)};
    },
  };
}

// Asks anew for each statement: the person touches the device for each chain.
function passkeySigner(key, kept) {
  return {
    key,
    async sign({challenge}) {
      const {response} = await usePasskey(kept, bytesOf(challenge));
      const assertion = concat(
          wireBytes(1, new Uint8Array(response.authenticatorData)),
          wireBytes(2, new Uint8Array(response.clientDataJSON)),
          wireBytes(3, rawOfDer(new Uint8Array(response.signature))));
      return {signature_kind: WEBAUTHN, signature: hexOf(assertion)};
    },
  };
}

// --- Between a wallet and an identity service --------------------------------

// A KeyRequest of client/wallet.proto without its possession, as bytes: fields
// ascending, those without a value left out.
function requestBytes(request) {
  const text = (field, value) =>
      value === '' ? [] : [wireBytes(field, encoder.encode(value))];
  const bytes = (field, hex) => [wireBytes(field, bytesOf(hex))];
  const number = (field, value) =>
      value === 0 ? [] : [wireNumber(field, value)];
  return concat(
      ...text(1, request.format), ...text(2, request.family),
      ...bytes(3, request.subject), ...bytes(4, request.publicKey),
      ...text(5, request.name), ...number(6, request.recovery ? 1 : 0),
      ...request.chains.map((chain) => wireBytes(7, concat(
          ...number(1, chain.administration), ...number(2, chain.sequence),
          ...(chain.previous === undefined ? [] : bytes(3, chain.previous))))),
      ...text(8, request.language), ...text(9, request.words),
      ...bytes(10, request.statementId), ...number(11, request.madeAt_ms),
      ...number(13, request.kind));
}

// What an identity service is asked to sign: make this key mine, in these
// chains. Signed by the key itself, so that nobody has a key registered that is
// not theirs. `words` are those of statementWords without names. It names the
// person: it goes to the identity service and nowhere else.
export async function keyRequest(
    {wallet, signer, subject, chains, language, words, recovery, name = '',
      now_ms}) {
  const {key} = signer;
  const request = {
    format: REQUEST_FORMAT, family: wallet.family, subject,
    publicKey: key.publicKey, name, recovery, chains, language, words,
    statementId: hexOf(random(16)), madeAt_ms: now_ms,
    // Ed25519 is what is meant where nothing is said.
    kind: key.signatureKind === ED25519 ? 0 : key.signatureKind,
  };
  const signed = concat(encoder.encode(`${REQUEST_FORMAT}\n`),
      await sha256(requestBytes(request)));
  const {signature} = await signer.sign({
    signed_bytes: hexOf(signed), challenge: hexOf(await sha256(signed)),
  });
  const base64 = (hex) => toBase64(bytesOf(hex));
  return {
    format: request.format, family: request.family, subject: base64(subject),
    publicKey: base64(key.publicKey), name, recovery,
    chain: chains.map(({administration, sequence, previous}) => ({
      administration, sequence: `${sequence}`,
      ...(previous !== undefined && {previous: base64(previous)}),
    })),
    language, words, statementId: base64(request.statementId),
    madeAtMs: `${now_ms}`, possession: base64(signature),
    ...(request.kind !== 0 && {kind: request.kind}),
  };
}

// --- Between two devices of one person ---------------------------------------

// What the new device shows and the old one reads, as text or in a QR code: a
// public key and, by eight digits, for which family of logs it is.
export async function keyText(key, family) {
  const drawer = await drawerOf(family);
  return `${KEY_TEXT}:${drawer.slice(0, 8)}:${key.signatureKind}:` +
      key.publicKey;
}

export async function readKeyText(text, family) {
  const found = new RegExp(
      `^${KEY_TEXT}:([0-9a-f]{8}):(1:[0-9a-f]{64}|4:04[0-9a-f]{128})$`)
      .exec(text.trim().toLowerCase());
  if (found === null) return null;
  const [kind, publicKey] = found[2].split(':');
  return {
    publicKey, signatureKind: Number(kind),
    family: found[1] === (await drawerOf(family)).slice(0, 8),
  };
}
