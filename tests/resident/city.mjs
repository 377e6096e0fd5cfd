// A city with the real programs, for tests in node: a log with TLS, a monitor
// that vouches for it, residents with consents, an access that was allowed, one
// that was not, and plain ones.
//
// Everything stands in one folder and ends with stop(). The log's folder was
// made before (`vidimus-log init`), so that node could be started with
// NODE_EXTRA_CA_CERTS naming its authority.

import {execFile, spawn, spawnSync} from 'node:child_process';
import {mkdirSync, openSync, readFileSync, writeFileSync} from 'node:fs';

export const SELF = 4294967295;
const BOARD = 2;
const OUTPUT_BYTES_MAX = 1 << 28;

export function residentOf(number) {
  return `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
}

export class City {
  #processes = new Map();
  #ports = new Map();
  #tokens = new Map();
  #last = 0;

  // A folder for browsers, for serveLog.
  page;

  // `programs`: paths of vidimus and vidimus-log.
  constructor(folder, programs) {
    this.folder = folder;
    this.programs = programs;
    this.log = `${folder}/log`;
    this.ca = `${this.log}/tls/ca.crt`;
    this.vkey = readFileSync(`${this.log}/log.vkey`, 'utf8').trim();
  }

  get url() {
    return `https://127.0.0.1:${this.#ports.get('log')}`;
  }

  get policy() {
    return readFileSync(`${this.log}/policy`, 'utf8');
  }

  // Runs a program; what it says on standard output. Throws unless it ends with
  // `exit`. Nothing in this process goes on meanwhile.
  run(program, words, {exit = 0, input = ''} = {}) {
    const path = this.programs[program] ?? program;
    const {status, stdout, stderr} = spawnSync(path, words,
        {input, encoding: 'utf8', maxBuffer: OUTPUT_BYTES_MAX});
    if (status !== exit) {
      throw new Error(`exit code ${status}, not ${exit}: ${program} ` +
          `${words.slice(0, 2).join(' ')}\n${stdout}${stderr}`);
    }
    return stdout;
  }

  // Runs a program beside a proxy of this process; how it ends and all it says.
  runBeside(program, words) {
    return new Promise((resolve) => {
      execFile(this.programs[program] ?? program, words,
          {encoding: 'utf8', maxBuffer: OUTPUT_BYTES_MAX},
          (error, out, complaint) => resolve(
              {code: error === null ? 0 : error.code, said: out + complaint}));
    });
  }

  async start(name, program, words) {
    const errors = openSync(`${this.folder}/${name}.err`, 'a');
    const child = spawn(this.programs[program] ?? program, words,
        {stdio: ['ignore', 'pipe', errors]});
    this.#processes.set(name, child);
    let said = '';
    return new Promise((resolve, reject) => {
      child.on('exit', (code) => reject(new Error(`${name} ended: ${code}\n` +
          readFileSync(`${this.folder}/${name}.err`, 'utf8').slice(-1000))));
      child.stdout.on('data', (bytes) => {
        said += bytes;
        if (!/^ready$/m.test(said)) return;
        resolve((scheme) => said.match(
            new RegExp(`^listening ${scheme}://.*:([0-9]+)`, 'm'))[1]);
      });
    });
  }

  async stop(name) {
    const child = this.#processes.get(name);
    this.#processes.delete(name);
    if (child === undefined || child.exitCode !== null) return;
    child.removeAllListeners('exit');
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill();
    await gone;
  }

  async stopAll() {
    for (const name of [...this.#processes.keys()]) await this.stop(name);
  }

  // At its old ports, if it had some.
  async serveLog() {
    const at = (scheme) => `127.0.0.1:${this.#ports.get(scheme) ?? 0}`;
    const port = await this.start('log', 'vidimus-log', ['serve', '--dir',
      this.log, '--https', at('log'), '--grpc', at('grpc'), '--http',
      at('http'), ...(this.page ? ['--page', this.page] : [])]);
    this.#ports.set('log', port('https'));
    this.#ports.set('grpc', port('grpcs'));
    this.#ports.set('http', port('http'));
  }

  // A monitor that follows the log, and a policy that asks for its word.
  async serveMonitor() {
    const folder = `${this.folder}/uni`;
    this.run('vidimus', ['monitor', 'init', '--dir', folder, '--name',
      'monitor.example/uni']);
    this.#change(`${folder}/config.textproto`, [
      [/# https: "127.0.0.1:8446".*/, 'https: "127.0.0.1:0"'],
      [/# http: "127.0.0.1:8447".*/, 'http: "127.0.0.1:0"'],
      [/# gossip: "127.0.0.1:8448".*/, 'gossip: "127.0.0.1:0"'],
      [/# period_ms: 1000.*/, 'period_ms: 100'],
    ]);
    this.run('vidimus', ['monitor', 'follow', '--dir', folder, '--vkey',
      `${this.log}/log.vkey`, `http://127.0.0.1:${this.#ports.get('http')}`]);
    const port = await this.start(
        'uni', 'vidimus', ['monitor', 'serve', '--dir', folder]);
    const url = `https://127.0.0.1:${port('https')}`;
    const key = (name) => readFileSync(`${folder}/${name}.vkey`, 'utf8').trim();
    writeFileSync(`${this.log}/policy`,
        `witness uni-witness ${key('witness')} ${url}/witness\n` +
        `witness uni-monitor ${key('monitor')} ${url}/monitor\n` +
        'group monitors any uni-monitor\ngroup both all uni-witness monitors\n' +
        'quorum both\n');
    this.monitor = key('monitor').split('+')[0];
    this.witness = key('witness').split('+')[0];
    writeFileSync(`${this.log}/cosigners.pem`,
        readFileSync(`${folder}/tls/ca.crt`));
    this.#change(`${this.log}/settings.textproto`, [
      [/# policy: "policy".*/, 'policy: "policy"'],
      [/# ca: "cosigners.pem".*/, 'ca: "cosigners.pem"'],
      [/# period_ms: 1000.*/, 'period_ms: 100'],
    ]);
  }

  // Nobody watches the log any more, from its next start on.
  forgetCosigners() {
    this.#change(`${this.log}/settings.textproto`,
        [[/\n  policy: "policy"/, '']]);
  }

  // Chains come in pages of so many entries.
  limitPages(entries) {
    this.#change(`${this.log}/settings.textproto`, [
      [/# chain_entries_max: 1024.*/, `chain_entries_max: ${entries}`],
    ]);
  }

  #change(path, changes) {
    let text = readFileSync(path, 'utf8');
    for (const [from, to] of changes) {
      if (!from.test(text)) throw new Error(`${path}: nothing like ${from}`);
      text = text.replace(from, to);
    }
    writeFileSync(path, text);
  }

  // Until `holds` is true, or rejects after 30 s.
  async wait(what, holds) {
    const until = Date.now() + 30000;
    while (!await holds()) {
      if (Date.now() > until) throw new Error(`waited in vain for ${what}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  async text(path) {
    const response = await fetch(`${this.url}/${path}`);
    return response.ok ? response.text() : '';
  }

  // Until the newest head is cosigned.
  async waitForMonitor() {
    await this.wait('a cosigned head', async () => {
      const head = (await this.text('checkpoint')).split('\n', 3).join();
      return (await this.text('cosigned/checkpoint'))
          .split('\n', 3).join() === head;
    });
  }

  tokenOf(number) {
    if (!this.#tokens.has(number)) {
      const token = this.run('vidimus-log', ['token', '--dir', this.log,
        '--subject', residentOf(number)]);
      this.#tokens.set(number, token.trim());
    }
    return this.#tokens.get(number);
  }

  // A file of the resident's own.
  #secret(name, text) {
    const path = `${this.folder}/${name}`;
    writeFileSync(path, text, {mode: 0o600});
    return path;
  }

  tokenFileOf(number) {
    return this.#secret(`token-${number}`, this.tokenOf(number));
  }

  #as(administration) {
    return ['--log', `127.0.0.1:${this.#ports.get('grpc')}`, '--ca', this.ca,
      '--vkey', `${this.log}/log.vkey`, '--as',
      `${this.log}/administrations/${administration}`];
  }

  // Each time another, in ms.
  #now() {
    this.#last = Math.max(this.#last + 1, Date.now());
    return this.#last;
  }

  #access(number, basis, unit = 'Counter 4') {
    return {
      access: {
        controllerId: '212000-1157',
        subject: btoa(`\x01${residentOf(number)}`),
        operation: 'READ', dataCategory: ['pd:Contact'],
        purpose: 'PublicServiceProvision', actorKind: 'HUMAN', unitName: unit,
        legalBasis: [basis],
        // No two alike: one record twice is one entry.
        occurredAtMs: String(this.#now()),
      },
      actor: {id: 'handler-12'},
    };
  }

  // Accesses that nobody was asked about. An outbox remembers the log's head.
  submit(administration, numbers, outbox = 'outbox') {
    const lines = numbers.map((number) => JSON.stringify(this.#access(
        number, {basis: 'A6-1-e-official-authority', citation: 'Act 36 §'})));
    this.run('vidimus', ['submit', ...this.#as(administration), '--outbox',
      `${this.folder}/${outbox}-${administration}`, '--format', 'record', '-'],
    {input: lines.join('\n') + '\n'});
  }

  // So many accesses of one kind, to residents 0 to `last`.
  load(administration, last, count) {
    this.run('vidimus', ['load', ...this.#as(administration), '--count',
      String(count), '--subjects', String(last + 1), '--spread', 'each',
      '--size', '400', '--batch', '100']);
  }

  // One access that nobody was asked about, on this basis.
  record(administration, number, basis, unit) {
    this.run('vidimus', ['submit', ...this.#as(administration), '--outbox',
      `${this.folder}/outbox-${administration}`, '--format', 'record', '-'],
    {input: JSON.stringify(this.#access(number, basis, unit)) + '\n'});
  }

  // A key, a grant, an access under it, the withdrawal, an access all the same.
  tellStory(number) {
    const wallet = `${this.folder}/wallet-${number}`;
    const subject = this.#secret(`me-${number}`, `1 ${residentOf(number)}\n`);
    const at = ['--server', this.url, '--ca', this.ca, '--token-file',
      this.tokenFileOf(number), '--vkey', `${this.log}/log.vkey`];
    this.run('vidimus', ['wallet', 'init', '--wallet', wallet, '--vkey',
      `${this.log}/log.vkey`, '--subject_file', subject, '--administration',
      String(BOARD), '--request', `${wallet}.request`]);
    const signed = this.run('vidimus', ['identity', 'sign', '--key',
      `${this.log}/identity_services/0/service.key`, '--number', '0',
      '--subject_file', subject, `${wallet}.request`]);
    const statements = this.#secret(`statements-${number}`, signed);
    this.run('vidimus',
        ['wallet', 'file', statements, '--wallet', wallet, ...at]);
    const consent = (...words) => this.run('vidimus',
        ['consent', ...words, '--wallet', wallet, '--yes', ...at]);
    const ask = (exit) => this.run('vidimus', ['access', ...this.#as(BOARD),
      '--gateway', `${this.folder}/gateway`],
    {exit, input: JSON.stringify(this.#access(number, {basis: 'A6-1-a'})) + '\n'});
    consent('grant', '--administration', String(BOARD), '--purpose',
        'PublicServiceProvision', '--category', 'pd:Contact');
    ask(0);
    consent('withdraw', '--everything');
    ask(1);
    this.run('vidimus', ['submit', ...this.#as(BOARD), '--outbox',
      `${this.folder}/outbox-${BOARD}`, '--format', 'record', '-'],
    {input: JSON.stringify(this.#access(number, {basis: 'A6-1-a'})) + '\n'});
  }

  // What `vidimus resident check` says and how it ends, {code, said}; its bundle
  // is in `save`.
  check(number, {url = this.url, ca = this.ca, token, vkey, policy = true,
    state, save} = {}) {
    return this.runBeside('vidimus', ['resident', 'check', '--server', url, '--ca', ca,
      '--token-file', token ?? this.tokenFileOf(number), '--vkey',
      vkey ?? `${this.log}/log.vkey`, '--language', 'en',
      ...(policy ? ['--policy', `${this.log}/policy`] : []),
      ...(state ? ['--state', state] : []),
      ...(save ? ['--save', save] : [])]);
  }

  // What `vidimus verify` says of a bundle, and how it ends.
  verify(bundle, name, {policy = true} = {}) {
    const path = this.#secret(name, bundle);
    return this.runBeside('vidimus', ['verify', '--vkey', `${this.log}/log.vkey`,
      ...(policy ? ['--monitor', this.#monitorFile()] : []), path]);
  }

  #monitorFile() {
    return `${this.folder}/uni/monitor.vkey`;
  }

  folderOf(name) {
    const path = `${this.folder}/${name}`;
    mkdirSync(path, {recursive: true});
    return path;
  }
}
