/** The connector for storage beside the twin of a bucket. */
import { afterAll, beforeAll, beforeEach } from 'vitest';
import { s3 } from '../../sandbox/s3/s3.js';
import { startTwin, type Twin } from '../../sandbox/twin.js';
import type { ObjectTarget, OutgoingRecord } from '../../src/connectors/connector.js';
import { createConnector } from '../../src/connectors/registry.js';

export const signal = new AbortController().signal;
export const target: ObjectTarget = {
  object: 'people',
  operation: 'upsert',
  keyField: 'id',
  mappingVersion: 3,
  fields: ['name', 'minutes', 'vip'],
};
const ACCOUNT = {
  bucket: 'foyer-drops',
  region: 'eu-central-1',
  accessKeyId: 'TWINACCESSKEY00000001',
  secretAccessKey: 'twin-secret-access-key',
};

let twin: Twin;

/** One twin for the tests of a file, empty before each. */
export function storageTwin(): void {
  beforeAll(async () => {
    twin = await startTwin(s3());
  });
  afterAll(() => twin.stop());
  beforeEach(async () => {
    await empty();
    await faults([]);
  });
}

export const empty = () => fetch(`${twin.url}/_twin`, { method: 'DELETE' });
export const connector = (settings: object = {}, now = () => new Date()) =>
  createConnector(
    {
      name: 'warehouse',
      connector: 'storage',
      settings: { endpoint: twin.url, ...ACCOUNT, prefix: 'out', callTimeoutMs: 1500, ...settings },
    },
    { now },
  );
export const faults = (list: object[]) =>
  fetch(`${twin.url}/_twin/faults`, { method: 'PUT', body: JSON.stringify({ faults: list, limits: false }) });

export interface Stored {
  readonly id: string;
  readonly writes: number;
  readonly fields: { readonly key: string; readonly text: string; readonly contentType: string };
}

export async function objects(): Promise<Record<string, Stored>> {
  const answer = await fetch(`${twin.url}/_twin/records/objects?limit=1000`);
  const { items } = (await answer.json()) as { items: Stored[] };
  return Object.fromEntries(items.map((item) => [item.fields.key, item]));
}

export const record = (
  n: number,
  fields: OutgoingRecord['fields'] = { name: `Given ${n}` },
): OutgoingRecord => ({
  traceId: `t-${n}`,
  key: `p-${n}`,
  targetId: null,
  fields,
  change: { seq: String(100 + n), at: new Date(Date.UTC(2026, 2, 1, 9, n)) },
});
export const records = (count: number) => Array.from({ length: count }, (_, n) => record(n));
export const idOf = ({ outcomes }: { outcomes: readonly unknown[] }, n = 0): string =>
  (outcomes[n] as { targetId: string }).targetId;
export const send = (list: readonly OutgoingRecord[], by = connector()) => by.send(target, list, { signal });
export const read = (key: string, targetId: string, fields = ['name', 'minutes', 'vip'], by = connector()) =>
  by.readBack(target, [{ key, targetId }], fields, { signal });

/** Somebody else changes an object there, or removes it. */
export const change = (key: string, text: string) =>
  fetch(recordAt(key), { method: 'PUT', body: JSON.stringify({ fields: { text } }) });
export const remove = (key: string) => fetch(recordAt(key), { method: 'DELETE' });
const recordAt = (key: string): string =>
  `${twin.url}/_twin/records/objects/${encodeURIComponent(`${ACCOUNT.bucket}/${key}`)}`;
