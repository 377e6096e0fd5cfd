// Keys: which ones speak in this name, which of them this device knows, how to
// make, add, end and recover one, and who else may speak. An unknown key stands
// in red before all else, here and everywhere.

import {button, checkbox, el, facts, field, foreign, freshId} from '../dom.js';
import {plain} from '../model.js';
import {heading, notice, unknownKeys, whoseKey} from './parts.js';

export function devicesView(page) {
  const {words, timeline} = page;
  const own = new Set(page.keys.map(({fingerprint}) => fingerprint));
  const speaking = timeline.keys.filter(({delegate}) => delegate === null);
  const delegates = timeline.keys.filter(({delegate}) => delegate !== null);
  const waiting = page.keys.filter(({fingerprint}) =>
    !timeline.keys.some((key) => key.fingerprint === fingerprint && !key.revoked));
  const hasKeys = speaking.some(({revoked}) => !revoked);
  return {
    title: words.say('devices'),
    node: el('div', {},
        unknownKeys(page),
        heading(page, words.say('devices')),
        page.doubtBanner(),
        el('p', {class: 'v-lead'}, words.say('devicesLead')),
        waiting.map((key) => enrolNotice(key, hasKeys, page)),
        el('section', {class: 'v-section'},
            el('h2', {}, words.say('keysHeading').replace(/:$/, '')),
            speaking.length === 0 ? el('p', {class: 'v-empty'}, words.say('noKeys')) :
                speaking.map((key) => keyCard(key, own, page))),
        el('section', {class: 'v-section'},
            el('h2', {}, words.say('newKey')),
            el('p', {}, words.say('newKeyText')),
            el('div', {class: 'v-buttons'},
                button(words.say('makeKey'), () => makeKey(false, page), 'primary'),
                button(words.say('bringBack'), () => page.bringBack()),
                hasKeys && button(words.say('lostKeys'), () => makeKey(true, page)))),
        el('section', {class: 'v-section'},
            el('h2', {}, words.say('otherDevice')),
            el('p', {}, words.say('otherDeviceText')),
            page.keys.length > 0 && el('details', {class: 'v-details'},
                el('summary', {}, words.say('showKeyText')),
                el('p', {}, words.say('keyTextHelp')),
                page.keys.map((key) => el('p', {class: 'v-reference'},
                    el('code', {class: 'v-breaks'}, page.keyTexts.get(key.publicKey) ?? '')))),
            el('div', {class: 'v-buttons'},
                button(words.say('addDevice'), () => addKey(page)))),
        el('section', {class: 'v-section'},
            el('h2', {}, words.say('delegates')),
            el('p', {}, words.say('delegatesText')),
            delegates.map((key) => keyCard(key, own, page)),
            el('div', {class: 'v-buttons'},
                button(words.say('addDelegate'), () => addDelegate(page))))),
  };
}

function keyCard(key, own, page) {
  const {words, timeline: {register}} = page;
  const here = own.has(key.fingerprint);
  const unknown = page.unknown.includes(key);
  const name = freshId('key');
  return el('article', {class: `v-card v-card--${unknown ? 'bad' : here ? 'good' : 'quiet'}`},
      el('h3', {id: name}, unknown ? words.say('keyUnknown') : here ? words.say('keyHere') :
          key.delegate ? words.say('keyOfDelegate') : words.say('keyElsewhere')),
      facts([
        [words.say('keyName'), key.name && foreign(key.name, words.language)],
        [words.say('keyFingerprint'), el('code', {}, plain(key.fingerprint))],
        [words.say('keyWhose'), whoseKey(key, words)],
        [words.say('keyRelation'), key.delegate?.relation &&
            foreign(key.delegate.relation, words.language)],
        [words.say('until'), key.delegate && words.dayTime(key.delegate.until_s)],
        [words.say('keyWhere'), key.administrations.map((number, place) => [
          place > 0 ? ', ' : '',
          foreign(register.administrationName(number, words.say('ownChain')),
              words.language)])],
      ]),
      !key.revoked && el('div', {class: 'v-buttons'},
          button(words.say('revokeKey'), () => page.revoke(key),
            unknown ? 'danger' : 'secondary', {'aria-describedby': name})));
}

// A key that lies here and that no chain knows yet: the first is confirmed by
// an identity service, and so is one in place of lost ones; further ones are
// added by a key that is known.
function enrolNotice(key, hasKeys, page) {
  const {words, timeline} = page;
  const byCity = !hasKeys || key.recovery;
  const byKey = !byCity && page.keys.some(({fingerprint}) => timeline.keys.some(
      (one) => one.fingerprint === fingerprint && one.counts && !one.revoked));
  return notice('info', words.say('keyWaitsTitle'),
      el('p', {}, words.say(byCity ? 'keyWaitsFirst' : byKey ? 'keyWaitsHere' :
          'keyWaitsOther')),
      el('p', {}, el('code', {}, plain(key.fingerprint))),
      el('div', {class: 'v-buttons'},
          byCity && page.canEnrol && button(words.say('enrol'),
              () => page.enrol(key, {recovery: key.recovery}), 'primary'),
          byKey && button(words.say('say key_add'), () => page.say('key_add',
              {event: {key_add: {kind: key.signatureKind, public_key: key.publicKey}}}),
          'primary'),
          button(words.say('forgetKey'), () => page.forgetKey(key))));
}

const WAYS = {'passkey-prf': 'wayPrf', device: 'wayDevice', passkey: 'wayPasskey'};

async function makeKey(recovery, page) {
  const {words} = page;
  const ways = await page.waysToKeepAKey();
  const best = ways.find(({possible}) => possible !== 'no');
  const form = el('form', {on: {submit: (event) => event.preventDefault()}},
      el('fieldset', {class: 'v-fieldset'},
          el('legend', {}, words.say('whereToKeep')),
          ways.map((way, place) => {
            const id = `way-${place}`;
            return el('div', {class: 'v-choice'},
                el('input', {type: 'radio', name: 'way', id, value: way.kind,
                  disabled: way.possible === 'no', checked: way === best}),
                el('label', {for: id}, el('strong', {}, words.say(WAYS[way.kind])),
                    el('span', {class: 'v-small'}, way.possible === 'no' ?
                      words.of('wayNot', way.why ?? 'insecure') :
                      words.say(`${WAYS[way.kind]}Text`))));
          })));
  page.dialogs.open({
    title: words.say(recovery ? 'lostKeys' : 'makeKey'),
    body: [el('p', {}, words.say(recovery ? 'lostKeysText' : 'makeKeyText')), form],
    actions: [[words.say('makeKey'), 'primary', (dialog) => {
      const kind = form.querySelector('input[name="way"]:checked')?.value;
      if (!kind) return;
      dialog.close();
      page.makeKey(kind, recovery);
    }]],
  });
}

// The text that another device shows.
function keyInput(page) {
  const {words} = page;
  const wrong = el('p', {class: 'v-bad', role: 'alert'});
  const text = el('textarea', {rows: '3', autocomplete: 'off', spellcheck: 'false'});
  return {
    text, wrong,
    node: field(words.say('keyTextOf'), text, words.say('keyTextPaste')),
    async read() {
      const key = await page.readKeyText(text.value.trim());
      if (key?.family) return key;
      wrong.textContent = words.say(key ? 'keyTextOtherCity' : 'keyTextWrong');
      return null;
    },
  };
}

function addKey(page) {
  const {words} = page;
  const input = keyInput(page);
  page.dialogs.open({
    title: words.say('addDevice'),
    body: [el('p', {}, words.say('addDeviceText')), input.node, input.wrong],
    actions: [[words.say('next'), 'primary', async (dialog) => {
      const key = await input.read();
      if (!key) return;
      dialog.close();
      page.say('key_add', {event: {key_add: {kind: key.signatureKind,
        public_key: key.publicKey}}});
    }]],
  });
}

// Somebody else, such as a guardian, until a day, for what is chosen.
function addDelegate(page) {
  const {words, timeline: {register}} = page;
  const input = keyInput(page);
  const relation = el('input', {type: 'text', maxlength: '100'});
  const until = el('input', {type: 'date', required: true});
  const boxes = [...register.administrations.keys()].map((number) => {
    const box = checkbox(foreign(register.administrationName(number, ''), words.language),
        false, null, 'administration');
    box.querySelector('input').value = String(number);
    return box;
  });
  const group = el('fieldset', {class: 'v-fieldset'},
      el('legend', {}, words.say('delegateWhere')), boxes);
  page.dialogs.open({
    title: words.say('addDelegate'),
    body: [el('p', {}, words.say('addDelegateText')), input.node,
      field(words.say('keyRelation'), relation, words.say('relationHelp')),
      field(words.say('until'), until), group, input.wrong],
    actions: [[words.say('next'), 'primary', async (dialog) => {
      const key = await input.read();
      if (!key) return;
      const administrations = [...group.querySelectorAll('input:checked')]
          .map(({value}) => Number(value));
      if (!until.value || administrations.length === 0) {
        input.wrong.textContent = words.say('delegateNeeds');
        return;
      }
      dialog.close();
      const day = new Date(`${until.value}T00:00:00`);
      page.say('delegate', {administrations, event: {delegate: {
        key: {kind: key.signatureKind, public_key: key.publicKey},
        until_s: Math.floor(day.getTime() / 1000) + 86400,
        ...(relation.value.trim() ? {relation: relation.value.trim()} : {})}}});
    }]],
  });
}
