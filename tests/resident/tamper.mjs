// A proxy before a log that tampers with what the log shows, in one way at a
// time: for tests of who must find it out. Each way names the failure that
// client/js/resident.js must then tell.

import {createServer as createHttp} from 'node:http';
import {createServer as createHttps, request} from 'node:https';

const ENDLESS_BYTES = 128 << 20;

// `text` in base64 with one bit of one byte changed.
function flip(text, at = 0) {
  const bytes = Buffer.from(text, 'base64');
  bytes[(bytes.length + at) % bytes.length] ^= 1;
  return bytes.toString('base64');
}

// A note without the signatures by `names`.
function without(note, names) {
  return note.split('\n').filter(
      (line) => !names.some((name) => line.startsWith(`— ${name} `)))
      .join('\n');
}

function entriesOf(answer, holds) {
  return (answer.chain?.entries ?? []).filter(holds);
}

// The administration that a request for a chain is about; 0 may be left out.
function numberOf(body) {
  return JSON.parse(body).administration ?? 0;
}

// Whether a path is one of those, or below one that ends in a slash.
function isAt(path, places) {
  return places.some((place) =>
    place.endsWith('/') ? path.startsWith(place) : path === place);
}

const isAccess = (entry) => entry.opening?.request !== undefined;

// `at`: the paths that are tampered with. `json` changes an answer, `note` what
// is not JSON; `token` says which requests ask as another; `refuse` answers in
// the log's place. `needsGrowth`: matters if the log has grown since the last
// check. `proxy` is the proxy, for what it has been told.
export const TAMPERINGS = {
  'leaf': {
    failure: 'LeavesForged', at: ['/v1/leaves'],
    json(answer) {
      // The commitment of an entry.
      const i = (answer.leaf ?? []).findIndex(
          (leaf) => Buffer.from(leaf, 'base64')[0] === 1);
      if (i >= 0) answer.leaf[i] = flip(answer.leaf[i], -1);
    },
  },
  'proof': {
    failure: 'LeavesForged', at: ['/v1/leaves'],
    json(answer) {
      if (answer.proof) answer.proof = flip(answer.proof);
    },
  },
  'opening': {
    failure: 'EntryForged', at: ['/v1/chain'],
    json(answer) {
      for (const entry of entriesOf(answer, isAccess)) {
        entry.opening.record = flip(entry.opening.record, -1);
      }
    },
  },
  'signature': {
    failure: 'EntryForged', at: ['/v1/chain'],
    json(answer) {
      for (const entry of entriesOf(answer, isAccess)) {
        entry.opening.request.signature =
            flip(entry.opening.request.signature);
      }
    },
  },
  'head signature': {
    failure: 'HeadForged', at: ['/checkpoint', '/cosigned/checkpoint'],
    note(text) {
      const [body, signatures] = text.split('\n\n');
      return `${body}\n\n` + signatures.split('\n').map((line) => {
        const words = line.split(' ');
        if (words.length === 3) words[2] = flip(words[2], -1);
        return words.join(' ');
      }).join('\n');
    },
  },
  'index path': {
    failure: 'IndexForged', at: ['/v1/keys'],
    json(answer) {
      if (answer.proof) answer.proof = flip(answer.proof, -1);
    },
  },
  'missing entry': {
    failure: 'EntryMissing', at: ['/v1/chain'],
    json(answer) {
      if (!answer.more) answer.chain?.entries?.pop();
    },
  },
  'hole': {
    failure: 'Hole', at: ['/v1/chain'],
    json(answer) {
      // Two and more, so that there are some behind it.
      if (answer.chain?.entries?.length > 1) answer.chain.entries.shift();
    },
  },
  'entry invented': {
    failure: 'EntryForged', at: ['/v1/chain'],
    json(answer) {
      const entries = answer.chain?.entries;
      if (!answer.more && entries?.length > 0) entries.push(entries.at(-1));
    },
  },
  'entry elsewhere': {
    failure: 'EntryForged', at: ['/v1/chain'],
    json(answer) {
      for (const entry of entriesOf(answer, isAccess)) {
        entry.leaf = flip(entry.leaf, -1);
      }
    },
  },
  'content hidden': {
    failure: 'ContentMissing', at: ['/v1/chain'],
    json(answer) {
      for (const entry of entriesOf(answer, isAccess)) {
        delete entry.opening;
        entry.state = 'ERASED';
      }
    },
  },
  'chain key': {
    failure: 'ChainForged', at: ['/v1/chain'],
    json(answer) {
      if (answer.chain) answer.chain.vrfProof = flip(answer.chain.vrfProof, -1);
    },
  },
  'document': {
    failure: 'RegisterForged', at: ['/v1/leaves', '/register/'],
    json(answer) {
      // So that it is asked for at its path.
      delete answer.document;
    },
    note: (text) => `x${text}`,
  },
  'document gone': {
    failure: 'Refused', at: ['/v1/leaves'],
    json(answer) {
      delete answer.document;
    },
    refuse: {at: ['/register/'], status: 404, body: 'no such path\n'},
  },
  'rewound head': {
    failure: 'HeadRewound', at: ['/checkpoint', '/cosigned/checkpoint'],
    note: (text, proxy) => proxy.remembered ?? text,
  },
  'no monitor': {
    failure: 'NoMonitor', at: ['/checkpoint', '/cosigned/checkpoint'],
    note: (text, proxy) => without(text, proxy.monitors),
  },
  'missing witness': {
    failure: 'WitnessMissing', at: ['/checkpoint', '/cosigned/checkpoint'],
    note: (text, proxy) => without(text, proxy.witnesses),
  },
  'another person': {
    failure: 'NotThisPerson', at: ['/v1/chain'],
    token: () => true,
  },
  'one chain of another person': {
    failure: 'NotThisPerson', at: ['/v1/chain'],
    token: (body) => numberOf(body) === 0,
  },
  'one chain refused': {
    failure: 'ChainUnanswered', at: [],
    refuse: {
      at: ['/v1/chain'], status: 500, body: '<b>no</b>\n',
      only: (body) => numberOf(body) === 1,
    },
  },
  'every chain refused': {
    failure: 'ChainUnanswered', at: [],
    refuse: {at: ['/v1/chain'], status: 500, body: 'no\n'},
  },
  'tiles gone': {
    failure: 'HeadUnlinked', at: [],
    refuse: {at: ['/tile/'], status: 404, body: 'no such path\n'},
    needsGrowth: true,
  },
  'signed out': {
    failure: 'SignedOut', at: [],
    refuse: {at: ['/v1/chain'], status: 401, body: 'no token\n'},
  },
  'too much to do': {
    failure: 'Later', at: [],
    refuse: {
      at: ['/v1/keys'], status: 429, body: 'later\n',
      headers: {'Retry-After': '0'},
    },
  },
  'refused': {
    failure: 'Refused', at: [],
    refuse: {at: ['/v1/leaves'], status: 400, body: 'no\n'},
  },
  'redirect': {
    failure: 'AnswerUnusable', at: [],
    refuse: {
      at: ['/v1/leaves'], status: 302, body: '',
      headers: {'Location': 'https://elsewhere.example/'},
    },
  },
  'garbage': {
    failure: 'AnswerUnusable', at: [],
    refuse: {at: ['/v1/keys'], status: 200, body: '{"proof": "AA'},
  },
  'not an object': {
    failure: 'AnswerUnusable', at: [],
    refuse: {at: ['/v1/keys'], status: 200, body: '[1, 2]'},
  },
  'wrong types': {
    failure: 'AnswerUnusable', at: ['/v1/keys'],
    json(answer) {
      answer.place = 'everywhere';
      answer.proof = {length: 1e9};
    },
  },
  'endless': {
    failure: 'AnswerUnusable', at: [],
    refuse: {
      at: ['/checkpoint', '/cosigned/checkpoint'], status: 200, endless: true,
    },
  },
  'cut off': {
    failure: 'Unreachable', at: [],
    refuse: {at: ['/v1/keys'], status: 200, body: '{}', cut: true},
  },
};

export class TamperingProxy {
  #server;
  #target;
  #otherToken;

  // One of TAMPERINGS by its name; undefined: honest.
  tampering;
  // The checkpoint that "rewound head" shows.
  remembered;
  // Requests so far: "GET /checkpoint".
  requests = [];
  // What is answered here: by path a function of the request's body that gives
  // {type, body}.
  own = new Map();

  // `target`: {url, ca} of the log. `tls`: {cert, key} of this door; without,
  // it is plain HTTP. `monitors`, `witnesses`: whose cosignatures go, by the
  // names of their keys. `otherToken`: another person's.
  constructor({target, tls, monitors = [], witnesses = [], otherToken}) {
    this.#target = target;
    this.monitors = monitors;
    this.witnesses = witnesses;
    this.#otherToken = otherToken;
    const answer = (request, response) => this.#take(request, response);
    this.#server = tls ? createHttps(tls, answer) : createHttp(answer);
    this.#server.keepAliveTimeout = 60000;
    this.scheme = tls ? 'https' : 'http';
  }

  listen(port = 0) {
    return new Promise((resolve) => {
      this.#server.listen(port, '127.0.0.1', () => resolve(this.url));
    });
  }

  get url() {
    return `${this.scheme}://127.0.0.1:${this.#server.address().port}`;
  }

  close() {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  // Keeps the head as it is, for "rewound head".
  async remember() {
    const {body} = await this.#ask('GET', '/checkpoint', {}, '');
    this.remembered = body.toString();
  }

  #ask(method, path, headers, body) {
    return new Promise((resolve, reject) => {
      const asked = request(new URL(path, this.#target.url), {
        method, ca: this.#target.ca,
        headers: {...headers, host: new URL(this.#target.url).host,
          'content-length': Buffer.byteLength(body)},
      }, (answer) => {
        const pieces = [];
        answer.on('data', (piece) => pieces.push(piece));
        answer.on('end', () => resolve({
          status: answer.statusCode, headers: answer.headers,
          body: Buffer.concat(pieces),
        }));
        answer.on('error', reject);
      });
      asked.on('error', reject);
      asked.end(body);
    });
  }

  async #take(request, response) {
    this.requests.push(`${request.method} ${request.url}`);
    const pieces = [];
    for await (const piece of request) pieces.push(piece);
    const body = Buffer.concat(pieces).toString();
    const path = decodeURI(request.url.split('?', 1)[0]);
    const own = this.own.get(path);
    if (own !== undefined) {
      const {type, body: content} = own(body);
      response.writeHead(200, {'Content-Type': type});
      return response.end(content);
    }
    const tampering = TAMPERINGS[this.tampering] ?? {at: []};
    const {refuse} = tampering;
    if (refuse && isAt(path, refuse.at) && (refuse.only?.(body) ?? true)) {
      return this.#refuse(refuse, response);
    }
    const headers = {...request.headers};
    delete headers['accept-encoding'];
    const touched = isAt(path, tampering.at);
    if (touched && tampering.token?.(body)) {
      delete headers.cookie;
      headers.authorization = `Bearer ${this.#otherToken}`;
    }
    let answer;
    try {
      answer = await this.#ask(request.method, request.url, headers, body);
    } catch {
      return response.destroy();
    }
    if (touched && answer.status === 200) this.#change(tampering, answer);
    const told = {...answer.headers};
    delete told['transfer-encoding'];
    if (request.method !== 'HEAD') told['content-length'] = answer.body.length;
    response.writeHead(answer.status, told);
    response.end(answer.body);
  }

  #change(tampering, answer) {
    if (tampering.json && /json/.test(answer.headers['content-type'])) {
      const json = JSON.parse(answer.body);
      tampering.json(json, this);
      answer.body = Buffer.from(JSON.stringify(json));
    } else if (tampering.note) {
      answer.body = Buffer.from(tampering.note(answer.body.toString(), this));
    }
  }

  #refuse({status, body, headers, endless, cut}, response) {
    response.writeHead(status, {
      'Content-Type': 'application/json', ...headers,
      ...(cut ? {'Content-Length': 1000} : {}),
    });
    if (!endless) {
      if (!cut) return response.end(body);
      response.write(body);
      return setTimeout(() => response.destroy(), 20);
    }
    const piece = Buffer.alloc(1 << 16, 'x');
    let left = ENDLESS_BYTES;
    const more = () => {
      while (left > 0 && !response.destroyed) {
        left -= piece.length;
        if (!response.write(piece)) return response.once('drain', more);
      }
      response.end();
    };
    more();
  }
}
