// What the page says, without a page: from the verifier's report to accesses,
// statements, keys, what the register says, filters and days. Pure functions
// over a ChainsAnswer (vidimus.d.ts); nothing is judged here and nothing is
// kept. Names and numbers agree with client/timeline.cc, so that the page and
// `vidimus resident timeline` say the same of the same bundle.
//
// Text out of the log stands as it came; where it is shown, it goes through
// `plain`. A name is {text, lang}: `lang` is the language it is written in, or
// '' if nobody says.

import {fingerprintOf, printable} from './statement_words.js';
import {SELF} from './vidimus.js';

const TIME_MAX = 2 ** 40;
const CONSENT_BASES = new Set([
  'A6-1-a', 'A6-1-a-explicit-consent', 'A6-1-a-non-explicit-consent', 'A9-2-a',
]);
const LAW_BASIS = new RegExp(
    '^(A6-1-(b(-contract-performance|-enter-into-contract)?|c|' +
    'd(-data-subject|-natural-person)?|' +
    'e(-official-authority|-public-interest)?|' +
    'f(-controller|-third-party)?)|A9-2-[b-j])$');
// Headlines that are also contents: such an entry is closed to everybody here.
const CLOSED =
    new Set(['forged', 'missing', 'withheld', 'restricted', 'erased']);
const GRAVE = new Set(['forged', 'missing', 'violation']);

export const OPERATIONS = ['used', 'read', 'created', 'updated', 'deleted',
  'executed'];
export const ACTORS = ['unknownActor', 'human', 'robot', 'aiAssisted',
  'aiAutonomous'];

// A timeline of ten thousand is made in pieces of a few milliseconds, so that
// the page goes on meanwhile.
const PIECE = 500;
const pause = () => new Promise((resolve) => setTimeout(resolve));

// A whole number of an answer, which is a decimal string from 2^53 up.
function seconds(ms) {
  const all = BigInt(ms) / 1000n;
  return all < BigInt(TIME_MAX) ? Number(all) : 0;
}

// Whatever it is, as text without what could turn the direction of writing.
export function plain(text) {
  return printable(String(text));
}

// An address that may become a link: https alone.
export function safeLink(address) {
  if (typeof address !== 'string' || address.length > 2048) return null;
  try {
    const url = new URL(address);
    return url.protocol === 'https:' ? url.href : null;
  } catch {
    return null;
  }
}

// --- The register -------------------------------------------------------------

// Of LocalizedText messages the one in `language`, else in English, else the
// first.
export function inLanguage(texts, language) {
  let best = texts?.[0];
  for (const text of texts ?? []) {
    if (text.language === language) {
      return {text: text.text ?? '', lang: language};
    }
    if (text.language === 'en') best = text;
  }
  return {text: best?.text ?? '', lang: best?.language ?? ''};
}

// What the register of a report calls things: of each document the newest
// version. Documents come as they stand in the log, so the newest comes last.
export class Register {
  constructor(report, language) {
    this.language = language;
    this.administrations = new Map();
    this.purposes = new Map();
    this.categories = new Map();
    this.provisions = new Map();
    this.aiSystems = new Map();
    this.identityServices = new Map();
    this.config = null;
    this.laws = new Map();
    this.models = new Map();
    this.names = new Map();
    for (const {type, number, message} of report.documents ?? []) {
      if (message === null || typeof message !== 'object') continue;
      const document = {number, ...message};
      switch (type) {
        case 'config': this.config = document; break;
        case 'administration': this.administrations.set(number, document); break;
        case 'purpose': this.purposes.set(message.term, document); break;
        case 'category': this.categories.set(message.term, document); break;
        case 'provision': this.provisions.set(number, document); break;
        case 'ai_system': this.aiSystems.set(message.id, document); break;
        case 'identity_service':
          this.identityServices.set(number, document);
          break;
      }
    }
  }

  name(document, otherwise) {
    const found = document && this.bare(document);
    return found?.text ? found : {text: String(otherwise), lang: ''};
  }
  // As it stands there, though it were empty.
  bare(document) {
    return memo(this.names, document,
        () => inLanguage(document.name, this.language));
  }
  words(document) {
    return inLanguage(document?.words, this.language);
  }

  // `own`: what to call the chain of nobody.
  administrationName(number, own) {
    if (number === SELF) return {text: own, lang: this.language};
    const document = this.administrations.get(number);
    return document ? this.bare(document) : {text: String(number), lang: ''};
  }
  purposeName(term) {
    return this.name(this.purposes.get(term), term);
  }
  categoryName(term) {
    return this.name(this.categories.get(term), term);
  }
  serviceName(number) {
    const document = this.identityServices.get(number);
    return document ? this.bare(document) : {text: '', lang: ''};
  }
}

function memo(map, key, make) {
  if (!map.has(key)) map.set(key, make());
  return map.get(key);
}

// What each administration collects, why and by which law, and which of its
// systems are connected to no log. Only what the register itself says.
export function collectionOf(register) {
  const all = [];
  for (const [number, document] of register.administrations) {
    const purposes = new Map();
    for (const provision of register.provisions.values()) {
      if (!provision.administration?.includes(number)) continue;
      for (const term of provision.purpose ?? []) {
        if (!purposes.has(term)) {
          purposes.set(term, {term, categories: new Set(), laws: []});
        }
        const entry = purposes.get(term);
        for (const one of provision.data_category ?? []) {
          entry.categories.add(one);
        }
        entry.laws.push(lawOf(register, provision));
      }
    }
    const systems = (document.source_system ?? []).map((system) => ({
      name: register.name(system, system.id ?? ''),
      connected: system.connected === true,
    }));
    all.push({
      administration: number,
      name: register.administrationName(number, ''),
      connected: systems.filter((system) => system.connected),
      notConnected: systems.filter((system) => !system.connected),
      purposes: [...purposes.values()].map((entry) => ({
        term: entry.term,
        name: register.purposeName(entry.term),
        words: register.words(register.purposes.get(entry.term)),
        benefit: inLanguage(
            register.purposes.get(entry.term)?.benefit, register.language),
        retention: inLanguage(
            register.purposes.get(entry.term)?.retention, register.language),
        categories: [...entry.categories].map((term) => ({
          term,
          name: register.categoryName(term),
          special: register.categories.get(term)?.special === true,
        })),
        laws: entry.laws,
      })),
      models: [...register.aiSystems.values()]
          .filter((model) => model.administration?.includes(number))
          .map((model) => modelOf(register, model)),
    });
  }
  return all;
}

function lawOf(register, provision) {
  return memo(register.laws, provision.number, () => ({
    number: provision.number,
    name: register.name(provision, provision.citation ?? ''),
    citation: provision.citation ?? '',
    words: register.words(provision),
    address: safeLink(provision.address),
    unverified: provision.unverified === true,
    overridesProhibition: provision.overrides_prohibition === true,
  }));
}

function modelOf(register, model) {
  return memo(register.models, model.id, () => ({
    number: model.number,
    id: model.id,
    name: register.bare(model),
    words: register.words(model),
    address: safeLink(model.address),
  }));
}

// --- The timeline -------------------------------------------------------------

// `words`: of words.js. `known`: fingerprints of the resident's own keys;
// undefined: not compared. Accesses and statements come oldest first.
export async function makeTimeline(report, words, known) {
  const register = new Register(report, words.language);
  const timeline = {
    language: words.language,
    origin: report.head?.origin ?? '',
    size: report.head?.size ?? 0,
    sealed_s: report.time_s ?? 0,
    complete: report.complete === true,
    vouched: (report.monitors_at_s ?? null) !== null,
    contentFindings: report.content_findings ?? 0,
    register,
    accesses: [],
    statements: [],
    keys: [],
    notConnected: [],
    headlines: {},
    notFine: 0,
    withoutVerdict: 0,
    lawfulUnwanted: 0,
    wantedUnlawful: 0,
    emergencies: 0,
  };
  const keys = new Map();
  for (const chain of report.chains ?? []) {
    await addChain(chain, timeline, words);
    await addStatements(chain, timeline, keys, known);
    const registered = register.administrations.get(chain.administration);
    if (chain.administration === SELF || !registered) continue;
    for (const system of registered.source_system ?? []) {
      if (system.connected) continue;
      timeline.notConnected.push({
        administration: chain.administration,
        administrationName:
            register.administrationName(chain.administration, ''),
        system: register.name(system, system.id ?? ''),
      });
    }
  }
  timeline.keys = [...keys.keys()].sort().map((key) => keys.get(key));
  timeline.accesses.sort((a, b) => a.time_s - b.time_s);
  timeline.statements.sort((a, b) => a.time_s - b.time_s);
  timeline.accesses.forEach((access, place) => { access.place = place; });
  return timeline;
}

async function addChain(chain, timeline, words) {
  const judged = chain.gap?.finding === 'Ok';
  for (const [number, entry] of chain.entries.entries()) {
    if (number % PIECE === PIECE - 1) await pause();
    if (entry.content === 'open') {
      if (entry.kind === 'statement' || entry.kind === 'notice') continue;
      // A statement that can't be read: of an access there is a verdict.
      if (entry.kind === 'unknown' && judged && !entry.verdict) continue;
    }
    const access = describe(chain.administration, number, entry, timeline,
        words);
    if (judged) access.sealed_s = entry.sealed_at_s ?? 0;
    if (judged && entry.verdict) {
      const verdict = entry.verdict;
      access.verdict = {
        ...verdict,
        failed: verdict.failed ?? null,
        content: CLOSED.has(verdict.headline) ? verdict.headline : 'open',
      };
    } else {
      const gap = judged || !chain.gap ? entry : chain.gap;
      access.noVerdict = {
        finding: gap.finding,
        sentence: gap.sentence ?? 'nothing is wrong',
      };
    }
    if (access.time_s === 0) access.time_s = access.sealed_s;
    access.searched = searched(access, words);
    count(access, timeline);
    timeline.accesses.push(access);
  }
}

function describe(administration, number, entry, timeline, words) {
  const {register} = timeline;
  const access = {
    administration,
    administrationName: register.administrationName(administration,
        words.say('ownChain')),
    entry: number,
    leafIndex: entry.leaf_index,
    time_s: 0,
    sealed_s: 0,
    verdict: null,
    noVerdict: null,
    content: entry.content,
    finding: entry.finding,
    until_s: entry.until_s ?? null,
    notice: entry.notice ?? null,
    readable: false,
    emergency: false,
    citesLaw: false,
    ai: false,
    place: 0,
  };
  const said = entry.record?.access;
  if (entry.content !== 'open' || entry.kind !== 'access' || !said) {
    return access;
  }
  access.readable = true;
  access.occurredAt_ms = said.occurred_at_ms ?? 0;
  access.time_s = seconds(access.occurredAt_ms);
  access.asOfSize = said.as_of?.size ?? 0;
  access.asOfOrigin = said.as_of?.origin ?? '';
  access.operation = said.operation ?? 0;
  access.actorKind = said.actor_kind ?? 0;
  access.actor = entry.actor?.id ?? '';
  access.actorRole = said.actor_role ?? '';
  access.onBehalfOf = said.on_behalf_of ?? '';
  access.purpose = said.purpose ?? '';
  access.purposeName = register.purposeName(access.purpose);
  access.purposeWords = register.words(register.purposes.get(access.purpose));
  access.recipient = said.recipient_id ?? '';
  access.sourceSystem = said.source_origin ?? '';
  access.fields = said.field ?? [];
  access.caseRef = said.case_ref ?? '';
  access.outcome = said.outcome ?? 0;
  access.aiSystem = said.ai_system_id ?? '';
  const model = register.aiSystems.get(access.aiSystem);
  access.model = model ? modelOf(register, model) : null;
  access.ai = access.actorKind >= 3 || access.aiSystem !== '';
  access.categories = said.data_category ?? [];
  access.categoryNames =
      access.categories.map((term) => register.categoryName(term));
  access.special = said.special_category === true ||
      access.categories.some(
          (term) => register.categories.get(term)?.special === true);
  access.bases = (said.legal_basis ?? []).map((cited) => {
    const provision = cited.provision === undefined ? undefined :
        register.provisions.get(cited.provision);
    const law = provision && lawOf(register, provision);
    if (LAW_BASIS.test(cited.basis ?? '')) access.citesLaw = true;
    return {
      basis: cited.basis ?? '',
      provision: cited.provision ?? null,
      consent: CONSENT_BASES.has(cited.basis),
      name: provision ? register.bare(provision) : {text: '', lang: ''},
      citation: cited.citation || (law?.citation ?? ''),
      law: law ?? null,
    };
  });
  access.unit = said.unit_name || (said.unit_code ?? '');
  access.emergency = said.emergency === true;
  access.reason = {text: '', lang: ''};
  for (const text of said.reason_text ?? []) {
    if (access.reason.text === '' || text.language === register.language) {
      access.reason = {text: text.text ?? '', lang: text.language ?? ''};
    }
  }
  return access;
}

function count(access, timeline) {
  if (access.emergency) ++timeline.emergencies;
  const {verdict} = access;
  if (verdict === null) {
    ++timeline.withoutVerdict;
    ++timeline.notFine;
    return;
  }
  timeline.headlines[verdict.headline] =
      (timeline.headlines[verdict.headline] ?? 0) + 1;
  if (!verdict.fine) ++timeline.notFine;
  if (verdict.content !== 'open') return;
  if (verdict.law === 'covered' && verdict.wish === 'against') {
    ++timeline.lawfulUnwanted;
  }
  if (verdict.law === 'not covered' && verdict.wish === 'granted' &&
      access.citesLaw) {
    ++timeline.wantedUnlawful;
  }
}

// What the resident said, and the keys that it brought.
async function addStatements(chain, timeline, keys, known) {
  if (chain.gap?.finding !== 'Ok') return;
  const {register} = timeline;
  const keyOf = new Map();  // id of a statement -> public key
  for (let number = 0; number < chain.entries.length; ++number) {
    const {event, statement, standing, sealed_at_s} = chain.entries[number];
    if (!standing || !statement) continue;
    const scope = statement[event]?.scope;
    timeline.statements.push({
      administration: chain.administration,
      administrationName:
          register.administrationName(chain.administration, ''),
      entry: number,
      time_s: sealed_at_s ?? 0,
      event,
      finding: standing.finding,
      sentence: standing.sentence ?? '',
      restrains: standing.restrains,
      delegated: standing.delegated,
      purposes: (scope?.purpose ?? []).map((term) => register.purposeName(term)),
      categories:
          (scope?.data_category ?? []).map((term) => register.categoryName(term)),
    });
    if (event === 'key_revoke') {
      const revoked = keyOf.get(statement.key_revoke?.key_id);
      if (revoked !== undefined && standing.finding === 'Ok') {
        keys.get(revoked).revoked = true;
      }
      continue;
    }
    const key = event === 'delegate' ? statement.delegate?.key :
        event === 'key_add' || event === 'recover' ? statement[event] :
                                                     undefined;
    if (!key?.public_key) continue;
    keyOf.set(statement.statement_id, key.public_key);
    if (!keys.has(key.public_key)) {
      keys.set(key.public_key, {
        publicKey: key.public_key,
        fingerprint: await fingerprintOf(key.public_key),
        name: '',
        administrations: [],
        ids: [],  // by which chains know it
        identityService: null,
        identityServiceName: {text: '', lang: ''},
        byKey: '',
        counts: false,
        revoked: false,
        delegate: null,
        known: null,
      });
    }
    const one = keys.get(key.public_key);
    one.administrations.push(chain.administration);
    one.ids.push({administration: chain.administration,
      id: statement.statement_id});
    one.name = key.name || one.name;
    one.counts ||= standing.finding === 'Ok';
    if (event === 'delegate') {
      one.delegate = {
        until_s: Number(statement.delegate.until_s ?? 0),
        relation: statement.delegate.relation ?? '',
      };
    }
    if (statement.identity_service !== undefined) {
      one.identityService = statement.identity_service;
      one.identityServiceName = register.serviceName(one.identityService);
    } else {
      const by = keyOf.get(statement.key_id);
      one.byKey = by === undefined ? '?' : await fingerprintOf(by);
    }
    if (known !== undefined) one.known = known.includes(one.fingerprint);
  }
}

// Keys that may speak in the resident's name and that no device of theirs is
// known to hold. Somebody else's, whom they sent themselves, is not among them.
export function unknownKeysOf(timeline) {
  const known = new Set(timeline.keys.filter((key) => key.known)
      .map(({fingerprint}) => fingerprint));
  return timeline.keys.filter((key) => key.known === false && !key.revoked &&
      !(key.delegate !== null && known.has(key.byKey)));
}

// --- Verdicts in colours ------------------------------------------------------

// 'good', 'look', 'bad': which colour and which sign a verdict gets.
export function toneOf(access) {
  if (access.verdict === null) return 'look';
  if (access.verdict.fine) return 'good';
  return GRAVE.has(access.verdict.headline) ? 'bad' : 'look';
}

// The key of the law's words: what rests on consent alone asks no law.
export function lawKeyOf(access) {
  const {law, wish} = access.verdict;
  return law === 'not covered' && !access.citesLaw && wish === 'granted' ?
      'not cited' : law;
}

// The whole, for the overview: all that is wrong, the gravest first, and what
// may be said of completeness.
export function summaryOf(timeline) {
  const not = ['forged', 'missing', 'violation', 'unproven',
    'against your wish', 'race', 'late', 'stale', 'withheld', 'restricted',
    'erased'];
  return {
    all: timeline.accesses.length,
    notFine: timeline.notFine,
    parts: not.filter((name) => timeline.headlines[name] > 0)
        .map((name) => ({headline: name, count: timeline.headlines[name]})),
    completeness: !timeline.complete ? 'notAllChecked' :
        timeline.contentFindings > 0 ? 'somethingWrong' :
        timeline.vouched ? 'noneMissing' : 'nobodyVouches',
    tone: !timeline.complete || timeline.contentFindings > 0 ||
            hasGrave(timeline) ? 'bad' :
        timeline.notFine > 0 || !timeline.vouched ? 'look' : 'good',
  };
}

function hasGrave(timeline) {
  return [...GRAVE].some((name) => timeline.headlines[name] > 0);
}

// --- Filters and days ---------------------------------------------------------

export const NO_FILTER = {text: '', administration: '', category: '',
  headline: '', from: '', until: '', ai: false, emergency: false};

// "2027-01-31" as the POSIX second at which it begins here; NaN: no such day.
export function dayBegins(day, plusDays = 0) {
  const parts = /^(\d{4})-(\d{2})-(\d{2})$/.exec(day);
  if (!parts) return NaN;
  const date = new Date(+parts[1], parts[2] - 1, +parts[3] + plusDays);
  return Math.floor(date.getTime() / 1000);
}

// Everything in which somebody looks for a word.
function searched(access, words) {
  return [
    access.administrationName.text, access.unit, access.purposeName?.text,
    access.purpose, access.reason?.text, access.actor, access.recipient,
    access.aiSystem, access.model?.name.text,
    ...(access.categoryNames ?? []).map((name) => name.text),
    ...(access.bases ?? []).flatMap((basis) => [basis.name.text,
      basis.citation]),
    access.verdict === null ? '' : words.of('headline', access.verdict.headline),
  ].filter(Boolean).join('\n').toLowerCase();
}

// Which accesses a filter lets through, newest first.
export function filtered(timeline, filter) {
  const wanted = filter.text.trim().toLowerCase().split(/\s+/)
      .filter(Boolean);
  const from_s = filter.from ? dayBegins(filter.from) : -Infinity;
  const until_s = filter.until ? dayBegins(filter.until, 1) : Infinity;
  const passes = (access) =>
      (filter.administration === '' ||
        access.administration === Number(filter.administration)) &&
      (filter.category === '' ||
        (access.categories ?? []).includes(filter.category)) &&
      (filter.headline === '' || (access.verdict === null ?
          filter.headline === 'none' :
          filter.headline === 'not fine' ? !access.verdict.fine :
                                   access.verdict.headline === filter.headline)) &&
      (!filter.ai || access.ai) &&
      (!filter.emergency || access.emergency) &&
      !(access.time_s < from_s) && !(access.time_s >= until_s) &&
      wanted.every((word) => access.searched.includes(word));
  const found = [];
  for (let i = timeline.accesses.length; i-- > 0;) {
    if (passes(timeline.accesses[i])) found.push(timeline.accesses[i]);
  }
  return found;
}

export function isFiltering(filter) {
  return Object.keys(NO_FILTER).some((name) => filter[name] !== NO_FILTER[name]);
}

// The day of a time, as the device counts days.
export function localDay(time_s) {
  const date = new Date(time_s * 1000);
  return `${date.getFullYear()}-${date.getMonth()}-${date.getDate()}`;
}

// Accesses, newest first, with what the resident said between them, as days:
// [{day, items: [{access} | {statement}]}]. What was said is left out where a
// filter asks for accesses of a kind. `dayOf`: of a POSIX second.
export function daysOf(accesses, statements, dayOf) {
  const days = [];
  let next = statements.length - 1;
  const add = (time_s, item) => {
    const day = dayOf(time_s);
    if (days.length === 0 || days[days.length - 1].day !== day) {
      days.push({day, time_s, items: []});
    }
    days[days.length - 1].items.push(item);
  };
  for (const access of accesses) {
    while (next >= 0 && follows(statements[next], access)) {
      add(statements[next].time_s, {statement: statements[next]});
      --next;
    }
    add(access.time_s, {access});
  }
  for (; next >= 0; --next) {
    add(statements[next].time_s, {statement: statements[next]});
  }
  return days;
}

// By time; within one second as they stand in the chain.
function follows(statement, access) {
  if (statement.time_s !== access.time_s) {
    return statement.time_s > access.time_s;
  }
  return statement.administration === access.administration &&
      statement.entry > access.entry;
}

// What may be chosen in a filter: only what there is.
export function choicesOf(timeline) {
  const administrations = new Map(), categories = new Map(), headlines = new Set();
  let ai = 0, none = 0;
  for (const access of timeline.accesses) {
    administrations.set(access.administration, access.administrationName);
    (access.categories ?? []).forEach(
        (term, i) => categories.set(term, access.categoryNames[i]));
    if (access.verdict) headlines.add(access.verdict.headline); else ++none;
    if (access.ai) ++ai;
  }
  return {administrations, categories, headlines, ai, none};
}
