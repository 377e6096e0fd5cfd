// The resident's page: one resident, one log, seen through the verifier on this
// device. This file holds what is known at the moment, chooses the view that
// the address names, and leads what is said to the wallet. It reaches nothing
// by itself: log, wallet, session and time come in as `seams` (main.js), so
// that tests bring their own.
//
// Nothing about the person goes into an address, a title or storage. Addresses
// have a view's name, and one access goes by a number that is drawn anew each
// time the page is loaded.

import {Dialogs} from './dialogs.js';
import {append, button, el, handOver, icon} from './dom.js';
import {makeTimeline, NO_FILTER, plain, unknownKeysOf} from './model.js';
import {aboutView} from './views/about.js';
import {accessView} from './views/access.js';
import {collectedView} from './views/collected.js';
import {consentsView} from './views/consents.js';
import {devicesView} from './views/devices.js';
import {overview} from './views/overview.js';
import {heading, notice} from './views/parts.js';
import {takeView} from './views/take.js';
import {timelineView} from './views/timeline.js';
import {LANGUAGES, preferred} from './words.js';

// In the order of the way through the page.
const VIEWS = [['overview', overview], ['timeline', timelineView],
  ['consents', consentsView], ['collected', collectedView],
  ['devices', devicesView], ['take', takeView]];
const LANGUAGE_NAMES = {sv: 'Svenska', fi: 'Suomi', en: 'English'};

// Resolves once the page shows something. `seams`: as main.js has them.
export async function startPage(seams) {
  const page = new Page(seams);
  await page.start();
  return page;
}

class Page {
  #seams;
  #view = null;      // what the view that is shown left behind
  #names = new Map();  // of accesses, in addresses
  #said = null;
  #first = true;

  constructor(seams) {
    this.#seams = seams;
    this.config = seams.config;
    this.log = seams.log;
    this.words = null;
    this.phase = 'starting';  // 'signed-out', 'elsewhere', 'checking', 'done'
    this.session = {signed_in: false};
    this.check = null;
    this.timeline = null;
    this.unknown = [];
    this.keys = [];
    this.keyTexts = new Map();
    this.filter = {...NO_FILTER};
    this.progress = null;
    this.checkedAt_s = 0;
    this.wasmHash = seams.wasmHash ?? null;
    this.canEnrol = Boolean(seams.enrol);
    this.dialogs = null;
  }

  async start() {
    const wanted = this.#seams.storedLanguage?.();
    await this.#setLanguage(LANGUAGES.includes(wanted) ? wanted :
        preferred(navigator.languages));
    addEventListener('hashchange', () => this.#render());
    document.getElementById('skip').addEventListener('click', (event) => {
      event.preventDefault();  // the address names views
      document.getElementById('main').focus();
    });
    addEventListener('beforeprint', () => this.#view?.beforePrint?.());
    this.#drawFrame();
    if (!this.log) {
      this.phase = 'elsewhere';
      this.#render();
      return;
    }
    try {
      this.session = await this.#seams.session();
    } catch {
      this.session = {signed_in: false};
    }
    if (!this.session.signed_in) {
      this.phase = 'signed-out';
      this.#render();
      return;
    }
    this.#drawFrame();
    await this.runCheck();
  }

  // --- Checking --------------------------------------------------------------

  async runCheck() {
    this.phase = 'checking';
    this.progress = null;
    this.#render();
    await this.#look();
    this.phase = 'done';
    this.#drawFrame();
    this.#render();
  }

  // Asks and judges anew; the report, for the wallet.
  async #look() {
    let check;
    try {
      check = await this.#seams.check((progress) => this.#showProgress(progress));
    } catch (error) {
      // checkResident rejects for nothing that a server sends.
      const failure = {name: 'VerifierFailed', kind: 'unchecked',
        detail: String(error?.message ?? error)};
      check = {finding: failure.name, failure, failures: [failure],
        unanswered: [], witnesses: [], vouched: false};
    }
    this.checkedAt_s = this.#seams.now();
    if (check.failure?.name === 'SignedOut') this.session = {signed_in: false};
    this.check = check;
    await this.#take();
    return check.report;
  }

  // What follows from the check, in the language of now.
  async #take() {
    const {report} = this.check;
    this.#said = null;
    this.timeline = null;
    this.unknown = [];
    try {
      this.keys = await this.#seams.keys?.() ?? [];
    } catch {
      this.keys = [];
    }
    if (!report?.chains) return;
    this.timeline = await makeTimeline(report, this.words,
        this.keys.map(({fingerprint}) => fingerprint));
    this.unknown = unknownKeysOf(this.timeline);
    for (const key of this.keys) {
      this.keyTexts.set(key.publicKey, await this.#seams.keyText?.(key) ?? '');
    }
  }

  // As `vidimus resident export` has it: without a comparison of keys.
  plainTimeline() {
    return makeTimeline(this.check.report, this.words);
  }

  said() {
    this.#said ??= this.#seams.said?.(this.check.report, this.#seams.now()) ?? [];
    return this.#said;
  }

  checkAgain() {
    if (!this.session.signed_in) {
      return button(this.words.say('signIn'), () => this.#seams.signIn(), 'primary');
    }
    return button(this.words.say('checkAgain'), () => this.runCheck(), 'secondary');
  }

  wasmListed() {
    return this.timeline.register.config?.wasm_sha256?.includes(this.wasmHash) === true;
  }

  // An entry that is shown, and of which it is known when it was sealed.
  canShare(access) {
    return Boolean(this.#seams.entryBundle && this.check.bundle) &&
        access.content === 'open' && access.verdict !== null;
  }

  async share(access) {
    try {
      const bytes = await this.#seams.entryBundle(this.check, access);
      handOver('vidimus-access.bundle', 'application/octet-stream', bytes);
    } catch (error) {
      this.#showError(this.words.say('entryBundle'), error);
    }
  }

  // On every view but the overview: what is shown there can't be relied on.
  doubtBanner() {
    const failure = this.check?.failure;
    if (!failure) return null;
    return notice(failure.kind === 'wrong' ? 'bad' : 'look',
        this.words.say(failure.kind === 'wrong' ? 'doubtWrong' :
            failure.kind === 'unchecked' ? 'doubtUnchecked' : 'doubtUnvouched'),
        el('p', {}, el('a', {href: '#overview'}, this.words.say('doubtDo'))));
  }

  // --- Addresses -------------------------------------------------------------

  linkTo(access) {
    for (const [name, place] of this.#names) {
      if (place === access.place) return `#access/${name}`;
    }
    const name = crypto.getRandomValues(new Uint32Array(1))[0].toString(36);
    this.#names.set(name, access.place);
    return `#access/${name}`;
  }

  show(view) {
    if (location.hash === `#${view}`) this.#render();
    else location.hash = view;
  }

  setFilter(part) {
    this.filter = {...NO_FILTER, ...part};
  }

  #route() {
    const [name, token] = location.hash.slice(1).split('/');
    if (name === 'access') {
      const access = this.timeline?.accesses[this.#names.get(token)];
      return access ? ['timeline', () => accessView(this, access)] :
                      ['timeline', timelineView];
    }
    if (name === 'about') return ['about', aboutView];
    return VIEWS.find(([view]) => view === name) ?? VIEWS[0];
  }

  // --- Showing ---------------------------------------------------------------

  #render() {
    const [name, view] = this.#route();
    this.#view?.leave?.();
    this.#view = this.#stateView(name) ?? view(this);
    document.title = `${this.#view.title} – ${this.#cityName()}`;
    const main = document.getElementById('main');
    main.replaceChildren(this.#view.node);
    main.dataset.phase = this.phase;
    for (const link of document.querySelectorAll('nav a')) {
      if (link.getAttribute('href') === `#${name}`) {
        link.setAttribute('aria-current', 'page');
      } else {
        link.removeAttribute('aria-current');
      }
    }
    document.querySelector('.v-nav').hidden =
        this.phase !== 'done' || this.timeline === null;
    // Whoever goes to another view begins at its heading.
    if (this.#first) {
      this.#first = false;
    } else {
      scrollTo(0, 0);
      main.querySelector('h1')?.focus({preventScroll: true});
    }
  }

  // Instead of a view: not signed in, checking, nothing to show.
  #stateView(name) {
    if (name === 'about') return null;
    const {words} = this;
    switch (this.phase) {
      case 'starting':
      case 'checking':
        return {title: words.say('checking'), node: this.#checking()};
      case 'signed-out':
        return {title: words.say('welcome'), node: this.#welcome()};
      case 'elsewhere':
        return {title: words.say('welcome'), node: this.#elsewhere()};
    }
    if (this.timeline === null && name !== 'overview') return overview(this);
    return null;
  }

  #checking() {
    const {words} = this;
    return el('section', {class: 'v-headline v-headline--wait'},
        el('div', {class: 'v-headline__sign'}, icon('wait')),
        el('div', {class: 'v-headline__text'},
            heading(this, words.say('checking')),
            el('p', {class: 'v-headline__more'}, words.say('checkingText')),
            el('p', {id: 'progress', role: 'status'}, this.#progressText()),
            el('progress', {max: '1', 'aria-label': words.say('checking')})));
  }

  #progressText() {
    const {progress, words} = this;
    if (!progress) return words.say('step head');
    return progress.of ? words.say('step chainsOf', progress.done, progress.of) :
                         words.say(`step ${progress.step}`);
  }

  #showProgress(progress) {
    this.progress = progress;
    const line = document.getElementById('progress');
    if (line) line.textContent = this.#progressText();
  }

  #welcome() {
    const {words} = this;
    const failed = new URLSearchParams(location.search).get('sign-in') === 'failed';
    const reason = new URLSearchParams(location.search).get('reason');
    return el('div', {},
        failed && notice('look', words.say('signInFailed'),
            el('p', {}, words.has('signIn', reason) ? words.of('signIn', reason) :
                words.say('signInFailedText'))),
        el('section', {class: 'v-hero'},
            heading(this, words.say('welcomeTitle')),
            el('p', {class: 'v-lead'}, words.say('welcomeText')),
            this.config.sign_in !== false ?
              el('div', {class: 'v-buttons'}, button(words.say('signIn'),
                  () => this.#seams.signIn(), 'primary')) :
              el('p', {}, words.say('noSignIn')),
            el('ul', {class: 'v-promises'},
                ['promiseAll', 'promiseAllowed', 'promiseHere'].map((key) => el('li', {},
                    icon('good'), el('span', {}, words.say(key)))))));
  }

  // The page of one city names the logs of others, too.
  #elsewhere() {
    const {words} = this;
    return el('section', {class: 'v-hero'},
        heading(this, words.say('elsewhereTitle')),
        el('p', {class: 'v-lead'}, words.say('elsewhereText')),
        el('ul', {class: 'v-plain'}, (this.config.logs ?? []).map(({url}) => {
          let origin = null;
          try { origin = new URL(url).origin; } catch { /* shown as text */ }
          return el('li', {}, origin ? el('a', {href: `${origin}/`}, plain(origin)) :
                                       plain(url));
        })));
  }

  // --- Around the views ------------------------------------------------------

  #cityName() {
    return plain(this.config.name?.[this.words.language] ?? 'Vidimus');
  }

  #drawFrame() {
    const {words} = this;
    document.documentElement.lang = words.language;
    const languages = el('ul', {class: 'v-languages'}, LANGUAGES.map((code) => el('li', {},
        el('button', {type: 'button', lang: code, class: 'v-language',
          'aria-pressed': code === words.language ? 'true' : 'false',
          on: {click: () => this.#changeLanguage(code)}}, LANGUAGE_NAMES[code]))));
    const session = this.session.signed_in ?
        el('button', {type: 'button', class: 'v-session',
          on: {click: () => this.signOut()}}, words.say('signOut')) :
        this.config.sign_in !== false && this.log &&
          el('button', {type: 'button', class: 'v-session',
            on: {click: () => this.#seams.signIn()}}, words.say('signIn'));
    const head = document.getElementById('head');
    head.replaceChildren();
    append(head, [
      el('div', {class: 'v-bar'},
          el('a', {class: 'v-brand', href: '#overview'},
              el('span', {class: 'v-brand__city'}, this.#cityName()),
              el('span', {class: 'v-brand__what'}, words.say('brand'))),
          el('div', {class: 'v-bar__right'}, languages, session)),
      el('nav', {class: 'v-nav', 'aria-label': words.say('navigation'),
        hidden: this.phase !== 'done'},
      el('ul', {}, VIEWS.map(([name]) => el('li', {},
          el('a', {href: `#${name}`}, words.say(name)))))),
    ]);
    const foot = document.getElementById('foot');
    foot.replaceChildren();
    append(foot, [
      el('p', {}, words.say('footText')),
      el('ul', {class: 'v-foot__links'},
          el('li', {}, el('a', {href: '#about'}, words.say('about')))),
    ]);
    document.getElementById('skip').textContent = words.say('skipToContent');
  }

  async #setLanguage(code) {
    this.words = await this.#seams.words(code);
    this.dialogs ??= new Dialogs(this.words);
    this.dialogs.words = this.words;
  }

  async #changeLanguage(code) {
    await this.#setLanguage(code);
    this.#seams.storeLanguage?.(code);
    if (this.check) await this.#take();
    this.#drawFrame();
    this.#first = true;  // the focus stays with the switch
    this.#render();
    document.querySelector(`.v-language[lang="${code}"]`).focus();
  }

  signOut() {
    this.#seams.signOut();
  }

  // Printed is the timeline, all of it.
  print() {
    location.hash = 'timeline';
    setTimeout(() => { this.#view?.beforePrint?.(); window.print(); }, 100);
  }

  // --- Speaking --------------------------------------------------------------

  // Leads something said from the words to what came of it. `what`: the event,
  // for the title. Without `administrations`: wherever it may be about.
  async say(what, {event, administrations}) {
    const {words} = this;
    if (this.keys.length === 0 || !this.#seams.desk) {
      this.dialogs.open({title: words.say('noKeyTitle'),
        body: [el('p', {}, words.say('noKeyText'))],
        actions: [[words.say('noKeyDo'), 'primary', (dialog) => {
          dialog.close();
          this.show('devices');
        }]]});
      return;
    }
    const title = words.say(`say ${what}`);
    try {
      const desk = await this.#seams.desk(this.check.report, () => this.#look());
      const draft = await desk.draft(event,
          {language: words.language, administrations});
      this.#ask(title, draft.words, draft.language, this.#leftOut(draft),
          () => desk.say(draft));
    } catch (error) {
      this.#showError(title, error);
    }
  }

  #leftOut(draft) {
    const {words, timeline} = this;
    const out = draft.leftOut ?? [];
    if (out.length === 0) return null;
    return notice('look', words.say('leftOut'), el('ul', {class: 'v-plain'},
        out.map((error) => el('li', {},
            plain(timeline.register.administrationName(
                error.administration, words.say('ownChain')).text), ': ',
            this.#errorText(error)))));
  }

  #ask(title, signed, language, about, act) {
    const {words} = this;
    this.dialogs.sign({title, words: signed, language, about, act: async (dialog) => {
      dialog.busy(words.say('signing'));
      try {
        const outcome = await act();
        dialog.free();
        dialog.show(this.#outcome(outcome));
        this.#first = true;  // the dialog keeps the focus
        this.#render();
      } catch (error) {
        dialog.free();
        dialog.show(notice('bad', words.say('notDone'),
            el('p', {}, this.#errorText(error))));
      }
    }});
  }

  #outcome(outcome) {
    const {words, timeline} = this;
    if (outcome.counts) {
      return notice('good', words.say('itCounts'), el('p', {}, words.say('itCountsText')));
    }
    return notice('look', words.say('itStands'), el('p', {}, words.say('itStandsText')),
        el('ul', {class: 'v-plain'}, (outcome.doubts ?? []).map((doubt) => el('li', {},
            plain(timeline?.register.administrationName(
                doubt.administration, words.say('ownChain')).text ?? ''), ': ',
            words.of('finding', doubt.finding)))));
  }

  #errorText(error) {
    const {words} = this;
    const {kind} = error ?? {};
    if (kind && words.has('cannot', kind)) {
      const text = words.of('cannot', kind);
      const more = kind === 'refused' && error.reason ? ` (${plain(error.reason)})` :
          kind === 'key-waits' && error.until_s ?
            ` ${words.dayTime(error.until_s)}` :
          error.finding ? ` ${words.of('finding', error.finding)}.` : '';
      return text + more;
    }
    return words.say('unexpected', plain(String(error?.message ?? error)));
  }

  #showError(title, error) {
    this.dialogs.open({title, body: [notice('bad', this.words.say('notDone'),
        el('p', {}, this.#errorText(error)))]});
  }

  // --- Keys ------------------------------------------------------------------

  waysToKeepAKey() { return this.#seams.waysToKeepAKey?.() ?? []; }

  readKeyText(text) { return this.#seams.readKeyText(text); }

  async makeKey(kind, recovery) {
    const {words} = this;
    try {
      const key = await this.#seams.makeKey(kind,
          {label: `${this.#cityName()} – ${words.say('brand')}`, recovery});
      await this.#take();
      this.#render();
      // Of several, a key that is known adds the others.
      const known = this.timeline?.keys.some(
          (one) => !one.revoked && one.delegate === null);
      if (this.canEnrol && (recovery || !known)) {
        await this.enrol(key, {recovery});
      }
    } catch (error) {
      this.#showError(words.say('makeKey'), error);
    }
  }

  async bringBack() {
    try {
      await this.#seams.bringBack();
      await this.#take();
      this.#render();
    } catch (error) {
      this.#showError(this.words.say('bringBack'), error);
    }
  }

  forgetKey(key) {
    const {words} = this;
    this.dialogs.open({title: words.say('forgetKey'),
      body: [el('p', {}, words.say('forgetKeyText'))],
      actions: [[words.say('forgetKey'), 'primary', async (dialog) => {
        await this.#seams.forgetKey(key);
        await this.#take();
        dialog.close();
        this.#render();
      }]]});
  }

  async enrol(key, {recovery}) {
    const {words} = this;
    const title = words.say('enrol');
    try {
      const desk = await this.#seams.desk(this.check.report, () => this.#look());
      const options = {language: words.language, recovery};
      const asked = await desk.enrolWords(key, options);
      this.#ask(title, asked.words, words.language,
          el('p', {}, words.say('enrolText')),
          () => desk.enrol(key, {...options, enrol: this.#seams.enrol}));
    } catch (error) {
      this.#showError(title, error);
    }
  }

  // A key has an id in each chain that it was brought into; mostly one for all.
  async revoke(key) {
    const id = key.ids[0]?.id;
    await this.say('key_revoke', {event: {key_revoke: {key_id: id}},
      administrations: key.ids.filter((one) => one.id === id)
          .map(({administration}) => administration)});
  }
}
