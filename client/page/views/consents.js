// Yes, no longer, never: per administration, what the resident has said and
// what they may say. The words that are signed are shown before (../dialogs.js).

import {button, checkbox, el, facts, field, foreign, freshId} from '../dom.js';
import {capital, heading, list, notice, unknownKeys} from './parts.js';

export function consentsView(page) {
  const {words, timeline} = page;
  const said = page.said();
  const numbers = new Set([
    ...timeline.register.administrations.keys(),
    ...said.map(({administration}) => administration)]);
  numbers.delete(0xffffffff);
  const spoken = [...numbers].filter((number) => said.some(
      (one) => one.administration === number && isWord(one)));
  const others = [...numbers].filter((number) => !spoken.includes(number));
  return {
    title: words.say('consents'),
    node: el('div', {},
        unknownKeys(page),
        heading(page, words.say('consents')),
        page.doubtBanner(),
        el('p', {class: 'v-lead'}, words.say('consentsLead')),
        page.keys.length === 0 && notice('info', words.say('noKeyTitle'),
            el('p', {}, words.say('noKeyText')),
            el('p', {}, el('a', {href: '#devices'}, words.say('noKeyDo')))),
        spoken.length === 0 && el('p', {class: 'v-empty'}, words.say('nothingSaid')),
        spoken.map((number) => panel(number, said, page)),
        others.length > 0 && el('section', {class: 'v-section'},
            el('h2', {}, words.say('otherAdministrations')),
            el('ul', {class: 'v-plain'}, others.map((number) => el('li', {class: 'v-row'},
                foreign(timeline.register.administrationName(number, ''), words.language),
                el('span', {class: 'v-buttons'},
                    speak(number, 'prohibition', page),
                    speak(number, 'grant', page))))))),
  };
}

const EVENTS = ['grant', 'prohibition', 'objection', 'preference'];

function isWord({event}) {
  return EVENTS.includes(event);
}

function panel(number, said, page) {
  const {words, timeline} = page;
  const mine = said.filter((one) => one.administration === number && isWord(one))
      .reverse();
  const now = mine.filter(({state}) => state === 'in force');
  const past = mine.filter(({state}) => state !== 'in force');
  return el('section', {class: 'v-panel'},
      el('h2', {class: 'v-panel__name'},
          foreign(timeline.register.administrationName(number, ''), words.language)),
      now.length === 0 && el('p', {class: 'v-small'}, words.say('nothingInForce')),
      now.map((one) => card(one, page)),
      past.length > 0 && el('details', {class: 'v-details'},
          el('summary', {}, words.say('pastWords', past.length)),
          past.map((one) => card(one, page))),
      el('div', {class: 'v-buttons'}, speak(number, 'prohibition', page),
          speak(number, 'objection', page), speak(number, 'grant', page)));
}

function scopeOf({event, statement}) {
  return statement[event]?.scope ?? {};
}

function card(one, page) {
  const {words, timeline: {register}} = page;
  const scope = scopeOf(one);
  const names = (terms, name, all) => terms?.length > 0 ?
      list(terms.map((term) => name.call(register, term)), words) : words.say(all);
  const inForce = one.state === 'in force';
  const grants = one.event === 'grant';
  const tone = !inForce ? 'quiet' : grants ? 'good' : 'info';
  const label = {quiet: 'neutral', good: 'success', info: 'info'}[tone];
  const name = freshId('said');
  const about = {'aria-describedby': name};
  const back = {withdrawal: {statement_id: [one.id]}};
  const said = (event, what) => () => page.say(what,
      {event, administrations: what === 'withdrawal' ? undefined : [one.administration]});
  return el('article', {class: `v-card v-card--${tone}`},
      el('h3', {id: name}, capital(words.of('event', one.event), words), ' ',
          el('span', {class: `hds-status-label hds-status-label--${label}`},
              words.of('state', one.state))),
      facts([
        [words.say('scopePurposes'), names(scope.purpose, register.purposeName, 'allPurposes')],
        [words.say('scopeData'), names(scope.data_category, register.categoryName, 'allData')],
        [words.say('scopeRecipients'), scope.recipient?.length > 0 ?
            scope.recipient.map((id, i) => [i > 0 ? ', ' : '', foreign(id, words.language)]) :
            grants ? words.say('noRecipients') : null],
        [words.say('since'), one.sealedAt_s > 0 && words.dayTime(one.sealedAt_s)],
        [words.say('until'), scope.valid_until_s !== undefined &&
            words.dayTime(Number(scope.valid_until_s))],
        [words.say('reason'), one.statement[one.event]?.reason &&
            foreign(one.statement[one.event].reason, words.language)],
        [words.say('whyNot'), one.state === 'does not count' && one.finding &&
            words.of('finding', one.finding)],
        [words.say('entryNumber'), String(one.entry)],
      ]),
      el('div', {class: 'v-buttons'},
          inForce && grants &&
            button(words.say('withdraw'), said(back, 'withdrawal'), 'primary', about),
          inForce && !grants &&
            button(words.say('takeBack'), said(back, 'withdrawal'), 'secondary', about),
          !inForce && grants && one.state !== 'does not count' &&
            button(words.say('grantAgain'), said({grant: {...one.statement.grant,
              administration: [one.administration],
              scope: withoutTimes(scope)}}, 'grant'), 'secondary', about)));
}

// The old times are over: as long as it is not withdrawn.
function withoutTimes(scope) {
  const {valid_from_s, valid_until_s, ...rest} = scope;
  return rest;
}

function speak(number, event, page) {
  const {words} = page;
  const key = {grant: 'newGrant', prohibition: 'newProhibition',
    objection: 'newObjection'}[event];
  return button(words.say(key), () => form(number, event, page));
}

// What it is about. Purposes and data that the register knows for this
// administration come first; a grant must name some, a no may mean everything.
function form(number, event, page) {
  const {words, timeline: {register}} = page;
  const known = [...register.provisions.values()]
      .filter(({administration}) => administration?.includes(number));
  const first = (terms, map) => [
    ...[...map.keys()].filter((term) => terms.has(term)),
    ...[...map.keys()].filter((term) => !terms.has(term))];
  const purposes = first(new Set(known.flatMap(({purpose}) => purpose ?? [])),
      register.purposes);
  const categories = first(new Set(known.flatMap(({data_category}) => data_category ?? [])),
      register.categories);
  const group = (legend, terms, name, kind) => el('fieldset', {class: 'v-fieldset'},
      el('legend', {}, legend),
      event !== 'grant' && el('p', {class: 'v-small'}, words.say('noneMeansAll')),
      terms.map((term) => {
        const box = checkbox(foreign(name.call(register, term), words.language),
            false, null, kind);
        box.querySelector('input').value = term;
        return box;
      }));
  const until = el('input', {type: 'date'});
  const reason = el('textarea', {rows: '3', maxlength: '2000'});
  const wrong = el('p', {class: 'v-bad', role: 'alert'});
  const inputs = el('form', {on: {submit: (e) => e.preventDefault()}},
      group(words.say('scopePurposes'), purposes, register.purposeName, 'purpose'),
      group(words.say('scopeData'), categories, register.categoryName, 'category'),
      field(words.say('untilOptional'), until),
      event !== 'grant' && field(words.say('reason'), reason, words.say('reasonHelp')),
      wrong);
  const chosen = (name) => [...inputs.querySelectorAll(`input[name="${name}"]:checked`)]
      .map(({value}) => value);
  page.dialogs.open({
    title: words.say({grant: 'newGrant', prohibition: 'newProhibition',
      objection: 'newObjection'}[event]),
    body: [el('p', {}, words.parts('saidTo',
        foreign(register.administrationName(number, ''), words.language))), inputs],
    actions: [[words.say('next'), 'primary', (dialog) => {
      const scope = {};
      const purpose = chosen('purpose'), category = chosen('category');
      if (event === 'grant' && (purpose.length === 0 || category.length === 0)) {
        wrong.textContent = words.say('grantNeeds');
        return;
      }
      if (purpose.length > 0) scope.purpose = purpose;
      if (category.length > 0) scope.data_category = category;
      if (until.value) {
        const day = new Date(`${until.value}T00:00:00`);
        scope.valid_until_s = Math.floor(day.getTime() / 1000) + 86400;
      }
      dialog.close();
      const why = reason.value.trim();
      page.say(event, {administrations: [number], event: event === 'grant' ?
          {grant: {administration: [number], scope, assurance: 1, lawful_basis: 'A6-1-a'}} :
          {[event]: {scope, ...(why ? {reason: why} : {})}}});
    }]],
  });
}
