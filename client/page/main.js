// The page as it is served: the seams of app.js on a real log, a real wallet
// and a real session. What is kept on the device: the language, by
// localStorage; heads and counts under opaque names, by memory.js; keys, by
// wallet.js.

import {startPage} from './app.js';
import {el} from './dom.js';
import {openDoor} from './door.js';
import {makeEntryBundle} from './entry_bundle.js';
import {openMemory} from './memory.js';
import {plain} from './model.js';
import {checkInWorker} from './resident.js';
import {openDesk, saidIn} from './statements.js';
import {hexOf, loadVerifier} from './vidimus.js';
import {familyOf, keyText, openWallet, readKeyText, waysToKeepAKey}
  from './wallet.js';
import {loadWords} from './words.js';

const MEMORY = 'vidimus';
const LANGUAGE_KEY = 'vidimus-language';

async function fetched(path) {
  const answer = await fetch(path, {cache: 'no-cache'});
  if (!answer.ok) throw new Error(`${path}: HTTP ${answer.status}`);
  return answer;
}

function stored(act) {
  try {
    return act(localStorage);
  } catch {
    // A window in which nothing may be kept.
    return null;
  }
}

async function run() {
  const config = await (await fetched('config.json')).json();
  const wasm = await (await fetched('vidimus.wasm')).arrayBuffer();
  const wasmHash = hexOf(new Uint8Array(
      await crypto.subtle.digest('SHA-256', wasm)));
  const module = await WebAssembly.compile(wasm);

  // This version judges the logs of its own origin.
  const log = (config.logs ?? []).find(
      ({url}) => new URL(url, location.href).origin === location.origin);
  // The first part of a log's verifier key is its origin.
  const origin = log?.vkey.split('+')[0] ?? '';
  const door = log && openDoor({url: location.origin});
  let verifier, wallet;

  async function theVerifier() {
    verifier ??= await loadVerifier(module);
    return verifier;
  }

  async function theWallet() {
    wallet ??= await openWallet({family: familyOf(origin)});
    return wallet;
  }

  await startPage({
    config,
    log,
    wasmHash,
    now: () => Math.floor(Date.now() / 1000),
    words: loadWords,
    storedLanguage: () => stored((storage) => storage.getItem(LANGUAGE_KEY)),
    storeLanguage: (code) => stored((storage) => storage.setItem(LANGUAGE_KEY, code)),

    session: async () => config.sign_in === false ? {signed_in: false} :
      (await fetched('session')).json(),
    signIn: () => location.assign('sign-in'),
    async signOut() {
      try {
        await (await openMemory(MEMORY)).forgetPerson();
      } catch {
        // There was nothing to forget.
      }
      await fetch('sign-out', {method: 'POST'});
      location.replace('./');
    },

    check: (onProgress) => checkInWorker({
      worker: new Worker('resident_worker.js', {type: 'module'}),
      module, url: location.origin, memory: MEMORY, logKey: log.vkey,
      policy: log.policy ?? '', onProgress}),

    said: saidIn,
    entryBundle: async ({report, bundle}, {administration, entry}) =>
      makeEntryBundle({verifier: await theVerifier(), door, logKey: log.vkey,
        report, bundle, administration, entry}),
    async desk(report, look) {
      const verifier = await theVerifier();
      return openDesk({verifier, door, wallet: await theWallet(), origin,
        logKey: log.vkey, report, look});
    },
    enrol: config.identity_services?.length > 0 ?
      (request) => door.post('enrol', request) : null,

    keys: async () => (await theWallet()).list(),
    keyText: (key) => keyText(key, familyOf(origin)),
    readKeyText: (text) => readKeyText(text, familyOf(origin)),
    waysToKeepAKey,
    makeKey: async (kind, options) => (await theWallet()).makeKey(kind, options),
    bringBack: async () => (await theWallet()).bringBack(),
    forgetKey: async (key) => (await theWallet()).forget(key),
  });
}

// Without settings, words or WebAssembly (some browsers switch it off) there is
// no page; that much can be said all the same.
const SORRY = {
  sv: 'Sidan kunde inte starta, så ingenting är granskat. Försök igen, eller använd en annan webbläsare.',
  fi: 'Sivu ei käynnistynyt, joten mitään ei ole tarkistettu. Yritä uudelleen tai käytä toista selainta.',
  en: 'The page could not start, so nothing has been checked. Try again, or use another browser.',
};

run().catch((error) => {
  document.getElementById('main').replaceChildren(
      el('section', {class: 'v-notice v-notice--look'},
          Object.entries(SORRY).map(([lang, text]) => el('p', {lang}, text)),
          el('p', {lang: 'en', class: 'v-small'}, plain(String(error?.message ?? error)))));
});
