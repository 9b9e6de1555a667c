import { describe, expect, it } from 'vitest';
import type { Write } from '../../src/pipelines/decide.js';
import type { Delivery } from '../../src/pipelines/delivery.js';
import { displacedBy } from '../../src/pipelines/displaced.js';
import { mappingFor, snapshot, STANDING, taken } from './standing.js';

interface Given {
  readonly write?: Partial<Write>;
  readonly previous?: Partial<Delivery> | null;
  readonly granted?: boolean;
  readonly whenNot?: string;
}

function displaced({ write, previous = {}, granted = true, whenNot = 'keep' }: Given): object[] {
  const stands = previous && { shadow: { ...STANDING.shadow, Status: 'Open' }, ...previous };
  const record = taken(4, snapshot('Ana', granted, {}), stands);
  const fields = { Name: 'ANA', Status: 'Closed', Zip: '1000' };
  const whole = { kind: 'write', taken: record, key: 'p-1', fields, goal: 'verified', reason: null } as const;
  return [...displacedBy({ ...whole, ...write }, mappingFor(whenNot), {})];
}

const STATUS = { field: 'Status', value: 'Open', why: null };
const ZIP = { field: 'Zip', value: null, why: 'unknown' };
const asAWhole = (why: string): object => ({ field: null, value: null, why });

describe('What a write displaces', () => {
  it('is what the version before would not write back: with its value, or as unknown', () => {
    expect(displaced({})).toEqual([STATUS, ZIP]);
    expect(displaced({ write: { fields: { Name: 'ANA' } } })).toEqual([]);
    expect(displaced({ write: { fields: { Status: 'Open' } } })).toEqual([]);
  });

  it('is every field of a record that the version before keeps as it stands', () => {
    expect(displaced({ granted: false })).toEqual([{ field: 'Name', value: 'Ana', why: null }, STATUS, ZIP]);
    expect(displaced({ granted: false, whenNot: '{ Status: Waiting }' })).toEqual([
      { field: 'Name', value: 'Ana', why: null },
      ZIP,
    ]);
  });

  it('is unknown altogether where nobody knows what stands there', () => {
    expect(displaced({ previous: { shadow: null } })).toEqual([{ ...ZIP, field: 'Status' }, ZIP]);
  });

  it('is a field of its first write that stands there', () => {
    const write = { fields: { Text: 'Other' } };
    expect(displaced({ write })).toEqual([{ field: 'Text', value: 'Example Ltd', why: null }]);
  });

  it('is all that is known of a record that is removed', () => {
    const write = { isRemoval: true, fields: {}, goal: 'suppressed' } as const;
    expect(displaced({ write })).toEqual([
      asAWhole('removed'),
      { field: 'Text', value: 'Example Ltd', why: null },
      STATUS,
    ]);
    expect(displaced({ write, granted: false, whenNot: 'delete' })).toEqual([]);
  });

  it('is the record itself where the version before would not have sent it, or under another key', () => {
    expect(displaced({ previous: null, granted: false })).toEqual([asAWhole('created')]);
    expect(displaced({ previous: null })).toEqual([]);
    expect(displaced({ write: { key: 'p-2' } })).toEqual([asAWhole('rekeyed')]);
    expect(displaced({ previous: { targetKey: 'p-0' } })).toEqual([]);
  });

  it('is nothing of a person who is erased', () => {
    expect(displaced({ write: { goal: 'erased' } })).toEqual([]);
  });
});
