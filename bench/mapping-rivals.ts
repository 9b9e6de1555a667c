/**
 * One lead of 15 fields, mapped by Foyer, by hand and by the engines that others use for the same. Each gets what its
 * language has for the job, compiled as early as it allows, and must give the same lead.
 */
import { Environment } from '@marcbachmann/cel-js';
import { JsonTemplateEngine } from '@rudderstack/json-template-engine';
import jsonata from 'jsonata';
import { createRequire } from 'node:module';

// Not imported: its typings bring a browser's along, which then clash with Node's everywhere.
const { transform } = createRequire(import.meta.url)('@segment/actions-core') as {
  transform: (mapping: object, record: object) => Lead;
};

export type Lead = Readonly<Record<string, unknown>>;
export interface Rival {
  readonly name: string;
  readonly map: (record: BenchRecord) => Lead | Promise<Lead>;
}

export interface BenchRecord {
  readonly [name: string]: unknown;
  readonly id: string;
  readonly status: string;
  readonly event: { readonly id: string; readonly slug: string; readonly name: string };
  readonly attendee: {
    readonly email: string;
    readonly firstName: string;
    readonly lastName: string;
    readonly company?: string;
    readonly jobTitle: string;
    readonly country: string;
    readonly phone?: string;
    readonly locale?: string;
  };
  readonly source: { readonly utm_source?: string };
  readonly consents: readonly { readonly purpose: string; readonly granted: boolean; readonly at: string }[];
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** Records that differ, some without what is optional; read from JSON, as they come out of the change log. */
export function records(count: number): BenchRecord[] {
  const made = Array.from({ length: count }, (_, i) => {
    const at = new Date(Date.UTC(2026, 0, 1) + i * 61_000).toISOString();
    return {
      id: `0198f2d4-0000-7000-8000-${String(i).padStart(12, '0')}`,
      status: 'confirmed',
      event: { id: `e-${i % 7}`, slug: `summit-${i % 7}`, name: `Summit ${i % 7}` },
      attendee: {
        email: `Ada.Lovelace.${i}@Example.COM`,
        firstName: `Ada${i}`,
        lastName: `Lovelace-${i % 101}`,
        ...(i % 3 === 0 ? {} : { company: `Analytical Engines ${i % 29}` }),
        jobTitle: `Engineer ${i % 13}`,
        country: i % 2 === 0 ? 'DE' : 'FR',
        ...(i % 4 === 0 ? {} : { phone: `+4930${String(i).padStart(6, '0')}` }),
        ...(i % 5 === 0 ? {} : { locale: 'de-DE' }),
      },
      source: i % 2 === 0 ? { utm_source: 'newsletter' } : {},
      consents: [
        { purpose: 'terms', granted: true, at },
        { purpose: 'marketing', granted: true, at },
      ],
      createdAt: at,
      updatedAt: at,
    };
  });
  return JSON.parse(JSON.stringify(made)) as BenchRecord[];
}

export const byHand: Rival = {
  name: 'JavaScript by hand',
  map: ({ id, status, event, attendee, source, createdAt, updatedAt }) => {
    const lead: Record<string, unknown> = {
      Email: attendee.email.toLowerCase(),
      FirstName: attendee.firstName,
      LastName: attendee.lastName,
      Company: attendee.company ?? '[not provided]',
      Title: attendee.jobTitle,
      Country: attendee.country.toUpperCase(),
      LeadSource: 'Foyer',
      Full_Name__c: `${attendee.firstName} ${attendee.lastName}`,
      Event__c: event.name,
      Campaign__c: source.utm_source ?? 'direct',
      Language__c: attendee.locale ?? 'en',
      Registered_At__c: createdAt,
      Changed_At__c: updatedAt,
      Description: `${status}: ${event.name} (${event.slug}), registration ${id}`,
    };
    if (attendee.phone !== undefined) lead['Phone'] = attendee.phone;
    return lead;
  },
};

export function rivals(): Rival[] {
  return [celJs(), rudderStack(), segment(), jsonataEngine()];
}

function celJs(): Rival {
  const environment = new Environment({ unlistedVariablesAreDyn: true });
  const expressions: readonly (readonly [string, string])[] = [
    ['Email', 'attendee.email.lowerAscii()'],
    ['FirstName', 'attendee.firstName'],
    ['LastName', 'attendee.lastName'],
    ['Company', 'has(attendee.company) ? attendee.company : "[not provided]"'],
    ['Title', 'attendee.jobTitle'],
    ['Phone', 'has(attendee.phone) ? attendee.phone : null'],
    ['Country', 'attendee.country.upperAscii()'],
    ['LeadSource', '"Foyer"'],
    ['Full_Name__c', 'attendee.firstName + " " + attendee.lastName'],
    ['Event__c', 'event.name'],
    ['Campaign__c', 'has(source.utm_source) ? source.utm_source : "direct"'],
    ['Language__c', 'has(attendee.locale) ? attendee.locale : "en"'],
    ['Registered_At__c', 'createdAt'],
    ['Changed_At__c', 'updatedAt'],
    ['Description', 'status + ": " + event.name + " (" + event.slug + "), registration " + id'],
  ];
  const fields = expressions.map(([name, text]) => [name, environment.parse(text)] as const);
  return {
    name: 'cel-js evaluate',
    map: (record) => {
      const lead: Record<string, unknown> = {};
      for (const [name, evaluate] of fields) {
        const value: unknown = evaluate(record);
        if (value !== null) lead[name] = value;
      }
      return lead;
    },
  };
}

function rudderStack(): Rival {
  const engine = JsonTemplateEngine.createAsSync(`{
    Email: .attendee.email.toLowerCase(),
    FirstName: .attendee.firstName,
    LastName: .attendee.lastName,
    Company: .attendee.company ?? "[not provided]",
    Title: .attendee.jobTitle,
    Phone: .attendee.phone,
    Country: .attendee.country.toUpperCase(),
    LeadSource: "Foyer",
    Full_Name__c: .attendee.firstName + " " + .attendee.lastName,
    Event__c: .event.name,
    Campaign__c: .source.utm_source ?? "direct",
    Language__c: .attendee.locale ?? "en",
    Registered_At__c: .createdAt,
    Changed_At__c: .updatedAt,
    Description: .status + ": " + .event.name + " (" + .event.slug + "), registration " + .id
  }`);
  return { name: 'RudderStack template engine', map: (record) => engine.evaluate(record) as Lead };
}

function segment(): Rival {
  const orElse = (path: string, otherwise: string): object => ({
    '@if': { exists: { '@path': path }, then: { '@path': path }, else: otherwise },
  });
  const mapping = {
    Email: { '@case': { operator: 'lower', value: { '@path': '$.attendee.email' } } },
    FirstName: { '@path': '$.attendee.firstName' },
    LastName: { '@path': '$.attendee.lastName' },
    Company: orElse('$.attendee.company', '[not provided]'),
    Title: { '@path': '$.attendee.jobTitle' },
    Phone: { '@path': '$.attendee.phone' },
    Country: { '@case': { operator: 'upper', value: { '@path': '$.attendee.country' } } },
    LeadSource: 'Foyer',
    Full_Name__c: { '@template': '{{attendee.firstName}} {{attendee.lastName}}' },
    Event__c: { '@path': '$.event.name' },
    Campaign__c: orElse('$.source.utm_source', 'direct'),
    Language__c: orElse('$.attendee.locale', 'en'),
    Registered_At__c: { '@path': '$.createdAt' },
    Changed_At__c: { '@path': '$.updatedAt' },
    Description: { '@template': '{{status}}: {{event.name}} ({{event.slug}}), registration {{id}}' },
  };
  return { name: "Segment's mapping-kit", map: (record) => transform(mapping, record) };
}

function jsonataEngine(): Rival {
  const expression = jsonata(`{
    "Email": $lowercase(attendee.email),
    "FirstName": attendee.firstName,
    "LastName": attendee.lastName,
    "Company": $exists(attendee.company) ? attendee.company : "[not provided]",
    "Title": attendee.jobTitle,
    "Phone": attendee.phone,
    "Country": $uppercase(attendee.country),
    "LeadSource": "Foyer",
    "Full_Name__c": attendee.firstName & " " & attendee.lastName,
    "Event__c": event.name,
    "Campaign__c": $exists(source.utm_source) ? source.utm_source : "direct",
    "Language__c": $exists(attendee.locale) ? attendee.locale : "en",
    "Registered_At__c": createdAt,
    "Changed_At__c": updatedAt,
    "Description": status & ": " & event.name & " (" & event.slug & "), registration " & id
  }`);
  return { name: 'JSONata', map: (record) => expression.evaluate(record) as Promise<Lead> };
}
