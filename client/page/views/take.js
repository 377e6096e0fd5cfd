// To take away: everything with its proofs, and what was found, for programs
// and for paper.

import {button, el, handOver} from '../dom.js';
import {timelineCsv, timelineJson} from '../export.js';
import {heading, notice, unknownKeys} from './parts.js';

export function takeView(page) {
  const {words, check, timeline} = page;
  // Buttons of one name are told apart by the heading above them.
  const offer = (key, label, act) => el('article', {class: 'v-card'},
      el('h2', {class: 'v-card__title', id: key}, words.say(key)),
      el('p', {}, words.say(`${key}Text`)),
      el('div', {class: 'v-buttons'}, button(words.say(label), act, 'secondary',
          {'aria-describedby': key})));
  return {
    title: words.say('take'),
    node: el('div', {},
        unknownKeys(page),
        heading(page, words.say('take')),
        page.doubtBanner(),
        el('p', {class: 'v-lead'}, words.say('takeLead')),
        notice('look', words.say('takeWarning'), el('p', {}, words.say('takeWarningText'))),
        check.bundle && offer('takeBundle', 'download', () => handOver(
            'vidimus.bundle', 'application/octet-stream', check.bundle)),
        offer('takeJson', 'download', async () => handOver('vidimus.json',
            'application/json', timelineJson(await page.plainTimeline()))),
        offer('takeCsv', 'download', async () => handOver('vidimus.csv',
            'text/csv;charset=utf-8', timelineCsv(await page.plainTimeline()))),
        timeline && offer('takePrint', 'print', () => page.print())),
  };
}
