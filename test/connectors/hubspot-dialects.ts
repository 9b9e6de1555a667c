/** What the contract suite must know of HubSpot's own calls for marketing events, by the protocol sheet. */
import { made } from './dialect-connector.js';
import type { Dialect } from './dialects.js';
import type { Seen } from './scripted-server.js';

type Json = Record<string, unknown>;

const connector = made('hubspot', () => ({ token: 'pat-1' }));
const inputsOf = (write: Seen): Json[] => (JSON.parse(write.body) as { inputs: Json[] }).inputs;
const wrap: Dialect['wrap'] = (results, errors) => ({
  status: 'COMPLETE',
  results,
  ...(errors ? { numErrors: errors.length, errors } : {}),
});
const partsOf = (answer: unknown) => answer as { results: (Json | null)[]; errors?: unknown };

const events: Dialect = {
  name: 'hubspot, marketing events',
  target: { object: 'marketing-events', operation: 'upsert', keyField: 'externalEventId' },
  most: 1,
  connector,
  around: (script) => script,
  isWrite: (seen) => seen.method === 'POST' && seen.path === '/marketing/v3/marketing-events/events/upsert',
  keysOf: (write) => inputsOf(write).map((input) => String(input.externalEventId)),
  success: (write) =>
    inputsOf(write).map((input) => ({
      objectId: `id-${String(input.externalEventId)}`,
      eventName: 'Summit',
    })),
  wrap,
  written: (key) => ({ kind: 'written', targetId: `id-${key}`, created: null }),
  confirms(_write, answer, _key, id) {
    const { results, errors } = partsOf(answer);
    const [only] = results;
    const isRefused = Array.isArray(errors) && errors.length > 0;
    return results.length === 1 && (only?.objectId ?? only?.id) === id && !isRefused;
  },
};

const participations: Dialect = {
  name: 'hubspot, participations',
  target: { object: 'participations', operation: 'upsert', keyField: 'participation' },
  connector,
  around: (script) => script,
  isWrite: (seen) => seen.method === 'POST' && seen.path.includes('/attendance/'),
  keysOf: (write) => inputsOf(write).map((input) => `e-1/${String(input.vid)}`),
  success: (write) => inputsOf(write).map(({ vid }) => ({ vid })),
  wrap,
  written: (key) => ({ kind: 'written', targetId: key, created: null }),
  record: (n) => ({
    traceId: `trace-${n}`,
    key: `e-1/${501 + n}`,
    targetId: null,
    fields: { attendanceState: 'REGISTERED', occurredAt: '2026-01-05T09:00:00.000Z' },
  }),
  confirms(_write, answer, key, id) {
    const { results, errors } = partsOf(answer);
    const vid = key.split('/')[1]!;
    const isRefused = JSON.stringify(errors ?? []).includes(`"${vid}"`);
    return id === key && !isRefused && results.some((result) => String(result?.vid) === vid);
  },
};

export const hubspotDialects: readonly Dialect[] = [events, participations];
