// The timeline to take away: docs/export.md. The bytes are those of `vidimus
// resident export` for the same bundle; a test compares them. Pure functions.

const HEADLINES = ['forged', 'missing', 'withheld', 'restricted', 'erased',
  'violation', 'unproven', 'against your wish', 'race', 'late', 'stale',
  'under consent', 'under law'];
const COLUMNS = 'administration,administration_name,entry,leaf_index,' +
    'occurred_at_utc,sealed_utc,headline,failed,content,law,wish,race,stale,' +
    'late,operation,categories,purpose,reason,bases,citations,actor_kind,' +
    'actor,unit,source_system,ai_system,recipient,emergency\r\n';
const TIME_MAX = 2n ** 40n;

const OPERATION_TERMS = ['UNSPECIFIED', 'READ', 'CREATE', 'UPDATE', 'DELETE',
  'EXECUTE'];
const ACTOR_TERMS = ['UNSPECIFIED', 'HUMAN', 'RPA', 'AI_ASSISTED',
  'AI_AUTONOMOUS'];

function term(terms, value) {
  return value < terms.length ? terms[value] : 'UNKNOWN';
}

// As the program writes it: everything beyond ASCII escaped.
function quoted(text) {
  return JSON.stringify(text).replace(/[\u007f-\uffff]/g,
      (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function list(texts) {
  return `[${texts.map(quoted).join(', ')}]`;
}

function orNull(value) {
  return value === null ? 'null' : quoted(value);
}

function timing(verdict) {
  return ['race', 'stale', 'late'].filter((name) => verdict[name]);
}

function verdictJson({verdict, noVerdict}) {
  if (verdict === null) {
    return `"verdict": null, "no_verdict": ${quoted(noVerdict.sentence)}`;
  }
  const open = verdict.content === 'open';
  return `"verdict": {"content": ${quoted(verdict.content)}` +
      `, "law": ${open ? quoted(verdict.law) : 'null'}` +
      `, "wish": ${open ? quoted(verdict.wish) : 'null'}` +
      `, "timing": ${list(timing(verdict))}` +
      `, "headline": ${quoted(verdict.headline)}` +
      `, "failed": ${orNull(verdict.failed)}, "fine": ${verdict.fine}}`;
}

function basisJson({basis, provision, name, citation}) {
  return `{"basis": ${quoted(basis)}, "provision": ${provision ?? 'null'}` +
      `, "name": ${quoted(name.text)}, "citation": ${quoted(citation)}}`;
}

function recordJson(access) {
  if (!access.readable) return 'null';
  return `{"occurred_at_ms": ${access.occurredAt_ms}` +
      `, "as_of_size": ${access.asOfSize}` +
      `, "operation": ${quoted(term(OPERATION_TERMS, access.operation))}` +
      `, "categories": ${list(access.categories)}` +
      `, "category_names": ${list(access.categoryNames.map(({text}) => text))}` +
      `, "purpose": ${quoted(access.purpose)}` +
      `, "purpose_name": ${quoted(access.purposeName.text)}` +
      `, "reason": ${quoted(access.reason.text)}` +
      `, "legal_bases": [${access.bases.map(basisJson).join(', ')}]` +
      `, "actor_kind": ${quoted(term(ACTOR_TERMS, access.actorKind))}` +
      `, "actor": ${quoted(access.actor)}, "unit": ${quoted(access.unit)}` +
      `, "source_system": ${quoted(access.sourceSystem)}` +
      `, "ai_system": ${quoted(access.aiSystem)}` +
      `, "ai_register": ${access.model?.number ?? 'null'}` +
      `, "recipient": ${quoted(access.recipient)}` +
      `, "emergency": ${access.emergency}}`;
}

function accessJson(access) {
  return `    {"administration": ${access.administration}` +
      `, "administration_name": ${quoted(access.administrationName.text)}` +
      `, "entry": ${access.entry}, "leaf_index": ${access.leafIndex}` +
      `, "sealed_s": ${access.sealed_s || 'null'}, ${verdictJson(access)}` +
      `, "record": ${recordJson(access)}}`;
}

function keyJson(key) {
  return `    {"fingerprint": ${quoted(key.fingerprint)}` +
      `, "identity_service": ${key.identityService ?? 'null'}` +
      `, "enrolled_by_key": ${key.byKey ? quoted(key.byKey) : 'null'}` +
      `, "administrations": [${key.administrations.join(', ')}]` +
      `, "counts": ${key.counts}, "revoked": ${key.revoked}` +
      `, "known": ${key.known}}`;
}

function lines(items, format) {
  return items.length === 0 ? '[]' : `[\n${items.map(format).join(',\n')}\n  ]`;
}

// `shown`: those of timeline.accesses that are listed, oldest first.
export function timelineJson(timeline, shown = timeline.accesses) {
  const headlines = HEADLINES.map(
      (name) => `${quoted(name)}: ${timeline.headlines[name] ?? 0}`);
  return '{\n  "schema": "vidimus-timeline/1",\n' +
      `  "language": ${quoted(timeline.language)},\n` +
      `  "log": {"origin": ${quoted(timeline.origin)}` +
      `, "size": ${timeline.size}, "sealed_s": ${timeline.sealed_s}` +
      `, "complete": ${timeline.complete}, "vouched": ${timeline.vouched}},\n` +
      `  "counts": {"accesses": ${timeline.accesses.length}` +
      `, "shown": ${shown.length}, "not_fine": ${timeline.notFine}` +
      `, "without_verdict": ${timeline.withoutVerdict}` +
      `, "lawful_but_unwanted": ${timeline.lawfulUnwanted}` +
      `, "wanted_but_unlawful": ${timeline.wantedUnlawful}` +
      `, "emergency": ${timeline.emergencies}` +
      `, "headlines": {${headlines.join(', ')}}},\n` +
      `  "keys": ${lines(timeline.keys, keyJson)},\n` +
      `  "not_connected": ${lines(timeline.notConnected, (one) =>
        `    {"administration_name": ${quoted(one.administrationName.text)}` +
        `, "system": ${quoted(one.system.text)}}`)},\n` +
      `  "accesses": ${lines(shown, accessJson)}\n}\n`;
}

// Quoted, and what a spreadsheet would take for a formula behind an apostrophe.
export function csvField(text) {
  const guard = /^[=+\-@\t\r\n]/.test(text) ? '\'' : '';
  return `"${guard}${text.replaceAll('"', '""')}"`;
}

function utc(time_s) {
  const all = BigInt(time_s);
  return new Date(Number(all < TIME_MAX ? all : 0n) * 1000).toISOString()
      .replace('.000', '');
}

export function timelineCsv(timeline, shown = timeline.accesses) {
  let csv = COLUMNS;
  for (const access of shown) {
    const {verdict, readable} = access;
    const open = verdict !== null && verdict.content === 'open';
    const flag = (value) => open ? (value ? '1' : '0') : '';
    const fields = [
      String(access.administration),
      access.administrationName.text,
      String(access.entry),
      String(access.leafIndex),
      readable ? utc(BigInt(access.occurredAt_ms) / 1000n) : '',
      access.sealed_s === 0 ? '' : utc(access.sealed_s),
      verdict?.headline ?? '',
      verdict?.failed ?? '',
      verdict?.content ?? access.content,
      open ? verdict.law : '',
      open ? verdict.wish : '',
      flag(verdict?.race),
      flag(verdict?.stale),
      flag(verdict?.late),
      readable ? term(OPERATION_TERMS, access.operation) : '',
      (access.categories ?? []).join('; '),
      access.purpose ?? '',
      access.reason?.text ?? '',
      (access.bases ?? []).map(({basis}) => basis).join('; '),
      (access.bases ?? []).map(({citation}) => citation).join('; '),
      readable ? term(ACTOR_TERMS, access.actorKind) : '',
      access.actor ?? '',
      access.unit ?? '',
      access.sourceSystem ?? '',
      access.aiSystem ?? '',
      access.recipient ?? '',
      readable ? (access.emergency ? '1' : '0') : '',
    ];
    csv += `${fields.map(csvField).join(',')}\r\n`;
  }
  return csv;
}
