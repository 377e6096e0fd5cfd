// The overview: is one missing, was each allowed, who says so, how old is that.
// What can't be said is said as plainly as what can.

import {SELF} from '../vidimus.js';
import {el, facts, foreign, icon} from '../dom.js';
import {daysOf, localDay, plain, summaryOf} from '../model.js';
import {accessItem, capital, heading, notice, unknownKeys} from './parts.js';

const LATEST = 3;

export function overview(page) {
  const {words, check, timeline} = page;
  return {
    title: words.say('overview'),
    node: el('div', {},
        unknownKeys(page),
        headline(page),
        otherFailures(page),
        timeline && attention(page),
        timeline && latest(page),
        check.report ? checkedHow(page) : details(page, []),
        timeline && limits(page)),
  };
}

// What a failure says in words, for the headline and for the list under it.
function failureSentence(failure, part, page) {
  const {words, timeline} = page;
  const {administration} = failure;
  const name = administration === undefined || administration === SELF ||
          !timeline ?
      words.say('ownChain') :
      foreign(timeline.register.administrationName(administration, ''),
          words.language);
  return words.failureParts(failure.name, part, name,
      failure.entry === undefined ? '' : String(failure.entry));
}

function headline(page) {
  const {words, check, timeline} = page;
  const failure = check.failure ?? null;
  const told = tell(page, failure);
  return el('section', {class: `v-headline v-headline--${told.tone}`,
    'data-tone': told.tone, 'data-finding': check.finding},
  el('div', {class: 'v-headline__sign'}, icon(told.tone)),
  el('div', {class: 'v-headline__text'},
      heading(page, told.says),
      told.more.map((one) => el('p', {class: 'v-headline__more'}, one)),
      el('p', {class: 'v-headline__age'}, age(page)),
      el('div', {class: 'v-headline__actions'}, page.checkAgain(),
          timeline && timeline.accesses.length > 0 &&
            el('a', {class: 'v-headline__link', href: '#timeline'},
                words.say('seeAll', timeline.accesses.length)))));
}

// The headline and how old it is, for paper.
export function inPrint(page) {
  return el('div', {class: 'v-print'},
      el('p', {}, el('strong', {}, tell(page, page.check.failure ?? null).says)),
      el('p', {}, age(page), ' ', el('code', {}, plain(page.timeline.origin))));
}

// Tone, sentence and what it means.
function tell(page, failure) {
  const {words, timeline} = page;
  if (failure && failure.kind !== 'unvouched') {
    return {
      tone: failure.kind === 'wrong' ? 'bad' : 'look',
      says: failureSentence(failure, 'says', page),
      more: [failureSentence(failure, 'means', page),
        failureSentence(failure, 'do', page)],
    };
  }
  const summary = summaryOf(timeline);
  const first = summary.all === 0 ? words.say('noAccess') :
      summary.notFine === 0 ? words.say('allFine', summary.all) :
      words.say('notAllFineShort', summary.notFine, summary.all);
  const second = words.say(summary.completeness);
  const more = summary.notFine > 0 ? [partsOf(summary, timeline, words)] : [];
  if (failure) more.push(failureSentence(failure, 'means', page));
  return {
    tone: failure && summary.tone === 'good' ? 'look' : summary.tone,
    says: `${first} ${second}`,
    more,
  };
}

function partsOf(summary, timeline, words) {
  const parts = summary.parts.map(({headline, count}) =>
    `${words.of('headline', headline)} ${words.number(count)}`);
  if (timeline.withoutVerdict > 0) {
    parts.push(`${words.say('noVerdictYet')} ${words.number(timeline.withoutVerdict)}`);
  }
  return capital(`${parts.join(', ')}.`, words);
}

function age(page) {
  const {words, check} = page;
  const parts = [words.say('checkedHere', words.time(page.checkedAt_s))];
  if (check.headAge_s !== undefined) {
    parts.push(words.say('headIsOld', words.ago(check.headAge_s)));
  }
  return parts.join(' ');
}

// Every failure but the one in the headline.
function otherFailures(page) {
  const {words, check} = page;
  const rest = (check.failures ?? []).slice(1);
  if (rest.length === 0 && check.unanswered.length === 0) return null;
  const grave = rest.some((failure) => failure.kind === 'wrong');
  return notice(grave ? 'bad' : 'look', words.say('alsoFound'),
      el('ul', {class: 'v-plain'},
          rest.map((failure) => el('li', {},
              failureSentence(failure, 'says', page))),
          check.unanswered.map(({administration, reason}) => el('li', {},
              words.parts('didNotAnswer', nameOf(administration, page),
                  foreign(reason, words.language))))));
}

function nameOf(administration, page) {
  if (administration === SELF) return page.words.say('ownChain');
  const known = page.timeline?.register.administrations.has(administration);
  return known ?
      foreign(page.timeline.register.administrationName(administration, ''),
          page.words.language) :
      page.words.say('administrationNumber', String(administration));
}

// What asks for a look, each as a way to it.
function attention(page) {
  const {words, timeline} = page;
  const {parts} = summaryOf(timeline);
  const rows = parts.map(({headline, count}) => [
    words.of('headline', headline), count, {headline}]);
  if (timeline.emergencies > 0) {
    rows.push([words.say('emergenciesRow'), timeline.emergencies, {emergency: true}]);
  }
  const plainRows = [];
  if (timeline.lawfulUnwanted > 0) {
    plainRows.push(words.say('lawfulUnwanted', timeline.lawfulUnwanted));
  }
  if (timeline.wantedUnlawful > 0) {
    plainRows.push(words.say('wantedUnlawful', timeline.wantedUnlawful));
  }
  if (rows.length === 0 && plainRows.length === 0) return null;
  return el('section', {class: 'v-section'},
      el('h2', {}, words.say('worthALook')),
      el('ul', {class: 'v-attention'}, rows.map(([name, number, filter]) => el('li', {},
          el('a', {href: '#timeline', on: {click: () => page.setFilter(filter)}},
              el('span', {class: 'v-attention__count'}, words.number(number)),
              el('span', {}, capital(name, words)))))),
      plainRows.map((row) => el('p', {}, row)));
}

function latest(page) {
  const {words, timeline} = page;
  if (timeline.accesses.length === 0) return null;
  const newest = timeline.accesses.slice(-LATEST).reverse();
  return el('section', {class: 'v-section'},
      el('h2', {}, words.say('latest')),
      el('ol', {class: 'v-entries'}, daysOf(newest, [], localDay).map(
          ({time_s, items}) => el('li', {class: 'v-latest'},
              el('p', {class: 'v-latest__day'}, capital(words.day(time_s), words)),
              el('ul', {class: 'v-entries'},
                  items.map(({access}) => accessItem(access, page)))))));
}

function checkedHow(page) {
  const {words, check, timeline} = page;
  const read = check.witnesses.filter(({monitor}) => monitor);
  const saw = check.witnesses.filter(({monitor}) => !monitor);
  const named = (all) => all.flatMap(({name, time_s}, place) =>
    [place > 0 ? '; ' : '', foreign(name, words.language),
      ` (${words.dayTime(time_s)})`]);
  const chains = check.report?.chains ?? [];
  return el('section', {class: 'v-section'},
      el('h2', {}, words.say('howChecked')),
      facts([
        [words.say('where'), words.say('whereText')],
        timeline ? [words.say('upTo'), words.dayTime(timeline.sealed_s)] : ['', null],
        [words.say('readBy'), check.vouched && read.length > 0 ?
            [named(read), '. ', words.say('readByText')] : words.say('readByNobody')],
        [words.say('witnessedBy'), saw.length > 0 ?
            [named(saw), '. ', words.say('witnessedByText')] :
            words.say('witnessedByNobody')],
        chains.length > 0 ? [words.say('asked'), words.say('askedText',
            chains.filter(({administration}) => administration !== SELF).length)] :
          ['', null],
      ]),
      details(page, chains));
}

function details(page, chains) {
  const {words, check, timeline} = page;
  const head = check.report?.head;
  return el('details', {class: 'v-details'},
      el('summary', {}, words.say('forExperts')),
      chains.length > 0 && el('table', {class: 'v-table'},
          el('caption', {}, words.say('perAdministration')),
          el('thead', {}, el('tr', {},
              el('th', {scope: 'col'}, words.say('administration')),
              el('th', {scope: 'col'}, words.say('entries')),
              el('th', {scope: 'col'}, words.say('result')))),
          el('tbody', {}, chains.map((chain) => el('tr', {},
              el('th', {scope: 'row'}, nameOf(chain.administration, page)),
              el('td', {}, words.number(chain.entries.length)),
              el('td', {}, chain.finding === 'Ok' ? words.say('complete') :
                  words.of('finding', chain.finding)))))),
      facts([
        [words.say('logName'), head && el('code', {}, plain(head.origin))],
        [words.say('logSize'), head && String(head.size)],
        [words.say('logRoot'), head && el('code', {class: 'v-breaks'}, head.root)],
        [words.say('sealed'), timeline && words.dayTime(timeline.sealed_s)],
        [words.say('technical'), (check.failures ?? []).length > 0 &&
            el('ul', {class: 'v-plain', lang: 'en'}, check.failures.map((failure) => el('li', {},
                el('code', {}, [failure.name, failure.finding, failure.part]
                    .filter(Boolean).map(plain).join(' / ')), ' ',
                plain(failure.detail ?? ''))))],
      ]));
}

// What no log can show.
function limits(page) {
  const {words, timeline} = page;
  const {notConnected} = timeline;
  return el('section', {class: 'v-section'},
      el('h2', {}, words.say('whatItCannotShow')),
      el('p', {}, words.say('limitsText')),
      notConnected.length > 0 && [
        el('p', {}, words.say('notConnected')),
        el('ul', {class: 'v-plain v-notconnected'}, notConnected.map((one) => el('li', {},
            foreign(one.system, words.language), ' — ',
            foreign(one.administrationName, words.language))))]);
}
