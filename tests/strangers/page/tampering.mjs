// Each way in which a log could lie to the page, by a proxy before an honest
// one: the headline says so, every time, and is calm again afterwards.
//
//   node tampering.mjs FOLDER    with a log in FOLDER/log

import {FAILURES} from '../../../client/js/resident.js';
import {TAMPERINGS} from '../../resident/tamper.mjs';
import {Checks, openBrowser, picture} from './lib.mjs';
import {BOARD, folderIn, LAW, Place} from './place.mjs';

const folder = process.argv[2];
const RESIDENT = 42;
const OTHER = 43;
const TONES = {wrong: 'bad', unchecked: 'look', unvouched: 'look'};
const checks = new Checks('tampering');
const place = await Place.open(folder, [RESIDENT, OTHER]);
const {city, proxy} = place;
for (const number of [RESIDENT, OTHER]) {
  city.record(BOARD, number, LAW, 'Counter 4');
  city.record(BOARD, number, LAW, 'Counter 5');
}
await city.waitForMonitor();

const {context, page} = await openBrowser(folderIn(folder, 'profile'), {
  certificate: place.certificate, alsoTrust: [place.providerCertificate]});

async function look() {
  // Without anything to show there are no views to go to.
  const overview = page.locator('nav a[href="#overview"]');
  if (await overview.isVisible()) await overview.click();
  await page.getByRole('button', {name: 'Check again'}).first().click();
  await page.waitForFunction(
      () => document.getElementById('main').dataset.phase === 'checking');
  return place.checked(page);
}

await checks.step('sign in', page, async () => {
  const {finding, tone} = await place.signIn(page, RESIDENT);
  checks.same('honest', [finding, tone], ['Ok', 'good']);
});
await proxy.remember();
// The remembered head is behind, and there is something to link to.
city.record(BOARD, RESIDENT, LAW, 'Counter 6');
await city.waitForMonitor();
await look();

for (const [name, {failure, needsGrowth}] of Object.entries(TAMPERINGS)) {
  await checks.step(name, page, async () => {
    if (needsGrowth) {
      city.record(BOARD, RESIDENT, LAW, 'Counter 7');
      await city.waitForMonitor();
    }
    proxy.tampering = name;
    const {finding, tone, text} = await look();
    proxy.tampering = undefined;
    const kind = FAILURES[failure];
    const words = await page.evaluate(async (key) => (await (await fetch(
        'words/en.json')).json()).failure[key].says.split('$')[0], failure);
    if (kind === 'unvouched') {
      // Nothing is wrong; what nobody stands behind is said beside it.
      checks.same(`${name}: tone`, tone, 'look');
      const whole = await page.locator('main').innerText();
      checks.holds(`${name}: said`, /[Nn]obody has vouched|outsider/.test(whole),
          text);
    } else {
      checks.same(`${name}: finding`, finding, failure);
      checks.same(`${name}: tone`, tone, TONES[kind]);
      checks.holds(`${name}: in words`, text.includes(words.trim()), text);
      checks.holds(`${name}: no calm word`, !/None is missing/.test(text), text);
    }
    if (['EntryMissing', 'HeadRewound', 'NoMonitor', 'Unreachable']
        .includes(failure)) {
      await picture(page, `tampering-${name}`);
    }
  });
  proxy.tampering = undefined;
  await checks.step(`after ${name}`, page, async () => {
    if (await page.locator('.v-hero').count() > 0 ||
        await page.getByRole('button', {name: 'Check again'}).count() === 0) {
      await place.signIn(page, RESIDENT);
    }
    const {finding} = await look();
    checks.same(`after ${name}: honest`, finding, 'Ok');
  });
}
await context.close();
await place.close();
process.exit(checks.end());
