// One access, taken out for somebody else to judge: an entry bundle
// (docs/bundles.md), which holds nothing else of the chain. What
// client/share.cc does, for a page: the opening comes out of the chain bundle
// of a check, the proofs are asked of the log anew, under that check's head,
// and what would not be true is not given.

import {KEYS_EACH} from './door.js';
import {bytesOf} from './vidimus.js';
import {
  concat, fieldOf, fieldsOf, readAnswer, toBase64, wireBytes, wireNumber,
} from './wire.js';

const FORMAT = 'vidimus/v1 entry bundle';
const TYPES = {config: 0, administration: 1};

// The opening of entry `wanted` in the chain with `administration`, as it
// stands in a chain bundle.
function openingIn(bundle, administration, wanted) {
  for (const [number, probed] of fieldsOf(bundle)) {
    const chain = number === 6 ? fieldOf(probed, 1) : undefined;
    if (chain === undefined || (fieldOf(chain, 1) ?? 0) !== administration) continue;
    let place = 0;
    for (const [inner, entry] of fieldsOf(chain)) {
      if (inner === 5 && place++ === wanted) return fieldOf(entry, 4);
    }
  }
  return undefined;
}

// Which documents say whose keys signed, and the keys of the index that show
// that these are all of them.
function registerOf(report, verifier) {
  const leaves = [], ids = [];
  const newest = new Map();
  for (const {type, number, version, leaf_index} of report.documents) {
    if (TYPES[type] === undefined) continue;
    leaves.push(Number(leaf_index));
    ids.push({type: TYPES[type], number, version});
    const name = `${TYPES[type]}/${number}`;
    newest.set(name, Math.max(newest.get(name) ?? 0, Number(version)));
  }
  let count = 0;
  for (const [name, version] of newest) {
    const [type, number] = name.split('/').map(Number);
    ids.push({type, number, version: version + 1});
    if (type === TYPES.administration) ++count;
  }
  ids.push({type: TYPES.administration, number: count, version: 0});
  return {leaves, keys: [...new Set(verifier.registerKeys(ids).keys)].sort()};
}

// Between a document and an entry stands a seal, or every leaf if none does.
// The seal before the entry's batch is between it and all that stood earlier.
function leavesBetween(documents, entry) {
  const leaf = Number(entry.leaf_index), position = Number(entry.position);
  const wanted = new Set();
  for (const document of documents) {
    if (document >= leaf) continue;
    if (document < position) {
      wanted.add(position - 1);
    } else {
      for (let index = document + 1; index < leaf; ++index) wanted.add(index);
    }
  }
  return wanted;
}

// `report` and `bundle`: of checkResident. Gives the file's bytes; throws an
// Error that says what is not so, or what the door throws.
export async function makeEntryBundle({verifier, door, logKey, report, bundle,
  administration, entry: number}) {
  const chain = report.chains.find((one) => one.administration === administration);
  const entry = chain?.entries[number];
  const opening = openingIn(bundle, administration, number);
  if (entry?.position === undefined || opening === undefined) {
    throw new Error('the content of this entry is not shown');
  }
  const size = Number(report.head.size);
  const register = registerOf(report, verifier);
  const leaves = [...new Set([0, Number(entry.leaf_index), size - 1,
    ...register.leaves, ...leavesBetween(register.leaves, entry)])]
      .sort((a, b) => a - b);
  const proven = readAnswer('ProveLeavesResponse', await door.post('v1/leaves',
      {leafIndex: leaves.map(String), size: String(size)}));
  const proofs = [];
  for (let at = 0; at < register.keys.length; at += KEYS_EACH) {
    const keys = register.keys.slice(at, at + KEYS_EACH);
    const answer = readAnswer('ProveKeysResponse', await door.post('v1/keys', {
      keys: keys.map((key) => toBase64(bytesOf(key))), size: String(size - 1)}));
    proofs.push(wireBytes(4, concat(...keys.map((key) => wireBytes(1, bytesOf(key))),
        wireBytes(2, answer.proof))));
  }
  const file = concat(
      wireBytes(1, new TextEncoder().encode(FORMAT)),
      wireBytes(2, fieldOf(bundle, 2)),
      wireBytes(3, concat(...leaves.map((index) => wireNumber(1, index)),
          ...proven.leaf.map((leaf) => wireBytes(2, leaf)),
          wireBytes(3, proven.proof))),
      ...proofs,
      ...proven.document.map((document) => wireBytes(5, document)),
      wireNumber(6, Number(entry.leaf_index)),
      wireBytes(7, opening));
  const judged = verifier.judgeEntry({logKey, bundle: file});
  if (judged.finding !== 'Ok') {
    throw new Error(`${judged.part ?? 'the file'}: ${judged.sentence}`);
  }
  return file;
}
