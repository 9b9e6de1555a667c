/** What the contract suite must know of each backend: hand-written from the protocol sheets, sharing no code with src. */
import type { ServerResponse } from 'node:http';
import { expect } from 'vitest';
import type {
  Connector,
  ObjectTarget,
  Outcome,
  OutgoingRecord,
  SendResult,
} from '../../src/connectors/connector.js';
import { dataverseDialect } from './dataverse-dialect.js';
import { made, withToken } from './dialect-connector.js';
import { hubspotDialects } from './hubspot-dialects.js';
import { memberDialects } from './member-dialects.js';
import { restDialects } from './rest-dialects.js';
import { storageDialects } from './storage-dialects.js';
import type { Script, ScriptedServer, Seen } from './scripted-server.js';

export interface Dialect {
  readonly name: string;
  readonly target: ObjectTarget;
  /** Most records in one of its calls, where that is less than the suite sends. */
  readonly most?: number;
  connector(server: Pick<ScriptedServer, 'baseUrl'>, settings?: object): Connector;
  /** Answers what is not a write (tokens) and leaves the writes to the script. */
  around(script: Script): Script;
  keysOf(write: Seen): string[];
  /** The body of a full success, with ids made of the keys. */
  success(write: Seen): unknown[];
  wrap(results: unknown[], errors?: unknown[]): unknown;
  /** How an answer goes over the wire, and back; absent: as JSON. */
  readonly wire?: {
    readonly type: string;
    encode(answer: unknown): string;
    decode(text: string): unknown;
    /** What this answer says in its head. */
    headers?(text: string): Record<string, string>;
  };
  isWrite: (seen: Seen) => boolean;
  /** The n-th record that the suite sends; absent: a person. */
  record?(n: number): OutgoingRecord;
  /** What a full success says of a record; absent: that it was created, with an id made of its key. */
  written?(key: string, write: Seen): Outcome;
  /** Does this answer to this write confirm that `key` was written with `id`? The test's own reading of the sheet. */
  confirms(write: Seen, answer: unknown, key: string, id: string): boolean;
}

interface HubspotInput {
  id: string;
  objectWriteTraceId: string;
  properties: Record<string, string>;
}

const hubspotInputs = (write: Seen): HubspotInput[] =>
  (JSON.parse(write.body) as { inputs: HubspotInput[] }).inputs;
const salesforceRecords = (write: Seen): Record<string, string>[] =>
  (JSON.parse(write.body) as { records: Record<string, string>[] }).records;

const hubspot: Dialect = {
  name: 'hubspot',
  target: { object: 'contacts', operation: 'upsert', keyField: 'email' },
  connector: made('hubspot', () => ({ token: 'pat-1' })),
  around: (script) => script,
  isWrite: (seen) => seen.path.endsWith('/batch/upsert'),
  keysOf: (write) => hubspotInputs(write).map((input) => input.id),
  success: (write) =>
    hubspotInputs(write).map((input) => ({ id: `id-${input.id}`, properties: input.properties, new: true })),
  wrap: (results, errors) => ({
    status: 'COMPLETE',
    results,
    ...(errors ? { numErrors: errors.length, errors } : {}),
  }),
  confirms(write, answer, key, id) {
    const inputs = hubspotInputs(write);
    const traceId = inputs.find((input) => input.id === key)!.objectWriteTraceId;
    const { results, errors } = answer as {
      results: (Record<string, unknown> | null)[];
      errors?: Record<string, unknown>[];
    };
    const isRefused = (Array.isArray(errors) ? errors : []).some((error) =>
      JSON.stringify(error).includes(JSON.stringify(traceId)),
    );
    const belongs = (result: Record<string, unknown> | null, input: HubspotInput): boolean => {
      if (result === null) return false;
      if (typeof result.objectWriteTraceId === 'string')
        return result.objectWriteTraceId === input.objectWriteTraceId;
      const properties = (result.properties ?? {}) as Record<string, unknown>;
      return JSON.stringify(properties.email ?? '').toLowerCase() === JSON.stringify(input.id).toLowerCase();
    };
    const input = inputs.find((one) => one.id === key)!;
    const isNamed = results.some((result) => belongs(result, input) && result!.id === id);
    // By elimination: everything else in the answer is somebody else's.
    const nobodys = results.filter(
      (result) => !inputs.some((one) => belongs(result, one)) && result?.new !== undefined,
    );
    const isLeft =
      nobodys.length === 1 && nobodys[0]!.id === id && !results.some((result) => belongs(result, input));
    return !isRefused && (isNamed || isLeft);
  },
};

const salesforce: Dialect = {
  name: 'salesforce',
  target: { object: 'Lead', operation: 'upsert', keyField: 'Foyer_Person_Id__c' },
  connector: made('salesforce', () => ({ clientId: 'id', clientSecret: 'secret' })),
  around: withToken('/services/oauth2/token', (host) => ({
    instance_url: `http://${host}`,
    token_type: 'Bearer',
  })),
  isWrite: (seen) => seen.method === 'PATCH',
  keysOf: (write) => salesforceRecords(write).map((record) => record.Foyer_Person_Id__c!),
  success: (write) =>
    salesforceRecords(write).map((record) => ({
      id: `id-${record.Foyer_Person_Id__c!}`,
      success: true,
      errors: [],
      created: true,
    })),
  wrap: (results) => results,
  confirms(write, answer, key, id) {
    const records = salesforceRecords(write);
    if (!Array.isArray(answer) || answer.length !== records.length) return false;
    const place = records.findIndex((record) => record.Foyer_Person_Id__c === key);
    const result = answer[place] as Record<string, unknown> | null;
    return result?.success === true && result.id === id;
  },
};

const marketoInput = (write: Seen): Record<string, string>[] =>
  (JSON.parse(write.body) as { input: Record<string, string>[] }).input;

const marketo: Dialect = {
  name: 'marketo',
  target: { object: 'leads', operation: 'upsert', keyField: 'email' },
  connector: made('marketo', () => ({ clientId: 'id', clientSecret: 'secret' })),
  around: withToken('/identity/oauth/token', () => ({
    token_type: 'bearer',
    expires_in: 3599,
    scope: 'api',
  })),
  isWrite: (seen) => seen.method === 'POST' && seen.path === '/rest/v1/leads.json',
  keysOf: (write) => marketoInput(write).map((lead) => lead.email!),
  success: (write) => marketoInput(write).map((lead) => ({ id: `id-${lead.email!}`, status: 'created' })),
  wrap: (result) => ({ requestId: 'e42b#14272d07d78', success: true, result }),
  confirms(write, answer, key, id) {
    const leads = marketoInput(write);
    const { success, result } = answer as { success?: unknown; result?: unknown };
    if (success !== true || !Array.isArray(result) || result.length !== leads.length) return false;
    const place = leads.findIndex((lead) => lead.email === key);
    const { id: given, status } = (result[place] ?? {}) as Record<string, unknown>;
    return given === id && (status === 'created' || status === 'updated');
  },
};

export const dialects: readonly Dialect[] = [
  hubspot,
  salesforce,
  marketo,
  dataverseDialect,
  ...hubspotDialects,
  ...memberDialects,
  ...restDialects,
  ...storageDialects,
];

/** An answer as it goes over the wire. */
export const encoded = (dialect: Dialect, answer: unknown): string =>
  dialect.wire ? dialect.wire.encode(answer) : JSON.stringify(answer);

export function answer(dialect: Dialect, response: ServerResponse, value: unknown): void {
  const text = encoded(dialect, value);
  response.writeHead(200, headersOf(dialect, text)).end(text);
}

export function headersOf({ wire }: Dialect, text: string): Record<string, string> {
  return { 'content-type': wire?.type ?? 'application/json', ...wire?.headers?.(text) };
}

/** What it says; undefined where it cannot be read. */
export function decoded(dialect: Dialect, text: string): unknown {
  try {
    return dialect.wire ? dialect.wire.decode(text) : JSON.parse(text);
  } catch {
    return undefined;
  }
}

export function person(n: number): OutgoingRecord {
  return {
    traceId: `trace-${n}`,
    key: `person${n}@example.com`,
    targetId: null,
    fields: { firstname: `Given${n}`, lastname: `Family${n}` },
    change: { seq: String(n + 1), at: new Date('2026-03-01T09:00:00.000Z') },
  };
}

export const persons = (count: number): OutgoingRecord[] =>
  Array.from({ length: count }, (_, n) => person(n));

/** Those that the suite sends in this dialect. */
export const recordsOf = (dialect: Dialect, count: number): OutgoingRecord[] =>
  Array.from({ length: count }, (_, n) => dialect.record?.(n) ?? person(n));

export const kinds = (result: SendResult): string[] => result.outcomes.map((outcome) => outcome.kind);

export function expectConfirmed(
  dialect: Dialect,
  outcomes: readonly { kind: string; targetId?: string | null }[],
  answers: readonly [Seen, unknown][],
): void {
  outcomes.forEach((outcome, index) => {
    if (outcome.kind !== 'written') return;
    const { key } = recordsOf(dialect, outcomes.length)[index]!;
    const isConfirmed = answers.some(
      ([write, answer]) =>
        dialect.keysOf(write).includes(key) && dialect.confirms(write, answer, key, outcome.targetId!),
    );
    expect(isConfirmed, `${key} is said to be written, but no answer says so`).toBe(true);
  });
}
