// Elements out of text. Nothing here takes markup: whatever comes from a log, a
// register or a record can only become a text node, and only https addresses
// become links.

import {plain, safeLink} from './model.js';

const SVG = 'http://www.w3.org/2000/svg';

// el('p', {class: 'x'}, 'text', node, ['more']). Of the attributes, `on` holds
// listeners; false, null and undefined leave one out, true makes it empty.
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (name === 'on') {
      for (const [event, listener] of Object.entries(value)) {
        element.addEventListener(event, listener);
      }
    } else if (value !== false && value !== null && value !== undefined) {
      element.setAttribute(name, value === true ? '' : value);
    }
  }
  append(element, children);
  return element;
}

export function append(element, children) {
  for (const child of [children].flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    element.append(typeof child === 'object' ? child : String(child));
  }
}

// What somebody else wrote: apart from the sentence around it, in its language.
export function foreign(name, language) {
  const {text, lang} = typeof name === 'string' ? {text: name, lang: ''} : name;
  return el('bdi', {lang: lang === language ? null : lang}, plain(text));
}

// A link out of the page, which is said; text if the address is none.
export function outward(address, name, words) {
  const href = safeLink(address);
  if (href === null) return name;
  return el('a', {href, rel: 'noopener noreferrer external', target: '_blank'},
      name, el('span', {class: 'v-quiet'}, ` (${words.say('newWindow')})`));
}

const ICONS = {
  good: ['M12 2a10 10 0 1 0 0 20 10 10 0 0 0 0-20z', 'M7.5 12.4l3 3 6-6.6'],
  look: ['M12 3 1.8 20.5h20.4z', 'M12 9.5v5.2M12 17.2v.9'],
  bad: ['M8 2h8l6 6v8l-6 6H8l-6-6V8z', 'M8.5 8.5l7 7M15.5 8.5l-7 7'],
  info: ['M12 2a10 10 0 1 0 0 20 10 10 0 0 0 0-20z', 'M12 10.5v6M12 7v1'],
  wait: ['M12 2a10 10 0 1 0 0 20 10 10 0 0 0 0-20z', 'M12 6.5V12l3.6 2.4'],
};

// A sign beside words that say the same: never alone, so nobody need see it.
export function icon(name) {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('class', 'v-icon');
  svg.setAttribute('aria-hidden', 'true');
  svg.setAttribute('focusable', 'false');
  for (const [place, d] of (ICONS[name] ?? ICONS.info).entries()) {
    const path = document.createElementNS(SVG, 'path');
    path.setAttribute('d', d);
    path.setAttribute('class', place === 0 ? 'v-icon__body' : 'v-icon__sign');
    svg.append(path);
  }
  return svg;
}

// `kind`: 'primary', 'secondary', 'danger'.
export function button(label, onClick, kind = 'secondary', attributes = {}) {
  return el('button', {
    type: 'button', ...attributes,
    class: `hds-button hds-button--${kind}`,
    on: {click: onClick},
  }, label);
}

// A list of terms and what they are; rows without a value are left out.
export function facts(rows, className = 'v-facts') {
  const list = el('dl', {class: className});
  for (const [term, ...value] of rows) {
    const given = value.flat(Infinity).filter(
        (one) => one !== null && one !== undefined && one !== false && one !== '');
    if (given.length === 0) continue;
    list.append(el('div', {}, el('dt', {}, term), el('dd', {}, given)));
  }
  return list;
}

let made = 0;
// An id that no other element has.
export function freshId(prefix) {
  return `${prefix}-${++made}`;
}

// A labelled control.
export function field(label, control, help) {
  const id = freshId('field');
  control.id = id;
  control.classList.add('v-input');
  const helpId = help ? `${id}-help` : null;
  if (helpId) control.setAttribute('aria-describedby', helpId);
  return el('div', {class: 'v-field'},
      el('label', {class: 'v-label', for: id}, label),
      el('div', {class: 'v-field__wrap'}, control),
      help && el('span', {class: 'v-help', id: helpId}, help));
}

export function checkbox(label, checked, onChange, name) {
  const id = freshId('check');
  return el('div', {class: 'v-check'},
      el('input', {type: 'checkbox', id, name, class: 'v-check__input',
        checked, on: onChange ? {change: onChange} : {}}),
      el('label', {for: id, class: 'v-check__label'}, label));
}

export function select(choices, value, onChange) {
  return el('select', {on: {change: onChange}}, choices.map(
      ([name, label, lang]) => el('option',
          {value: name, selected: name === value, lang}, label)));
}

// Hands bytes or text to the person as a file. The name says nothing of them.
export function handOver(name, type, content) {
  const url = URL.createObjectURL(new Blob([content], {type}));
  const link = el('a', {href: url, download: name, hidden: true});
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 60000);
}
