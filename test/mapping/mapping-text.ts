import { compileMapping } from '../../src/mapping/compile-mapping.js';
import type { CompiledMapping } from '../../src/mapping/compiled-mapping.js';
import type { Diagnostic } from '../../src/mapping/diagnostic.js';
import { parseMapping } from '../../src/mapping/parse-mapping.js';
import { parsePicklist, type Picklist } from '../../src/mapping/picklist.js';
import type { TargetMetadata } from '../../src/mapping/target-metadata.js';

/** A target with one field of each kind. */
export const target: TargetMetadata = {
  destination: 'crm',
  object: 'Thing',
  fields: {
    Id__c: { type: 'string', length: 20, unique: true },
    Email: { type: 'email', length: 80, unique: true },
    Name: { type: 'string', length: 10 },
    Text: { type: 'string', length: 200 },
    Whole: { type: 'int' },
    Fraction: { type: 'double' },
    Flag: { type: 'bool' },
    Day: { type: 'date' },
    Time: { type: 'datetime' },
    Status: { type: 'picklist', values: ['Open', 'Closed', 'Waiting'] },
    Source: { type: 'picklist', values: ['Web'], restricted: false },
    Made: { type: 'datetime', writable: false },
  },
};

export const statusTable: Picklist = parsePicklist(
  'picklists/status.yaml',
  'picklist: status\nvalues: { confirmed: Open, pending: Open, offered: Waiting, waitlisted: Waiting, cancelled: Closed, erased: Closed }\n',
).picklist!;

export interface Compiled {
  readonly mapping: CompiledMapping | null;
  readonly diagnostics: readonly Diagnostic[];
}

export function compile(text: string, metadata: TargetMetadata | null = target): Compiled {
  const picklists = new Map([[statusTable.name, statusTable]]);
  return compileMapping(parseMapping('mappings/crm.thing.yaml', text), { target: metadata, picklists });
}

/** Sound in every part; the tests break it in one place at a time. */
export const sound = `mapping: crm.thing
stream: person
destination: crm
object: Thing
operation: upsert
when: registrations.exists(r, r.status == "confirmed") && consent.granted("marketing")
whenNot: { Status: Closed }
key: { field: Id__c, value: person.id }
match: { by: [Name], onMany: reject }
needs: [crm.campaign]
let:
  latest: registrations.maxBy(r, r.createdAt)
fields:
  Name: { value: person.firstName, truncate: 10 }
  Text: { value: person.company, default: none, owner: firstWrite }
  Status: { picklist: status, value: latest.status }
  Whole: registrations.size()
lanes: 2
limits: { changed: 5%, nulled: 0, created: 100 }
examples:
  - name: it works
    given:
      person: { id: p-1, firstName: Ana }
      registrations: [{ status: confirmed, createdAt: '2026-01-01T00:00:00.000Z' }]
      consents: [{ purpose: marketing, granted: true, at: '2026-01-01T00:00:00.000Z' }]
    expect: { Name: Ana, Text: none, Status: Open, Whole: 1 }
`;

export const consented = [{ purpose: 'marketing', granted: true, at: '2026-01-01T00:00:00.000Z' }];

/** A mapping of one field. `spec` is YAML: an expression in quotes, or `{ value: …, missing: … }`. */
export function oneField(spec: string, field = 'Text', lets = ''): CompiledMapping {
  const { mapping, diagnostics } = compile(`mapping: crm.thing
stream: person
destination: crm
object: Thing
operation: upsert
when: consent.granted("marketing")
whenNot: keep
key: { field: Id__c, value: person.id }
${lets}
fields:
  ${field}: ${spec}
`);
  if (mapping) return mapping;
  throw new Error(diagnostics.map(({ code, message }) => `${code}: ${message}`).join('\n'));
}

/** What one field becomes for a record: its value, `absent`, or the code of the rejection. */
export function fieldOf(mapping: CompiledMapping, snapshot: object): unknown {
  const evaluation = mapping.evaluate({ registrations: [], consents: consented, ...snapshot });
  if (evaluation.kind === 'rejected') return { rejected: evaluation.reason.code };
  if (evaluation.kind === 'notMatching') return 'notMatching';
  const [value] = Object.values(evaluation.fields);
  return value === undefined ? 'absent' : value;
}
