import { pick, type Random } from './seeded-files.js';

export interface Mistake {
  readonly kind: string;
  /** The file with the mistake in it; null where this file has no place for it. */
  readonly plant: (text: string, random: Random) => string | null;
}

/** A slip of the keyboard: two letters swapped, one left out, one doubled. */
function misspelt(word: string, random: Random): string {
  const at = 1 + Math.floor(random() * (word.length - 2));
  const [before, letter, after] = [word.slice(0, at), word.charAt(at), word.slice(at + 1)];
  const swapped = before + after.charAt(0) + letter + after.slice(1);
  const ways = [before + after, before + letter + letter + after];
  return pick(swapped === word ? ways : [swapped, ...ways], random);
}

/** One occurrence, at random, of what the pattern's first group finds before the examples. */
function replaceOne(
  text: string,
  pattern: RegExp,
  random: Random,
  by: (found: string) => string,
): string | null {
  const end = text.indexOf('examples:');
  const places = [...text.slice(0, end).matchAll(new RegExp(pattern, 'gmd'))].map(
    (match) => match.indices![1]!,
  );
  if (places.length === 0) return null;
  const [from, to] = pick(places, random);
  return text.slice(0, from) + by(text.slice(from, to)) + text.slice(to);
}

function slip(kind: string, pattern: RegExp): Mistake {
  return {
    kind,
    plant: (text, random) => replaceOne(text, pattern, random, (word) => misspelt(word, random)),
  };
}

function swap(kind: string, pattern: RegExp, ...by: readonly string[]): Mistake {
  return { kind, plant: (text, random) => replaceOne(text, pattern, random, () => pick(by, random)) };
}

/** A field's value for another, as a hurried copy leaves it. */
function valued(kind: string, field: string, ...values: readonly string[]): Mistake {
  return swap(kind, new RegExp(`^  ${field}: (.*)$`), ...values);
}

export const mistakes: readonly Mistake[] = [
  slip('a misspelt attribute', /person\.(email|firstName|lastName|company|jobTitle|phone|country)\b/),
  slip('a misspelt attribute of a loop', /\br\.(status|createdAt|event|answers)\b/),
  slip('a misspelt attribute further on', /\.event\.(name|slug)\b/),
  slip('a misspelt name of let', /\b(latest|living)\./),
  slip('a misspelt name of the stream', /\b(registrations|person)\./),
  slip('a misspelt function', /\.(trim|lowerAscii|upperAscii|distinct|exists|filter|sortBy|maxBy|join)\(/),
  slip('a misspelt conversion', /\b(double|string|timestamp|decimal|coalesce|format)\(/),
  slip('a field that the target does not have', /^  ([A-Z][A-Za-z_]{4,}): /),
  slip('a misspelt key of the file', /^(stream|destination|object|operation|whenNot|fields|limits|lanes):/),
  slip('a misspelt key of a field', /\{ .*\b(missing|truncate|default|picklist|owner): /),
  slip('a misspelt word', /(?:operation|missing|owner): (upsert|update|reject|firstWrite)/),
  slip('a misspelt table', /picklist: (lead-status)/),
  slip('a misspelt status', /status [!=]= "(confirmed|waitlisted|cancelled|erased)"/),
  slip('a misspelt zone', /"(Europe\/Berlin)"/),
  slip('a misspelt destination', /^destination: (crm)$/),
  slip('a misspelt mapping in needs', /^needs: \[(crm\.account)\]/),
  slip('a misspelt purpose', /consent\.granted\("(marketing)"\)/),
  valued('a list where one value goes', 'Title', 'registrations.map(r, r.id)', 'living'),
  valued('a number where a text goes', 'Description', 'registrations.size()', '12'),
  valued('a text where a number goes', 'Event_Count__c', 'person.id', '\'"3"\''),
  valued('a fraction where a whole number goes', 'Event_Count__c', '1.5', 'double(registrations.size())'),
  valued('a text where a truth goes', 'Is_Confirmed__c', 'latest.status', '\'"yes"\''),
  valued(
    'a moment where a date goes',
    'Registered_On__c',
    'timestamp(latest.createdAt)',
    '"timestamp(person.createdAt)"',
  ),
  valued('a text that is no moment', 'Registered_At__c', 'person.firstName', 'latest.event.name'),
  valued(
    'a division that loses the fraction',
    'Event_Count__c',
    'registrations.size() / 2',
    '7 / registrations.size()',
  ),
  valued(
    'a division of whole numbers',
    'Share__c',
    'registrations.size() / 3',
    'double(registrations.size() / 3)',
  ),
  valued('a text that is too long', 'LeadSource', `'"${'long '.repeat(12)}"'`),
  valued('a literal longer than the field', 'FirstName', `'"${'x'.repeat(41)}"'`),
  swap('truncate past the length', /truncate: (40|128|255)\b/, '300', '1000'),
  valued(
    'a value that the picklist lacks',
    'LeadSource',
    `'"Webb"'`,
    `'living.size() > 1 ? "Partner" : "Wbe"'`,
  ),
  valued('any text into a picklist', 'LeadSource', 'person.firstName', 'latest.event.name'),
  swap('a table with a hole', /picklist: (lead-status)/, 'partial'),
  swap('a table of values that the target lacks', /picklist: (lead-status)/, 'foreign'),
  swap(
    'a value that whenNot cannot write',
    /^whenNot: \{ Status: (Withdrawn)/,
    'Withdrwan',
    '7',
    'null and void',
  ),
  {
    kind: 'a required field that nothing gives',
    plant: (text) => (text.includes('operation: update') ? null : text.replace(/^  Company: .*\n/m, '')),
  },
  swap('a required field that may be absent', /^  Company: (\{.*\})$/, 'person.company'),
  swap('a field that cannot be written', /^  (Title|Phone|Registered_At__c): /, 'CreatedDate'),
  {
    kind: 'a field that stands twice',
    plant: (text, random) => replaceOne(text, /^( {2}[A-Z].*\n)/, random, (line) => line + line),
  },
  {
    kind: 'a key among the fields',
    plant: (text) => text.replace('\nfields:\n', '\nfields:\n  Foyer_Id__c: person.id\n'),
  },
  { kind: 'no key', plant: (text) => text.replace(/^key: .*\n/m, '') },
  {
    kind: 'half a key',
    plant: (text) => text.replace('{ field: Foyer_Id__c, value: person.id }', '{ value: person.id }'),
  },
  swap('a key that identifies nothing', /field: (Foyer_Id__c)/, 'Company', 'Event_Count__c'),
  { kind: 'no whenNot', plant: (text) => text.replace(/^whenNot: .*\n/m, '') },
  {
    kind: 'no consent asked for',
    plant: (text) => text.replace(/^when: .*$/m, 'when: registrations.exists(r, r.status == "confirmed")'),
  },
  {
    kind: 'a consent beside an or',
    plant: (text) =>
      text.replace(/^when: (.*)$/m, 'when: registrations.size() > 0 || consent.granted("marketing")'),
  },
  {
    kind: 'no when at all',
    plant: (text) => text.replace(/^when: .*\nwhenNot: .*\n/m, ''),
  },
  swap(
    'a condition that never holds',
    /(status != "erased")/,
    'status == "erased" && r.status == "confirmed"',
  ),
  swap('a condition that always holds', /(registrations\.size\(\) > 0)/, 'registrations.size() >= 0'),
  valued('a comparison with itself', 'Is_Confirmed__c', 'latest.status == latest.status', '"1 == 1"'),
  valued(
    'an or that excludes nothing',
    'Is_Confirmed__c',
    `'latest.status != "confirmed" || latest.status != "pending"'`,
  ),
  valued(
    'a branch that nothing reaches',
    'Rating',
    `'latest.status == "confirmed" ? "Hot" : latest.status == "confirmed" ? "Warm" : "Cold"'`,
    `'registrations.size() > 2 ? "Hot" : registrations.size() > 5 ? "Warm" : "Cold"'`,
  ),
  valued('a fallback behind what is always there', 'Description', `'coalesce("nothing", person.country)'`),
  valued('an hour of nowhere', 'Event_Count__c', 'timestamp(person.createdAt).getHours()'),
  valued('a day of nowhere', 'Registered_On__c', 'date(timestamp(person.createdAt))'),
  valued('a pattern that would backtrack', 'Is_Confirmed__c', `'person.firstName.matches("(a)\\\\1")'`),
  valued(
    'money as a fraction and a decimal',
    'Budget__c',
    'decimal("1") + 0.5',
    'decimal("10") / decimal("3")',
  ),
  valued(
    'another delivery that is not needed',
    'Description',
    `'target("crm.acount").id'`,
    `'target("crm.contact").id'`,
  ),
  valued('a bracket that is not closed', 'Title', 'person.jobTitle.trim(', '"registrations.map(r, r.id"'),
  valued('a text without its own quotes', 'LeadSource', 'Foyer', 'Web'),
  valued('an empty field', 'Phone', ''),
  valued(
    'a missing that contradicts its default',
    'Title',
    '{ value: person.jobTitle, default: "x", missing: omit }',
  ),
  swap('append of a state', /^operation: (upsert|update)$/, 'append'),
  swap('a value of another field', /^ {2}FirstName: (.*)$/, 'person.lastName'),
  swap('a limit that is none', /changed: (5%|20%|100)/, '500%', 'some', '-1'),
  swap('more lanes than there are', /^lanes: (\d+)$/, '0', '65', 'many'),
  {
    kind: 'a loop without its variable',
    plant: (text) => text.replace('maxBy(r, r.createdAt)', 'maxBy(createdAt)'),
  },
  {
    kind: 'an example that no longer holds',
    plant: (text, random) => {
      const [from, to] = pick(
        [
          ['"LastName":"Ruiz"', '"LastName":"Rüiz"'],
          ['"Status":"Open"', '"Status":"Working"'],
          ['expect: suppressed', 'expect: rejected'],
        ] as const,
        random,
      );
      return text.includes(from) ? text.replace(from, to) : null;
    },
  },
  {
    kind: 'an example that names what no record has',
    plant: (text) => text.replace('person: { id: p-1, email:', 'person: { id: p-1, emial:'),
  },
  {
    kind: 'an example that forgets a field',
    plant: (text) => text.replace(/"LastName":"Ruiz",?/, '').replace(',}', '}'),
  },
  { kind: 'a line out of its place', plant: (text) => text.replace('\n  latest:', '\n latest:\n   latest:') },
  { kind: 'a tab', plant: (text) => text.replace('\n  Status:', '\n\tStatus:') },
];
