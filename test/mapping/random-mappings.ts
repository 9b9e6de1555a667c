/** Mappings of registrations and records for them, of many shapes, the odd ones too. Everything follows from a seed. */
import type { CompiledMapping } from '../../src/mapping/compiled-mapping.js';
import { compile, target } from './mapping-text.js';
import { pick, type Random } from './seeded-files.js';

const texts = ['attendee.email', 'attendee.firstName', 'attendee.company', 'attendee.locale', 'event.name'];
const more = [
  'event.slug',
  'status',
  'source.utm_source',
  'personId',
  'createdAt',
  'last.name',
  'whole.firstName',
];
const literals = ['"Open"', '""', '"de"', '"  Ä "'];

function text(random: Random, depth = 2): string {
  const kind = depth === 0 ? random() * 0.4 : random();
  const inner = (): string => text(random, depth - 1);
  if (kind < 0.3) return pick([...texts, ...more], random);
  if (kind < 0.4) return pick(literals, random);
  if (kind < 0.6) return `${pick([...texts, ...more], random)}.${pick(methods, random)}`;
  if (kind < 0.75) return `(${inner()} + ${inner()})`;
  if (kind < 0.85) return `coalesce(${inner()}, ${inner()})`;
  if (kind < 0.95) return `(${condition(random, 1)} ? ${inner()} : ${inner()})`;
  return pick(
    ['string(version)', 'consents.map(c, c.purpose).join(",")', 'answers.size', 'answers.note'],
    random,
  );
}

const methods = ['trim()', 'lowerAscii()', 'upperAscii()', 'substring(1)', 'replace("a", "b")'];

function condition(random: Random, depth: number): string {
  const kind = depth === 0 ? random() * 0.7 : random();
  const inner = (): string => condition(random, depth - 1);
  if (kind < 0.3) return `${text(random, 1)} ${pick(['==', '!='], random)} ${pick(literals, random)}`;
  if (kind < 0.5) return `has(${pick(['attendee.company', 'source.utm_source', 'last.name'], random)})`;
  if (kind < 0.6) return 'version == 3';
  if (kind < 0.7) return `consent.granted("${pick(['marketing', 'terms'], random)}")`;
  if (kind < 0.8) return `!(${inner()})`;
  return `(${inner()} ${pick(['&&', '||'], random)} ${inner()})`;
}

const values: Readonly<Record<string, (random: Random) => string>> = {
  Flag: (random) => condition(random, 2),
  Status: (random) => pick(['"Open"', 'lookup("status", status)', 'answers.talk.name'], random),
  Whole: () => 'version',
  Fraction: () => 'double(version)',
  Time: () => 'createdAt',
  Day: () => '"2026-01-01"',
};

function field(name: string, random: Random): string {
  if (name === 'Status' && random() < 0.5) return '  Status: { picklist: status, value: status }';
  const value = values[name]?.(random) ?? text(random);
  const spec =
    name in values
      ? ['']
      : ['', ', missing: reject', ', missing: "null"', ', default: none', ', truncate: 9'];
  return `  ${name}: { value: '${value}'${pick(spec, random)} }`;
}

/** Null where chance wrote a mapping that does not compile. */
export function randomMapping(random: Random): CompiledMapping | null {
  const names = Object.keys(target.fields).filter((name) => !['Id__c', 'Made'].includes(name));
  const chosen = names.filter((name) => name === 'Text' || random() < 0.6);
  const guard = random() < 0.5 ? '' : ` && (${condition(random, 1)})`;
  const { mapping } = compile(`mapping: crm.thing
stream: registration
destination: crm
object: Thing
operation: upsert
when: 'consent.granted("marketing")${guard}'
whenNot: keep
key: { field: Id__c, value: ${pick(['id', 'personId', 'attendee.email.trim()'], random)} }
let:
  last: answers.talk
  whole: attendee
fields:
${chosen.map((name) => field(name, random)).join('\n')}
`);
  return mapping;
}

const oddities: readonly unknown[] = [
  undefined,
  null,
  5,
  true,
  [],
  {},
  new Map([['email', 'x@example.com']]),
  new Date(0),
  'é'.repeat(4),
  'long '.repeat(30),
  Object.create(null),
];

/** A record, most of the time as the contract says. */
export function randomRecord(random: Random): object {
  const maybe = (value: unknown): unknown => (random() < 0.03 ? pick(oddities, random) : value);
  const name = (): unknown =>
    maybe(
      pick([' Ana', 'Björn ', 'CARL', '', 'Open', 'Ana Z', random() < 0.1 ? 'Ada'.repeat(30) : 'x'], random),
    );
  const attendee = maybe({
    email: name(),
    firstName: name(),
    ...(random() < 0.5 ? { company: name() } : {}),
    ...(random() < 0.5 ? { locale: maybe('de-DE') } : {}),
  });
  const at = '2026-01-01T00:00:00.000Z';
  const record = {
    id: maybe('r-1'),
    personId: maybe(`p-${Math.floor(random() * 9)}`),
    status: maybe(pick(['confirmed', 'pending', 'Open'], random)),
    version: maybe(3),
    createdAt: maybe(pick([at, at, at, '2026-02-30T00:00:00.000Z'], random)),
    event: maybe({ name: name(), slug: maybe('summit') }),
    source: maybe(random() < 0.5 ? { utm_source: name() } : {}),
    answers: maybe(random() < 0.5 ? { talk: maybe({ name: name() }), note: name() } : {}),
    consents: maybe([
      { purpose: 'marketing', granted: random() < 0.9, at },
      ...(random() < 0.5 ? [{ purpose: 'terms', granted: true, at }] : []),
    ]),
    attendee,
  };
  return random() < 0.02 ? new Map(Object.entries(record)) : record;
}
