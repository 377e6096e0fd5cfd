// The statement on accessibility, what this page keeps, and who answers for it.

import {el, facts, foreign, outward} from '../dom.js';
import {plain} from '../model.js';
import {heading} from './parts.js';

export function aboutView(page) {
  const {words, config} = page;
  const statement = config.accessibility ?? {};
  const known = statement.known?.[words.language] ?? [];
  return {
    title: words.say('about'),
    node: el('div', {},
        heading(page, words.say('about')),
        el('section', {class: 'v-section'},
            el('h2', {}, words.say('aboutPage')),
            el('p', {}, words.say('aboutPageText')),
            el('p', {}, words.say('aboutKept'))),
        el('section', {class: 'v-section'},
            el('h2', {}, words.say('accessibility')),
            el('p', {}, words.say(statement.conformance === 'full' ?
                'accessibilityFull' : 'accessibilityPartly')),
            known.length > 0 && [el('p', {}, words.say('accessibilityKnown')),
              el('ul', {class: 'v-plain'}, known.map((one) => el('li', {}, plain(one))))],
            el('p', {}, words.say('accessibilityFeedback')),
            facts([
              [words.say('contactEmail'), config.help?.email && foreign(config.help.email)],
              [words.say('contactPage'), config.help?.url &&
                  outward(config.help.url, foreign(config.help.url), words)],
              [words.say('supervisor'), statement.supervisor &&
                  outward(statement.supervisor, foreign(statement.supervisor), words)],
              [words.say('statementDay'), statement.day && plain(statement.day)],
            ])),
        el('section', {class: 'v-section'},
            el('h2', {}, words.say('program')),
            facts([
              [words.say('programHash'), page.wasmHash &&
                  el('code', {class: 'v-breaks'}, page.wasmHash)],
              [words.say('programListed'), page.wasmHash && page.timeline &&
                  words.say(page.wasmListed() ? 'programListedYes' : 'programListedNo')],
            ]))),
  };
}
