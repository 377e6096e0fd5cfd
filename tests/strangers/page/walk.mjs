// A resident's whole way through the page: sign in, verify, read, filter, get a
// key, consent, withdraw, see the next access turn into a violation, contest,
// take it away. What the page did is judged natively; what it asked for, kept
// and put into addresses is looked at.
//
//   node walk.mjs FOLDER    with a log in FOLDER/log

import {readFileSync} from 'node:fs';

import {residentOf} from '../../resident/city.mjs';
import {Checks, openBrowser, picture, storageOf} from './lib.mjs';
import {BOARD, CONSENT, folderIn, LAW, Place} from './place.mjs';

const folder = process.argv[2];
const RESIDENT = 42;
const PRF = 43;
const PASSKEY = 44;
const checks = new Checks('walk');
const place = await Place.open(folder, [RESIDENT, PRF, PASSKEY]);
const {city} = place;

for (const number of [RESIDENT, PRF, PASSKEY]) {
  city.record(BOARD, number, LAW, `Counter ${number}`);
  city.record(BOARD, number, LAW, 'Phone line');
}
await city.waitForMonitor();

// Where the browser may go, and what no address and no storage may hold.
const ALLOWED = [place.url, place.providerOrigin];
const SECRETS = [RESIDENT, PRF, PASSKEY].map(residentOf).concat(
    'handler-12', 'Counter', 'Phone line', 'PublicServiceProvision',
    'pd:Contact', '212000-1157', 'because it is wrong');

function button(page, name) {
  return page.getByRole('button', {name, exact: true});
}

async function view(page, name) {
  await page.locator(`nav a[href="#${name}"]`).click();
  await page.locator(`nav a[href="#${name}"][aria-current="page"]`).waitFor();
}

// Signs what the dialog shows; what it says afterwards.
async function sign(page) {
  const dialog = page.locator('dialog');
  await dialog.locator('.v-signed').waitFor();
  const words = await dialog.locator('.v-signed').innerText();
  await button(dialog, 'Sign').click();
  await dialog.locator('.v-signed').waitFor({state: 'detached'});
  await dialog.locator('.v-busy').waitFor({state: 'detached'});
  const said = await dialog.innerText();
  await button(dialog, 'Close').click();
  await dialog.waitFor({state: 'detached'});
  return {words, said};
}

async function counts(page) {
  const {words, said} = await sign(page);
  if (!said.includes('It stands in the log and counts.')) throw new Error(said);
  return words;
}

// Under the newest head, which a monitor vouches for.
async function checkAgain(page) {
  await city.waitForMonitor();
  await view(page, 'overview');
  await button(page, 'Check again').click();
  await page.locator('#main[data-phase="checking"]').waitFor()
      .catch(() => {});
  return place.checked(page);
}

async function makeKey(page, kind) {
  await view(page, 'devices');
  await button(page, 'Make a key').click();
  const dialog = page.locator('dialog');
  await dialog.locator(`input[value="${kind}"]`).check();
  await button(dialog, 'Make a key').click();
  return counts(page);
}

async function consent(page) {
  await view(page, 'consents');
  await page.locator('li.v-row, section.v-panel').filter({hasText: boardName})
      .getByRole('button', {name: 'Consent to something'}).click();
  const dialog = page.locator('dialog');
  await dialog.locator('input[value="PublicServiceProvision"]').check();
  await dialog.locator('input[value="pd:Contact"]').check();
  await button(dialog, 'Continue').click();
  return counts(page);
}

async function withdraw(page) {
  await view(page, 'consents');
  await button(page, 'Withdraw').first().click();
  return counts(page);
}

// What the native client says of everything.
async function native(number) {
  const {said} = await city.runBeside('vidimus', ['resident', 'timeline',
    '--language', 'en', '--server', city.url, '--ca', city.ca, '--token-file',
    city.tokenFileOf(number), '--vkey', `${city.log}/log.vkey`]);
  return said;
}

const profile = folderIn(folder, 'profile-walk');
const options = {
  certificate: place.certificate, acceptDownloads: true,
  ignoreHTTPSErrors: false,
};
let browser = await openBrowser(
    profile, {...options, alsoTrust: [place.providerCertificate]});
let {page, seen} = browser;
const all = {requests: [], errors: []};
let boardName;

await checks.step('the page greets who is not signed in', page, async () => {
  await page.goto(`${place.url}/`);
  await page.locator('.v-hero').waitFor();
  await picture(page, 'welcome');
});

await checks.step('sign in and verify', page, async () => {
  const {finding, tone, text} = await place.signIn(page, RESIDENT);
  checks.same('all is well', [finding, tone], ['Ok', 'good']);
  checks.holds('it says how many', text.includes('2'), text);
  checks.holds('and that none is missing', text.includes('None is missing'),
      text);
  checks.same('nothing in the address', page.url(), `${place.url}/`);
  await picture(page, 'overview');
});

await checks.step('read and filter', page, async () => {
  await view(page, 'timeline');
  const rows = page.locator('main a[href^="#access/"]');
  await rows.first().waitFor();
  checks.same('both accesses', await rows.count(), 2);
  await picture(page, 'timeline');
  await page.getByRole('searchbox').or(page.getByLabel('Search', {exact: true}))
      .first().fill('Phone');
  await page.waitForFunction(() => document.querySelectorAll(
      'main a[href^="#access/"]').length === 1);
  await rows.first().click();
  await page.locator('article.v-access').waitFor();
  const text = await page.locator('main').innerText();
  for (const word of ['Phone line', 'handler-12', 'Under law']) {
    checks.holds(`the access shows ${word}`,
        text.toLowerCase().includes(word.toLowerCase()), text.slice(0, 800));
  }
  boardName = await page.locator('dt:text-is("Who") + dd').first().innerText();
  await picture(page, 'access');
});

await checks.step('a key on the device', page, async () => {
  const words = await makeKey(page, 'device');
  checks.holds('the words name the key', /Key [0-9a-f]{16} may sign/.test(words),
      words);
  await picture(page, 'devices');
});

await checks.step('consent', page, async () => {
  const words = await consent(page);
  checks.holds('the words say to whom', words.includes(`(#${BOARD})`), words);
  city.record(BOARD, RESIDENT, CONSENT, 'Counter 4');
  const {finding, tone} = await checkAgain(page);
  checks.same('under consent', [finding, tone], ['Ok', 'good']);
  await view(page, 'consents');
  await picture(page, 'consents');
});

await checks.step('the key survives a reload', page, async () => {
  await page.reload();
  await place.checked(page);
});

await checks.step('withdraw', page, async () => {
  await withdraw(page);
  city.record(BOARD, RESIDENT, CONSENT, 'Counter 5');
  const {finding, tone, text} = await checkAgain(page);
  checks.same('a violation', [finding, tone], ['Ok', 'bad']);
  checks.holds('it says so', /violation 1/i.test(text), text);
  await picture(page, 'violation');
  const said = await native(RESIDENT);
  checks.holds('the same natively',
      said.includes('[violation: you had withdrawn your consent]') &&
      said.includes('[under your consent]'), said);
});

await checks.step('contest', page, async () => {
  await view(page, 'timeline');
  await page.locator('main li:has-text("violation") a[href^="#access/"], ' +
      'main a[href^="#access/"]').first().click();
  await page.locator('article.v-access').waitFor();
  await picture(page, 'access-violation');
  await button(page, 'Contest').click();
  const dialog = page.locator('dialog');
  await dialog.locator('textarea').fill('because it is wrong');
  await button(dialog, 'Continue').click();
  await dialog.locator('.v-signed').waitFor();
  await picture(page, 'signing');
  const words = await counts(page);
  checks.holds('the words have the reason',
      words.includes('Reason: because it is wrong'), words);
});

await checks.step('take it away', page, async () => {
  await city.waitForMonitor();
  await checkAgain(page);
  await view(page, 'take');
  await picture(page, 'take');
  const files = {};
  for (const [i, name] of ['bundle', 'json', 'csv'].entries()) {
    const [download] = await Promise.all([page.waitForEvent('download'),
      button(page, 'Download').nth(i).click()]);
    files[name] = `${folder}/taken.${name}`;
    await download.saveAs(files[name]);
  }
  const {code, said} =
      await city.verify(readFileSync(files.bundle), 'taken');
  checks.same('vidimus verify accepts it', code, 0);
  checks.holds('and sees the violation',
      said.includes('[violation: you had withdrawn your consent]'), said);
  for (const format of ['json', 'csv']) {
    const wanted = city.run('vidimus', ['resident', 'export', '--chains',
      `${folder}/taken`, '--vkey', `${city.log}/log.vkey`, '--monitor',
      `${folder}/uni/monitor.vkey`, '--format', format, '--language', 'en',
      '--out', '-']);
    checks.holds(`${format} is the native one`,
        readFileSync(files[format], 'utf8').trim() === wanted.trim());
  }
});

await checks.step('what is kept says nothing of the person', page, async () => {
  const kept = await storageOf(page);
  const bad = SECRETS.filter((secret) => kept.includes(secret));
  checks.same('nothing personal', bad, []);
  checks.holds('no record', !kept.includes(city.vkey.split('+')[0]) ||
      !/statement_id|AccessRecord/.test(kept));
});

await checks.step('the key survives a restart', page, async () => {
  await browser.context.close();
  all.requests.push(...seen.requests);
  all.errors.push(...seen.errors);
  browser = await openBrowser(
      profile, {...options, alsoTrust: [place.providerCertificate]});
  ({page, seen} = browser);
  await page.goto(`${place.url}/`);
  await page.locator('#main[data-phase="done"], #main[data-phase="signed-out"]')
      .first().waitFor();
  if (await page.locator('.v-hero').count() > 0) {
    await place.signIn(page, RESIDENT);
  } else {
    await place.checked(page);
  }
  await view(page, 'consents');
  await page.locator('section.v-panel summary').first().click();
  await page.getByRole('button', {name: 'Consent again'}).first().click();
  await counts(page);
  await withdraw(page);
});

await checks.step('another device is added, and revoked', page, async () => {
  await view(page, 'devices');
  await button(page, 'Make a key').click();
  const dialog = page.locator('dialog');
  await dialog.locator('input[value="device"]').check();
  await button(dialog, 'Make a key').click();
  await dialog.waitFor({state: 'detached'});
  await page.getByText('A key on this device is not known to the log').waitFor();
  await page.locator('details summary:has-text("Show this device")').click();
  const text = await page.locator('.v-reference code').last().innerText();
  await button(page, 'Add a device').last().click();
  await dialog.locator('textarea').fill('vidimus-key-1:nonsense');
  await button(dialog, 'Continue').click();
  await dialog.getByText('This is no such text.').waitFor();
  await dialog.locator('textarea').fill(text);
  await button(dialog, 'Continue').click();
  await counts(page);
  await view(page, 'overview');
  await view(page, 'devices');
  checks.same('both are known', await page.getByRole('heading',
      {name: 'This device\'s key'}).count(), 2);
  await button(page, 'Revoke this key').last().click();
  const words = await counts(page);
  checks.holds('its consents end', words.includes('may no longer sign'), words);
});

await checks.step('sign out', page, async () => {
  await button(page, 'Sign out').click();
  await page.locator('.v-hero').waitFor();
  checks.same('the cookie is gone', (await browser.context.cookies())
      .filter(({name}) => name === '__Host-vidimus'), []);
});
await browser.context.close();
all.requests.push(...seen.requests);
all.errors.push(...seen.errors);

// --- Passkeys ----------------------------------------------------------------

async function withPasskeys(number, hasPrf, run) {
  const mine = await openBrowser(folderIn(folder, `profile-${number}`),
      {...options, alsoTrust: [place.providerCertificate]});
  const cdp = await mine.context.newCDPSession(mine.page);
  await cdp.send('WebAuthn.enable');
  await cdp.send('WebAuthn.addVirtualAuthenticator', {options: {
    protocol: 'ctap2', ctap2Version: 'ctap2_1', transport: 'internal',
    hasResidentKey: true, hasUserVerification: true, isUserVerified: true,
    hasPrf, automaticPresenceSimulation: true}});
  await checks.step(`sign in as ${number}`, mine.page,
      () => place.signIn(mine.page, number));
  await run(mine.page);
  await mine.context.close();
  all.requests.push(...mine.seen.requests);
  all.errors.push(...mine.seen.errors);
}

await withPasskeys(PRF, true, async (own) => {
  await checks.step('a key out of a passkey', own, async () => {
    await makeKey(own, 'passkey-prf');
    await consent(own);
    await own.reload();
    await place.checked(own);
    await withdraw(own);
    city.record(BOARD, PRF, CONSENT, 'Counter 6');
    checks.holds('the same natively', (await native(PRF)).includes(
        '[violation: you had withdrawn your consent]'));
  });
  await checks.step('brought back after storage was cleared', own, async () => {
    await own.evaluate(async () => {
      for (const {name} of await indexedDB.databases()) {
        await new Promise((resolve) => {
          const gone = indexedDB.deleteDatabase(name);
          gone.onsuccess = gone.onerror = gone.onblocked = resolve;
        });
      }
    });
    await own.reload();
    await place.checked(own);
    checks.holds('an unknown key stands before all else',
        (await own.locator('main').innerText()).includes('unknown key'));
    await picture(own, 'unknown-key');
    await view(own, 'devices');
    await button(own, 'Bring back from a passkey').click();
    await own.getByText('This device\'s key').first().waitFor();
    await consent(own);
  });
});

await withPasskeys(PASSKEY, false, async (own) => {
  await checks.step('a passkey that gives no secret', own, async () => {
    await view(own, 'devices');
    await button(own, 'Make a key').click();
    const dialog = own.locator('dialog');
    const way = dialog.locator('input[value="passkey-prf"]');
    if (await way.isEnabled()) {
      await way.check();
      await button(dialog, 'Make a key').click();
      await dialog.getByText('gives no secret').waitFor();
    }
    await button(dialog, await button(dialog, 'Close').count() > 0 ?
      'Close' : 'Cancel').click();
  });
  const clear = async () => {
    await own.evaluate(() => new Promise((resolve) => {
      const gone = indexedDB.deleteDatabase('vidimus-wallet');
      gone.onsuccess = gone.onerror = gone.onblocked = resolve;
    }));
    await own.reload();
    await place.checked(own);
  };
  await checks.step('a passkey that signs itself', own, async () => {
    await makeKey(own, 'passkey');
    await consent(own);
    await withdraw(own);
    city.record(BOARD, PASSKEY, CONSENT, 'Counter 7');
    checks.holds('the same natively', (await native(PASSKEY)).includes(
        '[violation: you had withdrawn your consent]'));
    await consent(own);
  });
  await checks.step('a key in place of lost ones', own, async () => {
    await clear();
    await view(own, 'devices');
    await button(own, 'I have lost my keys').click();
    const dialog = own.locator('dialog');
    await dialog.locator('input[value="device"]').check();
    await button(dialog, 'Make a key').click();
    const words = await counts(own);
    checks.holds('it takes the place of lost ones',
        words.includes('takes the place of keys that I have lost'), words);
    await withdraw(own);
    await view(own, 'consents');
    await own.locator('section.v-panel summary').first().click();
    await own.getByRole('button', {name: 'Consent again'}).first().click();
    await dialog.getByText('may only say no until').waitFor();
    await picture(own, 'recovered');
    await button(dialog, 'Cancel').or(button(dialog, 'Close')).first().click();
  });
});

// --- Where it went -----------------------------------------------------------

const elsewhere = all.requests.filter((url) => !url.startsWith('blob:') &&
    !url.startsWith('data:') &&
    !ALLOWED.some((origin) => url.startsWith(`${origin}/`)));
checks.same('nothing was asked of others', elsewhere, []);
checks.same('nothing personal in an address', all.requests.filter(
    (url) => SECRETS.some((secret) => decodeURIComponent(url)
        .includes(secret))), []);
checks.same('nothing personal at the door', place.proxy.requests.filter(
    (line) => SECRETS.some((secret) => line.includes(secret))), []);
checks.same('no errors', all.errors.filter(
    // The answer to a refused sign-in, or the like, would be one.
    (text) => !text.includes('favicon')), []);
await place.close();
process.exit(checks.end());
