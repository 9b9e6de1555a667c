import { describe, expect, it } from 'vitest';
import type { Connector } from '../../src/connectors/connector.js';
import type { InTurn } from '../../src/pipelines/calls.js';
import type { PlannedRecord } from '../../src/pipelines/compare-record.js';
import { readUnknown } from '../../src/pipelines/read-unknown.js';

const records = Array.from({ length: 12 }, (_, i): PlannedRecord => {
  const place = { key: `${i}`, targetKey: `${i}`, targetId: null, slot: 0, version: 1 };
  return {
    ...place,
    kind: 'unknown',
    reason: null,
    write: { Name: 'Ana' },
    fields: [{ name: 'Name', to: 'Ana' }],
  };
});

describe('What nobody knows', () => {
  it('is read in several calls at once, as many as the destination lets in, each record by its own answer', async () => {
    let [underWay, most, inside] = [0, 0, 0];
    const connector = {
      readBackMax: () => 1,
      canonical: (_target: unknown, _field: string, value: unknown) => value,
      async readBack(_target: unknown, [asked]: readonly { key: string }[]) {
        most = Math.max(most, ++underWay);
        // The later it was asked, the sooner it answers.
        await new Promise((resolve) => setTimeout(resolve, 20 - Number(asked!.key)));
        underWay--;
        const Name = asked!.key === '3' ? 'Ana' : `was ${asked!.key}`;
        return { records: [{ targetId: asked!.key, fields: { Name } }], requestId: null };
      },
    } as unknown as Connector;
    const doors: (() => void)[] = [];
    const inTurn: InTurn = async (call) => {
      while (inside >= 3) await new Promise<void>((resolve) => doors.push(resolve));
      inside++;
      try {
        return await call({ signal: AbortSignal.timeout(5_000) });
      } finally {
        inside--;
        doors.shift()?.();
      }
    };
    const target = { object: 'Lead', operation: 'upsert', keyField: 'Id' } as const;
    const read = await readUnknown(records, { connector, target, inTurn });
    expect(most).toBe(3);
    expect(inside).toBe(0);
    expect(read.map(({ record }) => record.key)).toEqual(records.map(({ key }) => key));
    expect(read.map(({ record }) => record.fields[0]?.from)).toEqual(
      records.map(({ key }) => (key === '3' ? undefined : `was ${key}`)),
    );
    expect(read[3]!.record.kind).toBe('unchanged');
  });
});
