// Everything that the page needs, with the real programs: a log that serves it,
// a monitor, an identity provider, and a proxy between browser and log that can
// tamper with what the log shows.

import {execFileSync} from 'node:child_process';
import {appendFileSync, mkdirSync, readFileSync, writeFileSync} from 'node:fs';

import {City, residentOf} from '../../resident/city.mjs';
import {TamperingProxy} from '../../resident/tamper.mjs';

export const BOARD = 2;
// Of the sample register, in which the board may do this by law.
export const LAW = {basis: 'A6-1-e-official-authority', provision: 2};
export const CONSENT = {basis: 'A6-1-a'};
const PASSPHRASE = 'correct-horse';

export class Place {
  // `folder` has the log's folder in it, made by `vidimus-log init`. The last
  // of `residents` is whose chains a tampering may show.
  static async open(folder, residents) {
    const place = new Place();
    const programs = {'vidimus': process.env.VIDIMUS,
      'vidimus-log': process.env.VIDIMUS_LOG,
      'provider': process.env.PROVIDER};
    const city = new City(folder, programs);
    place.city = city;
    // Nothing outlives a test that is stopped.
    for (const signal of ['SIGTERM', 'SIGINT']) {
      process.once(signal, async () => {
        await city.stopAll();
        process.exit(1);
      });
    }
    process.once('exit', () => city.stopAll());
    place.certificate = readFileSync(`${city.log}/tls/server.crt`, 'utf8');

    const target = {ca: readFileSync(city.ca), get url() { return city.url; }};
    place.proxy = new TamperingProxy({
      target, otherToken: city.tokenOf(residents.at(-1)), tls: {
        cert: place.certificate,
        key: readFileSync(`${city.log}/tls/server.key`),
      },
    });
    await place.proxy.listen();
    // Passkeys have no place at a number.
    place.url = place.proxy.url.replace('127.0.0.1', 'localhost');

    await place.#provide(residents);
    await city.serveLog();
    await city.serveMonitor();
    await city.stop('log');
    place.proxy.monitors = [city.monitor];
    place.proxy.witnesses = [city.witness];
    city.page = `${folder}/page`;
    place.build();
    await city.serveLog();
    await city.waitForMonitor();
    return place;
  }

  // The provider, and a log that knows it.
  async #provide(residents) {
    const {city} = this;
    const folder = city.folderOf('provider');
    const [clientId] = city.vkey.split('+');
    writeFileSync(`${folder}/residents`, residents.map(
        (number) => `${residentOf(number)} ${PASSPHRASE}\n`).join(''));
    const started = await city.start('provider', 'provider', ['--dir', folder,
      '--client_id', clientId, '--redirect_url',
      `${this.url}/sign-in/callback`, '--residents', `${folder}/residents`,
      '--service_key', `${city.log}/identity_services/0/service.key`,
      '--service_number', '0']);
    const issuer = `https://127.0.0.1:${started('https')}`;
    this.providerOrigin = issuer;
    const ca = `${folder}/ca.crt`;
    this.providerCertificate = readFileSync(`${folder}/server.crt`, 'utf8');
    writeFileSync(`${city.log}/oidc/provider.json`,
        city.run('curl', ['-fsS', '--cacert', ca, `${issuer}/jwks`]),
        {mode: 0o600});
    writeFileSync(`${city.log}/provider.pem`, readFileSync(ca));
    appendFileSync(`${city.log}/settings.textproto`, `
token_issuer {
  issuer: "${issuer}"
  audience: "${clientId}"
  jwks: "oidc/provider.json"
  id_scheme: 1
}
sign_in {
  issuer: "${issuer}"
  client_id: "${clientId}"
  authorization_endpoint: "${issuer}/authorize"
  token_endpoint: "${issuer}/token"
  redirect_url: "${this.url}/sign-in/callback"
  ca: "provider.pem"
  identity_service_url: "${issuer}/enrol"
}
`);
  }

  // The page, from its sources, into the folder that the log serves.
  build() {
    const {city} = this;
    const config = {
      name: {sv: 'Provstaden', fi: 'Koekaupunki', en: 'Trial city'},
      theme: 'helsinki',
      help: {url: 'https://city.example/help', email: 'help@city.example'},
      logs: [{url: this.url, vkey: city.vkey, policy: city.policy}],
      identity_services: [this.providerOrigin], sign_in: true,
    };
    writeFileSync(`${city.folder}/config.json`, JSON.stringify(config));
    execFileSync(`${process.env.ROOT}/client/page/build.sh`, [city.page,
      `${city.folder}/config.json`, process.env.WASM], {stdio: 'ignore'});
  }

  // Through the provider's form, as a person would.
  async signIn(page, number) {
    await page.goto(`${this.url}/`);
    const welcome = page.locator('.v-hero button.hds-button--primary');
    await welcome.or(page.locator('#main[data-phase="done"] h1')).first()
        .waitFor();
    // The cookie may still hold.
    if (await welcome.count() === 0) return this.checked(page);
    await welcome.click();
    await page.waitForURL(`${this.providerOrigin}/**`);
    await page.locator('input[name="resident"]').fill(residentOf(number));
    await page.locator('input[name="passphrase"]').fill(PASSPHRASE);
    await page.locator('button[type="submit"]').first().click();
    await page.waitForURL(`${this.url}/**`);
    return this.checked(page);
  }

  // Waits for the end of a check, and goes to what it found.
  async checked(page) {
    await page.locator('#main[data-phase="done"] h1').waitFor();
    if (await page.locator('.v-headline').count() === 0) {
      await page.locator('nav a[href="#overview"]').click();
    }
    return headlineOf(page);
  }

  close() {
    this.proxy.close();
    return this.city.stopAll();
  }
}

export async function headlineOf(page) {
  const headline = page.locator('.v-headline');
  return {
    finding: await headline.getAttribute('data-finding'),
    tone: await headline.getAttribute('data-tone'),
    text: await headline.innerText(),
  };
}

export function folderIn(path, name) {
  mkdirSync(`${path}/${name}`, {recursive: true});
  return `${path}/${name}`;
}
