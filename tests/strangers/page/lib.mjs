// What the page's tests share: a browser of its own, what it asked for, and a
// count of what holds.

import {createHash, X509Certificate} from 'node:crypto';
import {mkdirSync} from 'node:fs';
import {createRequire} from 'node:module';

const require = createRequire(`${process.env.PAGE_TOOLS}/`);
const {chromium} = require('playwright-core');
const AXE = require.resolve('axe-core');
const SCREENSHOTS = process.env.SCREENSHOTS;
if (SCREENSHOTS) mkdirSync(SCREENSHOTS, {recursive: true});

const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic',
  '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage'];

export class Checks {
  passed = 0;
  failed = 0;
  #name;

  constructor(name) {
    this.#name = name;
  }

  holds(name, condition, more = '') {
    if (condition) {
      ++this.passed;
    } else {
      ++this.failed;
      console.log(`FAILED: ${name}${more === '' ? '' : `: ${more}`}`);
    }
    return Boolean(condition);
  }

  same(name, got, wanted) {
    const [is, should] = [JSON.stringify(got), JSON.stringify(wanted)];
    return this.holds(name, is === should, `is ${is}, should be ${should}`);
  }

  // A step that must come to its end; of one that does not, a picture stays.
  async step(name, page, run) {
    try {
      await run();
      ++this.passed;
      return true;
    } catch (error) {
      ++this.failed;
      console.log(`FAILED: ${name}: ${error.message.slice(0, 1500)}`);
      await picture(page, `failed-${name}`);
      return false;
    }
  }

  end() {
    console.log(
        `${this.#name}: ${this.passed} passed, ${this.failed} failed`);
    return this.failed === 0 ? 0 : 1;
  }
}

// A browser with a profile of its own in `folder`, and what it does.
// `certificate`, `alsoTrust`: of doors that it may believe, PEM.
export async function openBrowser(
    folder, {certificate, alsoTrust = [], ...options} = {}) {
  const flags = [...FLAGS];
  const trusted = [certificate, ...alsoTrust].filter(Boolean).map((pem) => {
    const key = new X509Certificate(pem).publicKey
        .export({type: 'spki', format: 'der'});
    return createHash('sha256').update(key).digest('base64');
  });
  // Passkeys work at no address whose certificate was waved through.
  if (trusted.length > 0) {
    flags.push(`--ignore-certificate-errors-spki-list=${trusted.join(',')}`);
  }
  const context = await chromium.launchPersistentContext(folder, {
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    headless: true, args: flags, locale: 'en-GB', timezoneId: 'Europe/Helsinki',
    viewport: {width: 1100, height: 900}, ...options,
  });
  const seen = {requests: [], errors: []};
  context.on('request', (request) => seen.requests.push(request.url()));
  context.on('weberror', (error) => seen.errors.push(String(error.error())));
  context.on('console', (message) => {
    if (message.type() === 'error') seen.errors.push(message.text());
  });
  const page = context.pages()[0] ?? await context.newPage();
  page.setDefaultTimeout(15000);
  return {context, page, seen};
}

export async function picture(page, name, options = {}) {
  if (!SCREENSHOTS) return;
  await page?.screenshot({
    path: `${SCREENSHOTS}/${name.replace(/[^a-z0-9-]+/gi, '-')}.png`,
    fullPage: true, ...options,
  }).catch(() => {});
}

// What axe finds: "rule: selector", one each.
export async function axe(page) {
  const loaded = await page.evaluate(() => 'axe' in window);
  if (!loaded) {
    // Not by a <script>, which the page's policy forbids.
    const cdp = await page.context().newCDPSession(page);
    const {readFileSync} = await import('node:fs');
    await cdp.send('Runtime.evaluate',
        {expression: readFileSync(AXE, 'utf8') + ';0'});
    await cdp.detach();
  }
  return page.evaluate(async () => {
    const {violations} = await window.axe.run(document, {
      resultTypes: ['violations'],
      runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa',
        'best-practice'],
    });
    return violations.flatMap(({id, nodes}) => nodes.map(
        ({target, failureSummary}) =>
          `${id}: ${target.join(' ')} (${failureSummary.split('\n')[1]})`));
  });
}

// Everything that the page keeps on this device, as one text.
export function storageOf(page) {
  return page.evaluate(async () => {
    const all = [JSON.stringify({...localStorage}),
      JSON.stringify({...sessionStorage}), document.cookie];
    const text = (value) => JSON.stringify(value, (name, one) => {
      if (one instanceof Map) return [...one];
      if (one instanceof ArrayBuffer) one = new Uint8Array(one);
      if (!ArrayBuffer.isView(one)) return one;
      const bytes = Array.from(one);
      return [String.fromCharCode(...bytes),
        bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('')];
    });
    for (const {name} of await indexedDB.databases()) {
      const database = await new Promise((resolve, reject) => {
        const opening = indexedDB.open(name);
        opening.onsuccess = () => resolve(opening.result);
        opening.onerror = () => reject(opening.error);
      });
      for (const store of database.objectStoreNames) {
        const read = (what) => new Promise((resolve, reject) => {
          const asked = database.transaction(store).objectStore(store)[what]();
          asked.onsuccess = () => resolve(asked.result);
          asked.onerror = () => reject(asked.error);
        });
        all.push(name, store, text(await read('getAll')),
            text(await read('getAllKeys')));
      }
      database.close();
    }
    for (const name of await caches.keys()) all.push(name);
    return all.join('\n');
  });
}
