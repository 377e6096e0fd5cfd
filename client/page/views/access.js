// One access: who, what, why, by which right, and whether that was so. Asking
// stands before contesting: most questions are no complaints.

import {button, el, facts, field, foreign, icon, outward} from '../dom.js';
import {ACTORS, lawKeyOf, OPERATIONS, plain, toneOf} from '../model.js';
import {capital, heading, list, unknownKeys, verdictLabel, whatWas, who}
  from './parts.js';

export function accessView(page, access) {
  const {words} = page;
  return {
    title: words.say('oneAccess'),
    node: el('article', {class: 'v-access'},
        unknownKeys(page),
        el('p', {}, el('a', {href: '#timeline', class: 'v-back'},
            words.say('backToTimeline'))),
        heading(page, whatWas(access, words)),
        el('p', {class: 'v-lead'}, who(access, words), ', ',
            el('time', {datetime: new Date(access.time_s * 1000).toISOString()},
                words.dayTime(access.time_s))),
        page.doubtBanner(),
        verdict(access, words),
        el('section', {class: 'v-section'},
            el('h2', {}, words.say('whatHappened')), told(access, words)),
        access.verdict?.content === 'open' && axes(access, words),
        actions(access, page),
        evidence(access, page)),
  };
}

function verdict(access, words) {
  const tone = toneOf(access);
  const failed = access.verdict?.failed;
  const {until_s} = access;
  return el('section', {class: `v-verdictbox v-verdictbox--${tone}`},
      el('h2', {class: 'v-quiet'}, words.say('verdict')),
      verdictLabel(access, words),
      el('p', {}, access.verdict === null ?
          [words.say('noVerdictBecause'), ' ',
            words.of('finding', access.noVerdict.finding), '.'] :
          words.say(`means ${access.verdict.headline}`)),
      failed && el('p', {}, words.say('failedBecause', words.of('dimension', failed))),
      access.content === 'withheld' && until_s !== null &&
        el('p', {}, words.say('withheldUntil', words.dayTime(Number(until_s)))),
      access.emergency && el('p', {class: 'v-bad'}, icon('bad'), ' ',
          words.say('emergency')));
}

function told(access, words) {
  if (!access.readable) {
    return facts([
      [words.say('factWho'), who(access, words)],
      [words.say('factRecorded'), access.sealed_s > 0 && words.dayTime(access.sealed_s)],
      [words.say('factWhat'), whatWas(access, words)],
    ]);
  }
  const {language} = words;
  const text = (name) => name.text && foreign(name, language);
  return facts([
    [words.say('factWho'), foreign(access.administrationName, language)],
    [words.say('factUnit'), access.unit && foreign(access.unit, language)],
    [words.say('factPerson'), person(access, words)],
    [words.say('factOnBehalf'), access.onBehalfOf && foreign(access.onBehalfOf, language)],
    [words.say('factWhat'), capital(words.say(OPERATIONS[access.operation] ?? 'used'), words),
      ': ', list(access.categoryNames, words), access.special &&
        el('span', {class: 'v-mark'}, words.say('specialCategory'))],
    [words.say('factFields'), access.fields.length > 0 &&
        access.fields.flatMap((name, i) => [i > 0 ? ', ' : '', foreign(name, language)])],
    [words.say('factWhy'), foreign(access.purposeName, language),
      access.purposeWords.text && el('p', {class: 'v-small'}, text(access.purposeWords))],
    [words.say('factReason'), text(access.reason)],
    [words.say('factBasis'), el('ul', {class: 'v-plain'},
        access.bases.map((basis) => el('li', {}, basisOf(basis, words))))],
    [words.say('factRecipient'), access.recipient && foreign(access.recipient, language)],
    [words.say('factSystem'), access.sourceSystem && foreign(access.sourceSystem, language)],
    [words.say('factCase'), access.caseRef && foreign(access.caseRef, language)],
    [words.say('factWhen'), words.dayTime(access.time_s)],
    [words.say('factRecorded'), access.sealed_s > 0 && words.dayTime(access.sealed_s)],
  ]);
}

function person(access, words) {
  const {language} = words;
  const parts = [words.say(ACTORS[access.actorKind] ?? 'unknownActor')];
  if (access.actorRole) parts.push(', ', foreign(access.actorRole, language));
  if (access.actor) parts.push(' (', foreign(access.actor, language), ')');
  if (access.finding !== 'Ok') parts.push('; ', words.of('finding', access.finding));
  if (access.model) {
    parts.push(el('p', {class: 'v-small'},
        words.parts('aiRegistered', String(access.model.number),
            outward(access.model.address, foreign(access.model.name, language), words)),
        access.model.words.text && ['. ', foreign(access.model.words, language)]));
  } else if (access.aiSystem) {
    parts.push(el('p', {class: 'v-small v-bad'},
        words.parts('aiNotRegistered', foreign(access.aiSystem, language))));
  }
  return parts;
}

function basisOf(basis, words) {
  const {language} = words;
  if (basis.consent) {
    return words.parts('basisConsent', el('code', {}, plain(basis.basis)));
  }
  const name = basis.name.text ? basis.name : {text: basis.citation, lang: ''};
  if (!name.text) return [el('code', {}, plain(basis.basis))];
  const citation = basis.citation && basis.citation !== name.text ?
      [foreign(basis.citation, language), '; '] : [];
  return [
    words.parts('basisLaw', foreign(name, language),
        el('span', {}, citation, el('code', {}, plain(basis.basis)))),
    basis.law?.words.text && el('p', {class: 'v-small'},
        foreign(basis.law.words, language)),
    basis.law?.address && el('p', {class: 'v-small'},
        outward(basis.law.address, words.say('readTheLaw'), words)),
    basis.law?.unverified && el('p', {class: 'v-small'}, words.say('lawUnverified')),
  ];
}

// What the city may and what the resident wants, always apart.
function axes(access, words) {
  const {verdict: {law, wish, race, stale, late}} = access;
  const lawKey = lawKeyOf(access);
  const lawTone = {covered: 'good', 'not covered': 'bad', unproven: 'look',
    'not cited': 'info'}[lawKey];
  const wishTone = {granted: 'good', silent: 'info', against: 'bad'}[wish];
  const timing = [race && 'race', stale && 'stale', late && 'late'].filter(Boolean);
  const card = (title, sign, text) => el('div', {class: `v-axis v-axis--${sign}`},
      el('h3', {}, title), el('p', {}, icon(sign), el('span', {}, text)));
  return el('section', {class: 'v-section'},
      el('h2', {}, words.say('axes')),
      el('div', {class: 'v-axes'},
          card(words.say('axisLaw'), lawTone, capital(lawKey === 'not cited' ?
              words.say('lawNotCited') : words.of('law', law), words)),
          card(words.say('axisWish'), wishTone, capital(words.of('wish', wish), words)),
          card(words.say('axisTiming'), timing.length > 0 ? 'look' : 'good',
              capital(timing.length > 0 ?
                timing.map((name) => words.say(name)).join(', ') :
                words.say('timingOk'), words))));
}

function reference(access, page) {
  return page.words.say('reference', plain(page.timeline.origin),
      String(access.administration), String(access.entry), String(access.leafIndex));
}

function actions(access, page) {
  const {words, config} = page;
  const contact = config.contacts?.[access.administration] ?? config.help ?? {};
  const copied = el('p', {role: 'status', class: 'v-small'});
  const text = reference(access, page);
  return el('section', {class: 'v-section v-actions'},
      el('h2', {}, words.say('ask')),
      el('p', {}, words.say('askText')),
      el('p', {class: 'v-reference'}, el('code', {}, text)),
      el('div', {class: 'v-buttons'},
          button(words.say('copyReference'), async () => {
            try {
              await navigator.clipboard.writeText(text);
              copied.textContent = words.say('copied');
            } catch {
              copied.textContent = words.say('copyByHand');
            }
          }, 'primary')),
      copied,
      facts([
        [words.say('contactEmail'), contact.email &&
            el('a', {href: `mailto:${encodeURIComponent(contact.email)
                .replace('%40', '@')}`}, plain(contact.email))],
        [words.say('contactPage'), contact.url &&
            outward(contact.url, foreign(contact.url), words)],
      ]),
      el('h2', {}, words.say('contest')),
      el('p', {}, words.say('contestText')),
      el('div', {class: 'v-buttons'},
          button(words.say('contestButton'), () => contest(access, page)),
          page.canShare(access) && button(words.say('entryBundle'),
              () => page.share(access))));
}

// A dispute: the reason first, then the words to sign.
function contest(access, page) {
  const {words} = page;
  const reason = el('textarea', {rows: '4', maxlength: '2000'});
  page.dialogs.open({
    title: words.say('contest'),
    body: [el('p', {}, words.say('contestWhy')),
      field(words.say('reason'), reason, words.say('reasonHelp'))],
    actions: [[words.say('next'), 'primary', (dialog) => {
      dialog.close();
      page.say('dispute', {
        event: {dispute: {entry: access.entry,
          ...(reason.value.trim() ? {reason: reason.value.trim()} : {})}},
        administrations: [access.administration],
      });
    }]],
  });
}

function evidence(access, page) {
  const {words} = page;
  return el('details', {class: 'v-details'},
      el('summary', {}, words.say('evidence')),
      el('p', {}, words.say('evidenceText')),
      facts([
        [words.say('logName'), el('code', {}, plain(page.timeline.origin))],
        [words.say('leafIndex'), String(access.leafIndex)],
        [words.say('entryNumber'), String(access.entry)],
        [words.say('chainNumber'), String(access.administration)],
        [words.say('asOf'), access.readable && String(access.asOfSize)],
        [words.say('purposeTerm'), access.purpose && el('code', {}, plain(access.purpose))],
        [words.say('categoryTerms'), access.categories?.length > 0 &&
            el('code', {}, access.categories.map(plain).join(', '))],
      ]));
}
