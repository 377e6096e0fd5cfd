// Pieces that more than one view shows.

import {el, foreign, icon} from '../dom.js';
import {OPERATIONS, plain, toneOf} from '../model.js';

// The verdict in words, with colour and sign beside them.
export function verdictLabel(access, words) {
  const tone = toneOf(access);
  const kind = {good: 'success', look: 'alert', bad: 'error'}[tone];
  const text = access.verdict === null ? words.say('noVerdictYet') :
      words.of('headline', access.verdict.headline);
  return el('span', {class: `hds-status-label hds-status-label--${kind} v-verdict`},
      icon(tone), el('span', {}, capital(text, words)));
}

export function capital(text, words) {
  return text.charAt(0).toLocaleUpperCase(words.language) + text.slice(1);
}

// "Read: Health, Income"; of what is closed, what it is.
export function whatWas(access, words) {
  if (!access.readable) {
    return [capital(
        words.say(access.content === 'open' ? 'unreadable' : 'notShown'), words)];
  }
  const operation = words.say(OPERATIONS[access.operation] ?? 'used');
  return [`${capital(operation, words)}: `, list(access.categoryNames, words)];
}

export function list(names, words, between = ', ') {
  return names.flatMap((name, place) =>
      [place > 0 ? between : '', foreign(name, words.language)]);
}

export function who(access, words) {
  const {language} = words;
  return [foreign(access.administrationName, language),
    access.unit ? [', ', foreign(access.unit, language)] : ''];
}

// One line of the timeline, as a list item.
export function accessItem(access, page) {
  const {words} = page;
  const tone = toneOf(access);
  return el('li', {class: `v-entry v-entry--${tone}`},
      el('div', {class: 'v-entry__time'},
          el('time', {datetime: new Date(access.time_s * 1000).toISOString()},
              words.time(access.time_s))),
      el('div', {class: 'v-entry__main'},
          el('a', {class: 'v-entry__link', href: page.linkTo(access)},
              whatWas(access, words)),
          el('p', {class: 'v-entry__who'}, who(access, words)),
          access.readable && el('p', {class: 'v-entry__why'},
              words.parts('for', foreign(access.purposeName, words.language))),
          (access.emergency || access.ai) && el('p', {class: 'v-entry__marks'},
              access.emergency &&
                el('span', {class: 'v-mark v-mark--bad'}, words.say('emergencyShort')),
              access.ai && el('span', {class: 'v-mark'}, words.say('aiShort')))),
      el('div', {class: 'v-entry__verdict'}, verdictLabel(access, words)));
}

export function statementItem(statement, page) {
  const {words} = page;
  const to = statement.administration === 0xffffffff ? words.say('ownChain') :
      foreign(statement.administrationName, words.language);
  const about = [...statement.purposes, ...statement.categories];
  const void_ = statement.finding !== 'Ok' && !statement.restrains;
  return el('li', {class: 'v-entry v-entry--said'},
      el('div', {class: 'v-entry__time'},
          el('time', {datetime: new Date(statement.time_s * 1000).toISOString()},
              words.time(statement.time_s))),
      el('div', {class: 'v-entry__main'},
          el('p', {},
              el('strong', {}, words.say(statement.delegated ? 'delegateSaid' : 'youSaid')),
              ' ', words.of('event', statement.event), ' → ', to),
          about.length > 0 && el('p', {class: 'v-entry__who'}, list(about, words)),
          void_ && el('p', {class: 'v-entry__who'},
              words.say('statementDoesNotCount',
                  words.of('finding', statement.finding)))));
}

// A box that says something: `kind` is 'info', 'good', 'look', 'bad'.
export function notice(kind, title, ...content) {
  return el('section', {class: `v-notice v-notice--${kind}`},
      el('div', {class: 'v-notice__content'},
          title && el('h2', {class: 'v-notice__title'},
              icon(kind), el('span', {}, title)),
          el('div', {class: 'v-notice__body'}, ...content)));
}

// Keys that no device of the person is known to hold: before all else.
export function unknownKeys(page) {
  const {words, unknown} = page;
  if (!unknown || unknown.length === 0) return null;
  return notice('bad', words.say('unknownKeyTitle', unknown.length),
      el('ul', {class: 'v-plain'}, unknown.map((key) => el('li', {},
          words.parts('unknownKey', el('code', {}, plain(key.fingerprint)),
              whoseKey(key, words))))),
      page.keys.length === 0 && el('p', {}, words.say('unknownKeyHere')),
      el('p', {}, el('a', {href: '#devices'}, words.say('unknownKeyDo'))));
}

export function whoseKey(key, words) {
  const parts = [];
  const add = (part) => parts.push(parts.length > 0 ? ', ' : '', part);
  if (key.delegate) add(words.say('keyOfDelegate'));
  if (key.known) add(words.say('keyOnDevice'));
  add(key.identityService !== null ?
      words.parts('enrolledByService', String(key.identityService),
          foreign(key.identityServiceName, words.language)) :
      words.parts('enrolledByKey', el('code', {}, plain(key.byKey))));
  if (key.revoked) add(words.say('keyRevoked'));
  else if (!key.counts) add(words.say('keyDoesNotCount'));
  return el('span', {}, parts);
}

export function heading(page, text) {
  return el('h1', {tabindex: '-1', class: 'v-title'}, text);
}
