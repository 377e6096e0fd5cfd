// Headless Chromium, for tests in node.

import {spawn} from 'node:child_process';
import {readFileSync} from 'node:fs';

const FLAGS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic',
  '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage'];
const MODULES = ['database.js', 'door.js', 'memory.js', 'resident.js',
  'resident_worker.js', 'vidimus.js', 'wire.js'];
const SECONDS_MAX = 240;

// Shows worker.html, whose script is `script`, from a plain proxy of this
// machine that serves client/js, `wasm` and `settings` beside the log. What the
// script posts to "result"; undefined if there is no Chromium. `profile` is a
// new folder.
export async function inChromium(proxy, {script, profile, wasm, settings}) {
  const here = new URL('.', import.meta.url);
  const js = new URL('../../client/js/', here);
  const serve = (path, type, body) => proxy.own.set(path, () => ({type, body}));
  for (const name of MODULES) {
    serve(`/${name}`, 'text/javascript', readFileSync(new URL(name, js)));
  }
  serve('/worker.js', 'text/javascript', readFileSync(new URL(script, here)));
  serve('/worker.html', 'text/html', readFileSync(new URL('worker.html', here)));
  serve('/vidimus.wasm', 'application/wasm', wasm);
  serve('/settings.json', 'application/json', JSON.stringify(settings));
  const said = new Promise((resolve) => {
    proxy.own.set('/result', (body) => {
      resolve(JSON.parse(body));
      return {type: 'text/plain', body: ''};
    });
  });
  const url = await proxy.listen();
  const browser = spawn('chromium',
      [...FLAGS, `--user-data-dir=${profile}`, `${url}/worker.html`],
      {stdio: 'ignore', detached: true});
  const missing = new Promise((resolve) => browser.on('error', resolve))
      .then(() => undefined);
  let timer;
  const late = new Promise((resolve) => {
    timer = setTimeout(
        () => resolve({error: `no answer within ${SECONDS_MAX} s`}),
        1000 * SECONDS_MAX);
  });
  const result = await Promise.race([said, missing, late]);
  clearTimeout(timer);
  if (browser.pid !== undefined) {
    try {
      process.kill(-browser.pid, 'SIGKILL');
    } catch {
      // It has ended.
    }
  }
  return result;
}
