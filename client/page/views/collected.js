// What the city collects and why, by its own register, and what nobody logs.

import {el, facts, foreign, icon, outward} from '../dom.js';
import {collectionOf} from '../model.js';
import {heading, notice, unknownKeys} from './parts.js';

export function collectedView(page) {
  const {words, timeline} = page;
  const all = collectionOf(timeline.register);
  const gaps = all.filter(({notConnected}) => notConnected.length > 0);
  return {
    title: words.say('collected'),
    node: el('div', {},
        unknownKeys(page),
        heading(page, words.say('collected')),
        page.doubtBanner(),
        el('p', {class: 'v-lead'}, words.say('collectedLead')),
        gaps.length > 0 && notice('look', words.say('notConnectedTitle'),
            el('p', {}, words.say('notConnected')),
            el('ul', {class: 'v-plain v-notconnected'}, gaps.flatMap(
                ({name, notConnected}) => notConnected.map((system) => el('li', {},
                    foreign(system.name, words.language), ' — ',
                    foreign(name, words.language)))))),
        all.map((one) => administration(one, words))),
  };
}

function administration(one, words) {
  const {language} = words;
  return el('section', {class: 'v-panel'},
      el('h2', {class: 'v-panel__name'}, foreign(one.name, language)),
      one.purposes.length === 0 && el('p', {class: 'v-small'}, words.say('noPurposes')),
      one.purposes.map((purpose) => el('article', {class: 'v-card'},
          el('h3', {}, foreign(purpose.name, language)),
          purpose.words.text && el('p', {}, foreign(purpose.words, language)),
          facts([
            [words.say('scopeData'), el('ul', {class: 'v-plain'},
                purpose.categories.map(({name, special}) => el('li', {},
                    foreign(name, language), special && [' ',
                      el('span', {class: 'v-mark'}, words.say('specialCategory'))])))],
            [words.say('benefit'), purpose.benefit.text && foreign(purpose.benefit, language)],
            [words.say('retention'), purpose.retention.text && foreign(purpose.retention, language)],
            [words.say('byLaw'), el('ul', {class: 'v-plain'},
                purpose.laws.map((law) => el('li', {},
                    outward(law.address, foreign(law.name, language), words),
                    law.citation && [' — ', foreign(law.citation, language)],
                    law.words.text && el('p', {class: 'v-small'},
                        foreign(law.words, language)),
                    law.overridesProhibition && el('p', {class: 'v-small'},
                        words.say('lawOverrides')),
                    law.unverified && el('p', {class: 'v-small'},
                        words.say('lawUnverified')))))],
          ]))),
      one.models.length > 0 && el('article', {class: 'v-card'},
          el('h3', {}, words.say('aiSystems')),
          el('ul', {class: 'v-plain'}, one.models.map((model) => el('li', {},
              outward(model.address, foreign(model.name, language), words),
              model.words.text && el('p', {class: 'v-small'},
                  foreign(model.words, language)))))),
      el('div', {class: 'v-systems'},
          systems(words.say('connectedSystems'), one.connected, 'good', words),
          systems(words.say('notConnectedSystems'), one.notConnected, 'look', words)));
}

function systems(title, all, sign, words) {
  if (all.length === 0) return null;
  return el('div', {},
      el('h3', {}, title),
      el('ul', {class: `v-signs v-signs--${sign}`}, all.map(({name}) => el('li', {},
          icon(sign), el('span', {}, foreign(name, words.language))))));
}
