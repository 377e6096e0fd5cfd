// The words that a resident signs, in Swedish, Finnish and English: byte for
// byte those of client/statement_words.h, because their SHA-256 stands in the
// statement. tests/wasm compares the two. Pure functions; no network, no clock.
//
// Text out of documents and records is stripped of what turns the direction of
// writing; it is text and never HTML.

import {bytesOf, hexOf, SELF} from './vidimus.js';

// Of the wording below; goes into every statement.
export const WORDS_VERSION = 'vidimus-words/1';

export const LANGUAGES = Object.freeze(['sv', 'fi', 'en']);

// The events of a statement, in the order of proto/record.proto.
export const EVENTS = Object.freeze([
  'grant', 'withdrawal', 'prohibition', 'objection', 'preference', 'dispute',
  'key_add', 'key_revoke', 'recover', 'delegate', 'alias',
]);

// {X} is who it is said to, the other names in braces are what the line is
// about.
const TEXTS = {
  selfChain: ['min egen kedja', 'oma ketjuni', 'my own chain'],
  grant: [
    'Jag samtycker till att {X} använder mina uppgifter.',
    'Suostun siihen, että tietojani käytetään. Suostumuksen saa: {X}.',
    'I consent to {X} using my data.',
  ],
  explicit: [
    'Mitt samtycke är uttryckligt.',
    'Suostumukseni on nimenomainen.',
    'My consent is explicit.',
  ],
  purposes: ['Ändamål: {L}.', 'Tarkoitus: {L}.', 'Purpose: {L}.'],
  allPurposes: ['Ändamål: alla.', 'Tarkoitus: kaikki.', 'Purpose: all.'],
  data: ['Uppgifter: {L}.', 'Tiedot: {L}.', 'Data: {L}.'],
  allData: ['Uppgifter: alla.', 'Tiedot: kaikki.', 'Data: all.'],
  recipients: [
    'Får lämnas ut till: {L}.',
    'Saa luovuttaa seuraaville: {L}.',
    'May be disclosed to: {L}.',
  ],
  noRecipients: [
    'Får inte lämnas ut till någon annan.',
    'Ei saa luovuttaa kenellekään muulle.',
    'May not be disclosed to anybody else.',
  ],
  concernedRecipients: [
    'Mottagare: {L}.',
    'Vastaanottajat: {L}.',
    'Recipients: {L}.',
  ],
  from: ['Från och med {T}.', 'Alkaen {T}.', 'From {T}.'],
  until: ['Till {T}.', 'Päättyen {T}.', 'Until {T}.'],
  untilWithdrawn: [
    'Tills jag återkallar det.',
    'Kunnes peruutan sen.',
    'Until I withdraw it.',
  ],
  notice: [
    'Information om behandlingen: {L}.',
    'Tietoa käsittelystä: {L}.',
    'About the processing: {L}.',
  ],
  storage: ['Lagras: {L}.', 'Säilytyspaikka: {L}.', 'Stored: {L}.'],
  retention: [
    'Sparas i {L} dagar.',
    'Säilytysaika: {L} päivää.',
    'Kept for {L} days.',
  ],
  easily: [
    'Jag kan när som helst återkalla det, lika lätt som jag ger det nu.',
    'Voin peruuttaa sen milloin tahansa yhtä helposti kuin annan sen nyt.',
    'I can withdraw it at any time, as easily as I give it now.',
  ],
  withdrawAll: [
    'Jag återkallar alla samtycken som jag hittills har gett till {X}.',
    'Peruutan kaikki tähän asti antamani suostumukset. Vastaanottaja: {X}.',
    'I withdraw every consent that I have given to {X} so far.',
  ],
  withdraw: [
    'Jag återkallar det som jag har sagt till {X}: {L}.',
    'Peruutan sen, minkä olen sanonut: {L}. Vastaanottaja: {X}.',
    'I take back what I have said to {X}: {L}.',
  ],
  erase: [
    '{X} ska radera innehållet i mina poster {L}.',
    'Merkintöjeni {L} sisältö on poistettava. Vastaanottaja: {X}.',
    '{X} shall erase the content of my entries {L}.',
  ],
  prohibition: [
    'Jag förbjuder {X} att använda mina uppgifter.',
    'Kiellän tietojeni käytön. Kielto koskee: {X}.',
    'I forbid {X} to use my data.',
  ],
  duty: [
    'En lag som går före ett förbud gäller ändå, och det syns.',
    'Laki, joka menee kiellon edelle, pätee silti, ja se näkyy.',
    'A law that goes above a prohibition still holds, and that will show.',
  ],
  objection: [
    'Jag invänder mot att {X} använder mina uppgifter (GDPR, artikel 21).',
    'Vastustan tietojeni käyttöä (GDPR, 21 artikla). Koskee: {X}.',
    'I object to {X} using my data (GDPR, Article 21).',
  ],
  wanted: [
    'Jag vill gärna att {X} använder mina uppgifter.',
    'Toivon, että tietojani käytetään. Koskee: {X}.',
    'I would like {X} to use my data.',
  ],
  unwanted: [
    'Jag vill helst inte att {X} använder mina uppgifter.',
    'Toivon, että tietojani ei käytetä. Koskee: {X}.',
    'I would rather that {X} does not use my data.',
  ],
  bindsNobody: [
    'Det är en önskan och binder ingen.',
    'Tämä on toive eikä sido ketään.',
    'This is a wish and binds nobody.',
  ],
  dispute: [
    'Jag bestrider post {L} i min kedja hos {X}.',
    'Kiistän ketjuni merkinnän {L}. Koskee: {X}.',
    'I contest entry {L} of my chain with {X}.',
  ],
  reason: ['Skäl: {L}', 'Syy: {L}', 'Reason: {L}'],
  keyAdd: [
    'Nyckeln {L} får skriva under för mig hos: {X}.',
    'Avain {L} saa allekirjoittaa puolestani. Koskee: {X}.',
    'Key {L} may sign for me with: {X}.',
  ],
  recover: [
    'Nyckeln {L} ersätter nycklar som jag har förlorat, hos: {X}. Den kan ' +
        'återkalla och förbjuda genast; allt annat först efter en väntetid.',
    'Avain {L} korvaa kadottamani avaimet. Koskee: {X}. Sillä voi peruuttaa ' +
        'ja kieltää heti, muuta vasta odotusajan jälkeen.',
    'Key {L} takes the place of keys that I have lost, with: {X}. It can ' +
        'withdraw and forbid at once, and all else only after a wait.',
  ],
  revoke: [
    'Nyckeln med nummer {L} får inte längre skriva under för mig hos: {X}. ' +
        'Samtycken som den har undertecknat upphör.',
    'Avain numero {L} ei enää saa allekirjoittaa puolestani. Koskee: {X}. ' +
        'Sillä allekirjoitetut suostumukset päättyvät.',
    'The key with number {L} may no longer sign for me with: {X}. Consent ' +
        'that was signed by it ends.',
  ],
  delegate: [
    'Nyckeln {L} tillhör någon annan, som får tala för mig hos: {X}.',
    'Avain {L} kuuluu toiselle henkilölle, joka saa puhua puolestani. ' +
        'Koskee: {X}.',
    'Key {L} belongs to somebody else, who may speak for me with: {X}.',
  ],
  relation: ['Förhållande: {L}.', 'Suhde: {L}.', 'Relation: {L}.'],
  alias: [
    'Jag har också id:t {L}. Det gäller: {X}.',
    'Minulla on myös tunnus {L}. Koskee: {X}.',
    'I also have the id {L}. This is for: {X}.',
  ],
};

const EVENT_WORDS = {
  grant: ['samtycke', 'suostumus', 'consent'],
  withdrawal: ['återkallelse', 'peruutus', 'withdrawal'],
  prohibition: ['förbud', 'kielto', 'prohibition'],
  objection: ['invändning', 'vastustus', 'objection'],
  preference: ['önskan', 'toive', 'preference'],
  dispute: ['bestridande', 'kiistäminen', 'dispute'],
  key_add: ['nyckel', 'avain', 'key'],
  key_revoke: ['spärrad nyckel', 'poistettu avain', 'key revoked'],
  recover: ['återställd nyckel', 'palautettu avain', 'key recovered'],
  delegate: ['fullmakt', 'valtuutus', 'delegation'],
  alias: ['annat id', 'toinen tunnus', 'another id'],
};

// 9999-12-31; a year of five digits helps nobody.
const LAST_S = 253402300799;
const NO_NAMES = {
  administrations: new Map(), purposes: new Map(), categories: new Map(),
};

// Control characters, and those that turn the direction of writing, become '?'.
export function printable(text) {
  return text.replace(
      /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
      '?');
}

// Which event of EVENTS it is; undefined if it is none.
export function eventOf(statement) {
  return EVENTS.find((name) => statement[name] !== undefined);
}

// A date and time in UTC, "2027-01-31 12:00 UTC", of a POSIX second.
export function utcText(time_s) {
  const time = Math.min(Number(time_s), LAST_S);
  return new Date(1000 * time).toISOString().slice(0, 16).replace('T', ' ') +
      ' UTC';
}

// The 16 digits by which people compare public keys, hex.
export async function fingerprintOf(publicKey) {
  const digest = await crypto.subtle.digest('SHA-256', bytesOf(publicKey));
  return hexOf(new Uint8Array(digest)).slice(0, 16);
}

export function eventWord(language, statement) {
  return EVENT_WORDS[eventOf(statement)]?.[LANGUAGES.indexOf(language)] ?? '?';
}

// The words of a statement to these chains, lines ending in line feeds. Of
// `statement` only the event is looked at, by the names of proto/record.proto,
// bytes as hex. Throws a RangeError for another language.
export async function statementWords(
    language, statement, administrations, names = NO_NAMES) {
  const writer = new Writer(language, administrations, names);
  const event = eventOf(statement);
  const said = statement[event];
  switch (event) {
    case 'grant':
      writer.say('grant');
      if (said.lawful_basis !== 'A6-1-a') writer.say('explicit');
      writer.sayScope(said.scope, true);
      writer.sayIf('notice', said.privacy_notice);
      writer.sayIf('storage', said.storage_location);
      if (said.retention_s !== undefined) {
        writer.say('retention', BigInt(said.retention_s) / 86400n);
      }
      writer.say('easily');
      break;
    case 'withdrawal':
      if (said.everything) writer.say('withdrawAll');
      if (said.statement_id?.length > 0) {
        writer.say('withdraw', said.statement_id.join(', '));
      }
      if (said.erase?.length > 0) writer.say('erase', said.erase.join(', '));
      break;
    case 'prohibition':
      writer.say('prohibition');
      writer.sayScope(said.scope, false);
      writer.say('duty');
      writer.sayIf('reason', said.reason);
      break;
    case 'objection':
      writer.say('objection');
      writer.sayScope(said.scope, false);
      writer.sayIf('reason', said.reason);
      break;
    case 'preference':
      writer.say(said.wanted ? 'wanted' : 'unwanted');
      writer.sayScope(said.scope, false);
      writer.say('bindsNobody');
      writer.sayIf('reason', said.reason);
      break;
    case 'dispute':
      writer.say('dispute', said.entry ?? 0);
      writer.sayIf('reason', said.reason);
      break;
    case 'key_add':
      writer.say('keyAdd', await fingerprintOf(said.public_key));
      break;
    case 'key_revoke':
      writer.say('revoke', said.key_id);
      break;
    case 'recover':
      writer.say('recover', await fingerprintOf(said.public_key));
      break;
    case 'delegate':
      writer.say('delegate', await fingerprintOf(said.key.public_key));
      // A delegation ends by its own field.
      writer.sayScope({...said.scope, valid_until_s: said.until_s}, false);
      writer.sayIf('relation', said.relation);
      break;
    case 'alias': {
      const bytes = bytesOf(said.subject);
      if (bytes.length < 2) break;
      const id = new TextDecoder().decode(bytes.subarray(1));
      writer.say('alias', printable(`${bytes[0]} ${id}`));
    }
  }
  return writer.words;
}

class Writer {
  #language;
  #names;
  #to;
  words = '';

  constructor(language, administrations, names) {
    this.#language = LANGUAGES.indexOf(language);
    if (this.#language < 0) throw new RangeError('no such language of words');
    this.#names = names;
    this.#to = administrations.map((number) => {
      if (number === SELF) return TEXTS.selfChain[this.#language];
      const name = names.administrations.get(number);
      return name === undefined ? `#${number}` :
                                  `${printable(name)} (#${number})`;
    }).join(', ');
  }

  say(text, what = '') {
    const values = {'{X}': this.#to, '{L}': `${what}`, '{T}': `${what}`};
    this.words += TEXTS[text][this.#language].replace(
        /\{[XLT]\}/g, (name) => values[name]) + '\n';
  }

  sayIf(text, what) {
    if (what) this.say(text, printable(what));
  }

  sayScope(scope = {}, grant) {
    const list = (text, all, terms, names) => {
      if (terms?.length > 0) {
        this.say(text, terms.map((term) => {
          const name = names.get(term);
          return name === undefined ? printable(term) :
                                      `${printable(name)} [${printable(term)}]`;
        }).join('; '));
      } else if (all) {
        this.say(all);
      }
    };
    list('purposes', 'allPurposes', scope.purpose, this.#names.purposes);
    list('data', 'allData', scope.data_category, this.#names.categories);
    list(grant ? 'recipients' : 'concernedRecipients',
        grant && 'noRecipients', scope.recipient, NO_NAMES.purposes);
    if (Number(scope.valid_from_s ?? 0) > 0) {
      this.say('from', utcText(scope.valid_from_s));
    }
    if (scope.valid_until_s !== undefined) {
      this.say('until', utcText(scope.valid_until_s));
    } else {
      this.say('untilWithdrawn');
    }
  }
}
