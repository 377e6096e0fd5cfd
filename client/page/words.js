// The page's words in one language, and how that language writes numbers, days
// and times. A sentence has places, $0 to $9; one that depends on a number has
// forms by the rules of Intl.PluralRules. Words are in words/*.json, every key
// in every language; a test compares them with each other, with the verifier's
// lists and with client/words.cc.

export const LANGUAGES = ['sv', 'fi', 'en'];

// The first of the languages that a browser prefers and that we have.
export function preferred(languages) {
  for (const tag of languages ?? []) {
    const code = String(tag).slice(0, 2).toLowerCase();
    if (LANGUAGES.includes(code)) return code;
  }
  return 'en';
}

export class Words {
  #table;
  #number;
  #plural;
  #day;
  #dayTime;
  #time;
  #relative;

  // `table`: what a file of words holds.
  constructor(table) {
    this.#table = table;
    this.language = table.language;
    // Dates as they are written where the language is spoken here.
    const locale = {sv: 'sv-FI', fi: 'fi-FI', en: 'en-GB'}[table.language];
    this.#number = new Intl.NumberFormat(locale);
    this.#plural = new Intl.PluralRules(locale);
    this.#day = new Intl.DateTimeFormat(locale, {weekday: 'long',
      day: 'numeric', month: 'long', year: 'numeric'});
    this.#dayTime = new Intl.DateTimeFormat(locale,
        {dateStyle: 'long', timeStyle: 'short'});
    this.#time = new Intl.DateTimeFormat(locale, {timeStyle: 'short'});
    this.#relative = new Intl.RelativeTimeFormat(locale, {numeric: 'auto'});
  }

  // A word of a closed list, such as of('headline', 'violation').
  of(list, name) {
    return this.#table[list]?.[name] ?? name;
  }
  has(list, name) {
    return this.#table[list]?.[name] !== undefined;
  }

  say(key, ...values) {
    return this.parts(key, ...values).join('');
  }

  // The same in pieces: text, and values as they came, so that a page can put
  // what is in another language into an element of its own.
  parts(key, ...values) {
    return this.#fill(this.#table.page[key] ?? this.#table.shared[key] ?? key,
        values);
  }
  failureParts(name, part, ...values) {
    return this.#fill(this.#table.failure[name]?.[part] ?? name, values);
  }

  #fill(found, values) {
    let sentence = found;
    if (typeof sentence === 'object') {
      const rule = this.#plural.select(Number(values[0]));
      sentence = sentence[rule] ?? sentence.other;
    }
    return sentence.split(/(\$\d)/).filter((piece) => piece !== '')
        .map((piece) => {
          if (!/^\$\d$/.test(piece)) return piece;
          const value = values[piece[1]] ?? '';
          return typeof value === 'number' ? this.number(value) : value;
        });
  }

  number(value) { return this.#number.format(value); }
  // Of POSIX seconds, in the device's time zone.
  day(time_s) { return this.#day.format(time_s * 1000); }
  dayTime(time_s) { return this.#dayTime.format(time_s * 1000); }
  time(time_s) { return this.#time.format(time_s * 1000); }

  // "3 minutes ago".
  ago(seconds) {
    const units = [['day', 86400], ['hour', 3600], ['minute', 60]];
    for (const [unit, length] of units) {
      if (Math.abs(seconds) >= length) {
        return this.#relative.format(-Math.floor(seconds / length), unit);
      }
    }
    return this.#relative.format(-Math.max(0, Math.floor(seconds)), 'second');
  }
}

export async function loadWords(language) {
  const code = LANGUAGES.includes(language) ? language : 'en';
  const answer = await fetch(`words/${code}.json`);
  if (!answer.ok) throw new Error(`words/${code}.json: ${answer.status}`);
  return new Words(await answer.json());
}
