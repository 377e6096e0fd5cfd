// Every access, day by day, newest first, with what the resident said between
// them. Ten thousand are shown without a stall: what matches is found in one
// pass over memory, and days are made in slices, as far as somebody reads. For
// print all of them are.

import {append, button, checkbox, el, field, icon, select} from '../dom.js';
import {choicesOf, daysOf, filtered, isFiltering, localDay, NO_FILTER, plain} from '../model.js';
import {inPrint} from './overview.js';
import {accessItem, capital, heading, statementItem, unknownKeys} from './parts.js';

// Entries that are made at once: some milliseconds.
const SLICE = 25;
const TYPING_MS = 150;

export function timelineView(page) {
  const {words, timeline} = page;
  const shown = new Slices(page);
  const status = el('p', {role: 'status', class: 'v-count'});
  const refresh = () => {
    const found = filtered(timeline, page.filter);
    const narrowed = isFiltering(page.filter);
    status.textContent = words.say('shownOf', words.number(found.length),
        words.number(timeline.accesses.length));
    shown.show(found, narrowed ? [] : timeline.statements);
  };
  refresh();
  return {
    title: words.say('timeline'),
    node: el('div', {},
        unknownKeys(page),
        heading(page, words.say('timeline')),
        inPrint(page),
        page.doubtBanner(),
        el('p', {class: 'v-lead'}, words.say('timelineLead')),
        filterForm(page, refresh),
        status,
        shown.node),
    leave: () => shown.stop(),
    beforePrint: () => shown.showAll(),
  };
}

function filterForm(page, refresh) {
  const {words, timeline} = page;
  const choices = choicesOf(timeline);
  let later = 0;
  const set = (name, value) => {
    page.filter = {...page.filter, [name]: value};
    refresh();
  };
  const byName = (map) => [['', words.say('all')],
    ...[...map].map(([value, {text, lang}]) => [String(value), plain(text),
      lang === words.language ? null : lang])
        .sort((a, b) => a[1].localeCompare(b[1], words.language))];
  const verdicts = [['', words.say('all')], ['not fine', words.say('notFineChoice')],
    ...[...choices.headlines].map((name) =>
      [name, capital(words.of('headline', name), words)])];
  if (choices.none > 0) verdicts.push(['none', words.say('noVerdictYet')]);
  const form = el('form', {class: 'v-filter', role: 'search',
    'aria-label': words.say('filter'), on: {submit: (event) => event.preventDefault()}},
  field(words.say('search'), el('input', {type: 'search', value: page.filter.text,
    autocomplete: 'off', spellcheck: 'false', on: {input: (event) => {
      clearTimeout(later);
      const {value} = event.target;
      later = setTimeout(() => set('text', value), TYPING_MS);
    }}})),
  field(words.say('filterVerdict'), select(verdicts, page.filter.headline,
      (event) => set('headline', event.target.value))),
  el('details', {class: 'v-filter__more', open: moreIsSet(page.filter)},
      el('summary', {}, words.say('filterMore')),
      el('div', {class: 'v-filter__grid'},
          field(words.say('filterWho'), select(byName(choices.administrations),
              page.filter.administration,
              (event) => set('administration', event.target.value))),
          field(words.say('filterCategory'), select(byName(choices.categories),
              page.filter.category, (event) => set('category', event.target.value))),
          field(words.say('filterFrom'), el('input', {type: 'date',
            value: page.filter.from,
            on: {change: (event) => set('from', event.target.value)}})),
          field(words.say('filterUntil'), el('input', {type: 'date',
            value: page.filter.until,
            on: {change: (event) => set('until', event.target.value)}})),
          checkbox(words.say('filterAi'), page.filter.ai,
              (event) => set('ai', event.target.checked)),
          checkbox(words.say('filterEmergency'), page.filter.emergency,
              (event) => set('emergency', event.target.checked)))),
  button(words.say('filterClear'), () => {
    page.filter = {...NO_FILTER};
    page.show('timeline');
  }));
  return form;
}

function moreIsSet(filter) {
  return filter.administration !== '' || filter.category !== '' ||
      filter.from !== '' || filter.until !== '' || filter.ai || filter.emergency;
}

// Days, made as far as somebody has read.
class Slices {
  #page;
  #days = [];
  #day = 0;
  #item = 0;
  #list = null;
  #left = 0;
  #observer;
  #end;
  #days_node;

  constructor(page) {
    this.#page = page;
    const {words} = page;
    this.#days_node = el('div', {class: 'v-days'});
    this.#end = el('p', {class: 'v-more', hidden: true},
        button(words.say('showMore'), () => this.#more(5 * SLICE, true)));
    const past = el('a', {href: '#', class: 'v-skip', on: {click: (event) => {
      event.preventDefault();
      document.getElementById('foot').focus();
    }}}, words.say('skipList'));
    this.node = el('div', {}, past, this.#days_node, this.#end);
    this.#observer = new IntersectionObserver((seen) => {
      if (seen.some((one) => one.isIntersecting)) this.#more(SLICE);
    }, {rootMargin: '1200px'});
    this.#observer.observe(this.#end);
  }

  show(accesses, statements) {
    const {words} = this.#page;
    this.#days = daysOf(accesses, statements, localDay);
    this.#left = this.#days.reduce((sum, {items}) => sum + items.length, 0);
    this.#day = this.#item = 0;
    this.#list = null;
    this.#days_node.replaceChildren();
    if (this.#days.length === 0) {
      this.#days_node.append(el('p', {class: 'v-empty'}, icon('info'),
          words.say(this.#page.timeline.accesses.length === 0 ? 'noAccess' : 'noMatch')));
    }
    this.#more(SLICE);
  }

  showAll() {
    this.#more(this.#left);
  }

  stop() {
    this.#observer.disconnect();
  }

  #more(count, focus = false) {
    const page = this.#page, {words} = page;
    let first = null;
    for (let made = 0; made < count && this.#left > 0; ++made, --this.#left) {
      const day = this.#days[this.#day];
      if (this.#list === null) {
        this.#list = el('ul', {class: 'v-entries'});
        append(this.#days_node, [el('section', {class: 'v-day'},
            el('h2', {class: 'v-day__name'}, capital(words.day(day.time_s), words)), this.#list)]);
      }
      const {access, statement} = day.items[this.#item];
      const item = access ? accessItem(access, page) : statementItem(statement, page);
      first ??= item;
      this.#list.append(item);
      if (++this.#item === day.items.length) {
        ++this.#day;
        this.#item = 0;
        this.#list = null;
      }
    }
    this.#end.hidden = this.#left === 0;
    if (focus) first?.querySelector('a')?.focus();
    // The observer tells of changes alone: if the end is still near, it must
    // look again.
    if (this.#left > 0) {
      this.#observer.unobserve(this.#end);
      this.#observer.observe(this.#end);
    }
  }
}
