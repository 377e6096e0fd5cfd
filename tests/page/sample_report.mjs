// A report as the verifier gives it (docs/verifier_api.md), made up: several
// administrations, every verdict, closed entries, consents, keys, and text that
// would do harm if it were taken for markup. For tests of what the page shows;
// nothing here was judged.

const NOW_S = 1800900000;
const DAY_S = 86400;
const SELF = 0xffffffff;

const text = (sv, fi, en) => [{language: 'sv', text: sv},
  {language: 'fi', text: fi}, {language: 'en', text: en}];

// Would call out of the page if it were markup.
export const HOSTILE =
    '<img src="https://evil.example/x" onerror="document.title=1"><b>\u202e';

const DOCUMENTS = [
  ['config', 0, {origin: 'log.example/city/2026h2', limits: {recovery_s: 259200}}],
  ['administration', 0, {
    name: text('Social-, hälso- och räddningssektorn',
        'Sosiaali-, terveys- ja pelastustoimiala',
        'Social Services, Health Care and Rescue Services'),
    source_system: [
      {id: 'client', name: text('Klientsystemet', 'Asiakastietojärjestelmä',
          'Client system'), connected: true},
      {id: 'paper', name: text('Pappersarkivet', 'Paperiarkisto',
          'Paper archive'), connected: false}],
  }],
  ['administration', 1, {
    name: text('Fostrans- och utbildningssektorn',
        'Kasvatuksen ja koulutuksen toimiala', 'Education Division'),
    source_system: [{id: 'school', name: text('Elevregistret',
        'Oppilasrekisteri', 'Pupil register'), connected: true}],
  }],
  ['administration', 2, {name: [{language: 'en', text: 'Rescue Department'}]}],
  ['purpose', 0, {term: 'SocialWelfareEligibilityAssessment',
    name: text('Bedömning av rätt till stöd', 'Tuen tarpeen arviointi',
        'Assessment of a need for support'),
    words: text('Någon har sökt stöd, eller behovet har kommit fram på annat sätt.',
        'Joku on hakenut tukea, tai tarve on tullut muuten ilmi.',
        'Somebody asked for support, or the need came to light otherwise.'),
    benefit: text('Beslutet bygger på rätt uppgifter.',
        'Päätös perustuu oikeisiin tietoihin.',
        'The decision rests on the right facts.')}],
  ['purpose', 1, {term: 'StudentAdministration',
    name: text('Skolgång', 'Koulunkäynti', 'Schooling')}],
  ['category', 0, {term: 'pd:Income', name: text('Inkomst', 'Tulot', 'Income')}],
  ['category', 1, {term: 'pd:Family', name: text('Familj', 'Perhe', 'Family')}],
  ['category', 2, {term: 'pd:Health', name: text('Hälsa', 'Terveys', 'Health'),
    special: true}],
  ['category', 3, {term: 'pd:Address', name: text('Adress', 'Osoite', 'Address')}],
  ['provision', 0, {basis: ['A6-1-c', 'A9-2-h'],
    citation: 'Social Welfare Act 1301/2014 (FI), section 12',
    name: text('Socialvårdslagen: nödvändig omsorg',
        'Sosiaalihuoltolaki: välttämätön huolenpito',
        'Social Welfare Act: indispensable care'),
    administration: [0], purpose: ['SocialWelfareEligibilityAssessment'],
    data_category: ['pd:Income', 'pd:Family', 'pd:Health'],
    address: 'https://www.eduskunta.fi/', overrides_prohibition: true,
    words: text('Alla har rätt till den socialservice som de nödvändigt behöver.',
        'Jokaisella on oikeus välttämättömiin sosiaalipalveluihin.',
        'Everybody has a right to the social services that they cannot do without.')}],
  ['provision', 1, {basis: ['A6-1-e'],
    citation: 'Pupil and Student Welfare Act 1287/2013 (FI), sections 1 and 2',
    name: text('Elev- och studerandevårdslagen', 'Oppilas- ja opiskelijahuoltolaki',
        'Pupil and Student Welfare Act'),
    administration: [1], purpose: ['StudentAdministration'],
    data_category: ['pd:Address', 'pd:Family'],
    address: 'javascript:alert(1)', unverified: true}],
  ['ai_system', 0, {id: 'example-need-screening',
    name: text('Sållning av ansökningar', 'Hakemusten seulonta',
        'Screening of applications'),
    administration: [0], address: 'https://ai.example/screening',
    words: text('Föreslår vilka ansökningar som en människa ser först.',
        'Ehdottaa, mitkä hakemukset ihminen näkee ensin.',
        'Suggests which applications a person sees first.')}],
  ['identity_service', 0, {name: text('Stadens identifiering',
      'Kaupungin tunnistus', 'City identification')}],
].map(([type, number, message], leaf) =>
  ({type, number, version: 0, leaf_index: leaf, message}));

const VERDICTS = {
  'under law': {fine: true, law: 'covered', wish: 'silent'},
  'under consent': {fine: true, law: 'not covered', wish: 'granted'},
  'violation': {fine: false, law: 'not covered', wish: 'silent',
    failed: 'withdrawn'},
  'against your wish': {fine: false, law: 'covered', wish: 'against'},
  'unproven': {fine: false, law: 'unproven', wish: 'silent',
    failed: 'unverified'},
  'late': {fine: false, law: 'covered', wish: 'silent', late: true},
  'race': {fine: false, law: 'covered', wish: 'against', race: true},
  'stale': {fine: false, law: 'covered', wish: 'silent', stale: true},
};

function access(at_s, headline, more = {}, actor = {}) {
  return {
    leaf_index: 100, position: 90, sealed_at_s: at_s + 4, content: 'open',
    finding: 'Ok', kind: 'access', actor,
    record: {access: {
      occurred_at_ms: at_s * 1000, operation: 1, actor_kind: 1,
      data_category: ['pd:Income'],
      purpose: 'SocialWelfareEligibilityAssessment',
      legal_basis: headline === 'under consent' ? [{basis: 'A6-1-a'}] :
          [{basis: 'A6-1-c', provision: 0}],
      as_of: {origin: 'log.example/city/2026h2', size: 90},
      unit_name: 'Social work, west', ...more}},
    verdict: {headline, race: false, stale: false, late: false,
      ...VERDICTS[headline]},
  };
}

function closed(at_s, content, more = {}) {
  return {leaf_index: 101, position: 90, sealed_at_s: at_s, content,
    finding: 'Ok', notice: 1, ...more,
    verdict: {headline: content, fine: false, law: 'unproven', wish: 'silent',
      race: false, stale: false, late: false}};
}

function statement(at_s, event, message, more = {}) {
  return {leaf_index: 99, position: 80, sealed_at_s: at_s, content: 'open',
    finding: 'Ok', kind: 'statement', event,
    record: {statement: {}}, statement: {sequence: 0, language: 'en', ...message},
    standing: {finding: 'Ok', hash: '00'.repeat(32), restrains: false,
      delegated: false, ...more}};
}

const KEY = '11'.repeat(32), OTHER = '22'.repeat(32);
const id = (byte) => byte.repeat(16);

// `many`: so many accesses besides.
export function sampleReport({many = 0} = {}) {
  const day = (n) => NOW_S - n * DAY_S;
  const social = [
    statement(day(40), 'key_add', {statement_id: id('a1'), identity_service: 0,
      key_add: {kind: 1, public_key: KEY, name: 'phone'}}),
    statement(day(39), 'grant', {statement_id: id('a2'), key_id: id('a1'),
      grant: {administration: [0], assurance: 1, lawful_basis: 'A6-1-a',
        scope: {purpose: ['SocialWelfareEligibilityAssessment'],
          data_category: ['pd:Income', 'pd:Family']}}}),
    access(day(30), 'under consent', {}, {id: 'case worker 14'}),
    access(day(12), 'under law', {data_category: ['pd:Income', 'pd:Health'],
      reason_text: [{language: 'en', text: HOSTILE}],
      unit_name: 'Social work <b>west</b>'}, {id: 'case worker 7'}),
    access(day(6), 'against your wish', {actor_kind: 3,
      ai_system_id: 'example-need-screening', operation: 5}),
    statement(day(5), 'withdrawal', {statement_id: id('a3'), key_id: id('a1'),
      withdrawal: {statement_id: [id('a2')]}}),
    access(day(2), 'violation', {data_category: ['pd:Family']},
        {id: 'case worker 14'}),
    access(day(1), 'unproven', {emergency: true, ai_system_id: 'unheard-of',
      actor_kind: 4}),
    closed(day(1) + 300, 'withheld', {until_s: NOW_S + 30 * DAY_S}),
    closed(day(1) + 600, 'erased'),
  ];
  const school = [
    statement(day(40), 'key_add', {statement_id: id('a1'), identity_service: 0,
      key_add: {kind: 1, public_key: KEY, name: 'phone'}}),
    statement(day(20), 'prohibition', {statement_id: id('b2'), key_id: id('a1'),
      prohibition: {scope: {purpose: ['StudentAdministration']},
        reason: 'Not needed.'}}),
    statement(day(3), 'key_add', {statement_id: id('c1'), identity_service: 0,
      key_add: {kind: 1, public_key: OTHER}}),
    access(day(8), 'late', {purpose: 'StudentAdministration',
      data_category: ['pd:Address'], unit_name: 'School 12',
      legal_basis: [{basis: 'A6-1-e', provision: 1}]}),
    access(day(0) - 3600, 'under law', {purpose: 'StudentAdministration',
      data_category: ['pd:Address', 'term of their own'], unit_code: '0412',
      unit_name: '', actor_kind: 2, recipient_id: '0201256-6',
      legal_basis: [{basis: 'A6-1-e', provision: 1}]}),
  ];
  for (let i = 0; i < many; ++i) {
    social.push(access(day(60) - i * 4000, i % 97 === 0 ? 'violation' : 'under law',
        {data_category: i % 3 === 0 ? ['pd:Health'] : ['pd:Income', 'pd:Family']}));
  }
  const chain = (administration, entries) => ({administration, finding: 'Ok',
    probes: [], gap: {finding: 'Ok'}, entries});
  return {
    finding: 'Ok', complete: true, content_findings: 0, time_s: NOW_S - 40,
    subject: '01' + '61'.repeat(4),
    head: {origin: 'log.example/city/2026h2', size: 4711, root: 'ab'.repeat(32)},
    cosigned: [{name: 'uni', time_s: NOW_S - 39, monitor: false},
      {name: 'press', time_s: NOW_S - 38, monitor: true}],
    quorum_needed: true, quorum_at_s: NOW_S - 38, monitors_at_s: NOW_S - 38,
    documents: DOCUMENTS,
    chains: [chain(0, social), chain(1, school), chain(2, []), chain(SELF, [])],
  };
}

export const SAMPLE_NOW_S = NOW_S;
// The key that the page's own device holds.
export const SAMPLE_KEY = KEY;

export function sampleCheck(report, failures = []) {
  const failure = failures[0];
  return {
    finding: !failure || failure.kind === 'unvouched' ? 'Ok' : failure.name,
    failures, ...(failure ? {failure} : {}), report,
    bundle: new Uint8Array([1]), unanswered: [], headAge_s: 40,
    vouched: report?.monitors_at_s !== null, witnesses: report?.cosigned ?? [],
    person: 'known',
  };
}
