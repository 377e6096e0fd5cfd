// One dialog at a time, and the one that matters: the words that will be
// signed, as they will be signed, before anybody signs. Focus goes into the
// dialog and back to where it came from; Escape means no.

import {button, el, freshId} from './dom.js';
import {plain} from './model.js';

export class Dialogs {
  #words;
  #open = null;

  constructor(words) { this.#words = words; }

  set words(words) { this.#words = words; }

  // `actions`: [[label, kind, (handle) => ...]]. The handle closes the dialog,
  // shows something else in it, or says that it is busy. Resolves when the
  // dialog is closed.
  open({title, body, actions = [], cancel = true, onClose}) {
    this.#open?.close();
    const words = this.#words;
    const titleId = freshId('title');
    const back = document.activeElement;
    const content = el('div', {class: 'v-dialog__body'});
    const buttons = el('div', {class: 'v-buttons v-dialog__actions'});
    const dialog = el('dialog', {class: 'v-dialog', 'aria-labelledby': titleId},
        el('h2', {id: titleId, tabindex: '-1'}, title), content, buttons);
    let busy = false;
    const handle = {
      close: () => { busy = false; dialog.close(); },
      show: (nodes, nextActions = [], label = words.say('close')) => {
        content.replaceChildren();
        content.append(...[nodes].flat());
        fill(nextActions, label);
        dialog.querySelector('h2').focus();
      },
      busy: (text) => {
        busy = true;
        content.replaceChildren(el('p', {role: 'status', class: 'v-busy'}, text));
        buttons.replaceChildren();
      },
      free: () => { busy = false; },
    };
    const fill = (all, label) => {
      buttons.replaceChildren();
      for (const [name, kind, act] of all) {
        buttons.append(button(name, () => act(handle), kind));
      }
      if (label) buttons.append(button(label, () => handle.close(), 'secondary'));
    };
    content.append(...[body].flat(Infinity).filter(Boolean));
    fill(actions, cancel ? words.say('cancel') : null);
    dialog.addEventListener('cancel', (event) => {
      if (busy) event.preventDefault();
    });
    dialog.addEventListener('close', () => {
      dialog.remove();
      this.#open = null;
      // What it came from may have been drawn anew.
      (back?.isConnected ? back : document.querySelector('#main h1'))?.focus();
      onClose?.();
    });
    document.body.append(dialog);
    this.#open = dialog;
    dialog.showModal();
    dialog.querySelector('h2').focus();
    return handle;
  }

  // The words of a statement, before it is signed. `language`: of the words.
  sign({title, words: signed, language, about, act}) {
    const words = this.#words;
    const handle = this.open({
      title,
      body: [
        el('p', {}, words.say('willSign')),
        el('blockquote', {class: 'v-signed', lang: language === words.language ?
            null : language}, signed.trim().split('\n').map(
            (line) => el('p', {}, plain(line)))),
        about,
      ],
      actions: [[words.say('sign'), 'primary', act]],
    });
    return handle;
  }
}
