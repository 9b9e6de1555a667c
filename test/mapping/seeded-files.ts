/** Good mapping files of many shapes, and mistakes planted into them one at a time. Everything follows from a seed. */
import { checkTogether } from '../../src/mapping/check-together.js';
import { compileMapping } from '../../src/mapping/compile-mapping.js';
import type { Diagnostic } from '../../src/mapping/diagnostic.js';
import { parseMapping } from '../../src/mapping/parse-mapping.js';
import { parsePicklist } from '../../src/mapping/picklist.js';
import type { TargetMetadata } from '../../src/mapping/target-metadata.js';
import type { seeded } from '../support/seeded.js';

export const target: TargetMetadata = {
  destination: 'crm',
  object: 'Lead',
  fields: {
    Foyer_Id__c: { type: 'string', length: 100, unique: true },
    Email: { type: 'email', length: 80 },
    FirstName: { type: 'string', length: 40 },
    LastName: { type: 'string', length: 80, required: true },
    Company: { type: 'string', length: 255, required: true },
    Title: { type: 'string', length: 128 },
    Phone: { type: 'phone', length: 40 },
    LeadSource: { type: 'picklist', values: ['Web', 'Foyer', 'Partner'] },
    Status: { type: 'picklist', values: ['Open', 'Working', 'Withdrawn'] },
    Rating: { type: 'picklist', values: ['Hot', 'Warm', 'Cold'] },
    Events__c: { type: 'string', length: 255 },
    Event_Count__c: { type: 'int' },
    Share__c: { type: 'double' },
    Is_Confirmed__c: { type: 'bool' },
    Registered_At__c: { type: 'datetime' },
    Registered_On__c: { type: 'date' },
    Description: { type: 'string', length: 32_000 },
    Budget__c: { type: 'double' },
    CreatedDate: { type: 'datetime', writable: false },
  },
};

const table = parsePicklist(
  'picklists/lead-status.yaml',
  `picklist: lead-status
of: Registration.status
values: { confirmed: Open, pending: Open, offered: Working, waitlisted: Working, cancelled: Withdrawn, erased: Withdrawn }
`,
).picklist!;
const partial = parsePicklist(
  'picklists/partial.yaml',
  'picklist: partial\nvalues: { confirmed: Open, waitlisted: Working }\n',
).picklist!;
const foreign = parsePicklist(
  'picklists/foreign.yaml',
  'picklist: foreign\nvalues: { confirmed: Opened }\notherwise: Working\n',
).picklist!;
const picklists = new Map([table, partial, foreign].map((one) => [one.name, one]));

export type Random = ReturnType<typeof seeded>;

export function pick<T>(items: readonly T[], random: Random): T {
  return items[Math.floor(random() * items.length)]!;
}

/** What each optional field may look like; the required two and the status always stand there. */
const optional: readonly (readonly string[])[] = [
  ['Email: { value: person.email.trim().lowerAscii(), missing: reject }', 'Email: person.email.lowerAscii()'],
  ['FirstName: { value: person.firstName, truncate: 40 }', 'FirstName: person.firstName'],
  [
    'Title: { value: person.jobTitle, truncate: 128 }',
    'Title: { value: person.jobTitle, default: "Visitor" }',
  ],
  ['Phone: person.phone', 'Phone: { value: person.phone, missing: null }'],
  [`LeadSource: '"Foyer"'`, `LeadSource: 'living.size() > 1 ? "Partner" : "Web"'`],
  [
    `Rating: 'latest.status == "confirmed" ? "Hot" : latest.status == "waitlisted" ? "Warm" : "Cold"'`,
    `Rating: 'registrations.exists(r, r.status == "confirmed") ? "Hot" : "Cold"'`,
  ],
  [
    `Events__c: { value: 'living.sortBy(r, r.event.slug).map(r, r.event.name).distinct().join("; ")', truncate: 255 }`,
    `Events__c: { value: 'living.map(r, r.event.slug).join(", ")', truncate: 200 }`,
  ],
  ['Event_Count__c: living.map(r, r.event.slug).distinct().size()', 'Event_Count__c: living.size()'],
  ['Share__c: double(living.size()) / double(registrations.size())', 'Share__c: double(living.size()) * 0.5'],
  [
    'Is_Confirmed__c: latest.status == "confirmed"',
    'Is_Confirmed__c: living.exists(r, r.status == "confirmed")',
  ],
  ['Registered_At__c: registrations.map(r, r.createdAt).min()', 'Registered_At__c: latest.createdAt'],
  [
    `Registered_On__c: 'date(timestamp(latest.createdAt), "Europe/Berlin")'`,
    `Registered_On__c: 'format(timestamp(latest.createdAt), "yyyy-MM-dd", "UTC")'`,
  ],
  [
    `Description: '"Came for " + latest.event.name + ", " + string(registrations.size()) + " registrations"'`,
    `Description: 'person.firstName.upperAscii() + " / " + coalesce(person.country, "nowhere")'`,
  ],
  [
    'Budget__c: registrations.sum(r, decimal(r.answers.budget))',
    'Budget__c: decimal(latest.answers.budget).round(1)',
  ],
];

const record = `person: { id: p-1, email: Ana@Example.com, firstName: Ana, lastName: Ruiz, company: Example Ltd, jobTitle: Engineer, country: ES, phone: '+34911234567', createdAt: '2026-01-05T09:00:00.000Z' }
      registrations:
        - { id: r-1, event: { id: e-1, slug: summit, name: Summit }, status: confirmed, answers: { budget: '10.5' }, createdAt: '2026-01-05T09:00:00.000Z' }
        - { id: r-2, event: { id: e-2, slug: academy, name: Academy }, status: waitlisted, answers: { budget: '4.75' }, createdAt: '2026-01-03T09:00:00.000Z' }
      consents: [{ purpose: marketing, granted: true, at: '2026-01-05T09:00:00.000Z' }]`;

/** A file without a mistake, with an example of every field. */
export function goodFile(random: Random): string {
  const fields = [
    pick(
      [
        'LastName: { value: person.lastName, missing: reject }',
        'LastName: { value: person.lastName, default: Unknown }',
      ],
      random,
    ),
    pick(
      [
        `Company: { value: person.company, default: '[none]', owner: firstWrite }`,
        'Company: { value: person.company, missing: reject }',
      ],
      random,
    ),
    `Status: { picklist: lead-status, value: latest.status }`,
    ...optional.filter(() => random() < 0.75).map((ways) => pick(ways, random)),
  ].sort(() => random() - 0.5);
  const usesLiving = fields.some((field) => field.includes('living'));
  const text = `mapping: crm.lead
stream: person
destination: crm
object: Lead
operation: ${pick(['upsert', 'update', 'upsert'], random)}
when: ${pick(['consent.granted("marketing")', 'registrations.exists(r, r.status != "erased") && consent.granted("marketing")', 'consent.granted("marketing") && registrations.size() > 0'], random)}
whenNot: ${pick(['keep', '{ Status: Withdrawn }', 'delete'], random)}
key: { field: Foyer_Id__c, value: person.id }
needs: [${pick(['', 'crm.account'], random)}]
let:
  latest: registrations.maxBy(r, r.createdAt)
${usesLiving ? '  living: registrations.filter(r, r.status != "cancelled" && r.status != "erased")\n' : ''}fields:
${fields.map((field) => `  ${field}`).join('\n')}
lanes: ${pick(['1', '4', '8'], random)}
limits: { changed: ${pick(['5%', '20%', '100'], random)}, nulled: 0 }
examples:
  - name: someone with consent is written
    given: &ana
      ${record}
`;
  return `${text}    expect: ${JSON.stringify(expectedOf(text))}
  - name: without consent nothing leaves
    given: { <<: *ana, consents: [] }
    expect: suppressed
`;
}

function expectedOf(text: string): object {
  const parsed = parseMapping('crm.lead.yaml', `${text}    expect: suppressed\n`);
  const { mapping, diagnostics } = compileMapping(parsed, { target, picklists });
  if (!mapping)
    throw new Error(JSON.stringify(diagnostics.map(({ code, sourceLine }) => [code, sourceLine])));
  const evaluation = mapping.evaluate(parsed.examples[0]!.given.value);
  if (evaluation.kind === 'write') return evaluation.fields;
  throw new Error(evaluation.reason.message);
}

/** What `foyer check` says of a file beside `crm.account`. */
export function checkFile(text: string): readonly Diagnostic[] {
  const parsed = parseMapping('mappings/crm.lead.yaml', text);
  const { mapping, diagnostics } = compileMapping(parsed, { target, picklists });
  const needs = new Map([
    ['crm.lead', parsed.needs.map(({ value }) => value)],
    ['crm.account', []],
  ]);
  return [...diagnostics, ...checkTogether({ files: [{ parsed, mapping }], needs, destinations: ['crm'] })];
}
