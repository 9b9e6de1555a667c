import { describe, expect, it } from 'vitest';
import { decide, type Decision } from '../../src/pipelines/decide.js';
import type { Taken } from '../../src/pipelines/delivery.js';
import { mappingFor, snapshot, taken } from './standing.js';

const NOW = new Date('2026-03-01T12:00:00Z');
const EARLIER = new Date(NOW.getTime() - 1);
const LATER = new Date(NOW.getTime() + 60_000);

function decision(record: Taken, whenNot = '{ Status: Closed }'): Decision {
  return decide(record, mappingFor(whenNot), NOW);
}

function settled(what: Decision): { state: string; code: string | undefined } | string {
  if (what.kind !== 'settle') return what.kind;
  return { state: what.settlement.state, code: what.settlement.reason?.code };
}

describe('A record that matches', () => {
  it('is written whole the first time', () => {
    expect(decision(taken(1, snapshot('Ana'), null))).toMatchObject({
      kind: 'write',
      key: 'p-1',
      fields: { Name: 'Ana', Text: 'Example Ltd' },
      goal: 'verified',
    });
  });

  it('is written in the fields that differ from what stands there', () => {
    expect(decision(taken(4, snapshot('Bea'), {}))).toMatchObject({ kind: 'write', fields: { Name: 'Bea' } });
  });

  it('is settled without a call where everything stands there already', () => {
    expect(settled(decision(taken(4, snapshot('Ana'), {})))).toEqual({ state: 'verified', code: undefined });
  });

  it('is written whole where nobody knows what stands there', () => {
    const record = taken(4, snapshot('Ana'), { shadow: null, state: 'retrying', nextAttemptAt: EARLIER });
    expect(decision(record)).toMatchObject({ kind: 'write', fields: { Name: 'Ana', Text: 'Example Ltd' } });
  });

  it('leaves a field alone that belongs to its first write', () => {
    expect(decision(taken(4, snapshot('Bea', true, { company: 'Other Ltd' }), {}))).toMatchObject({
      fields: { Name: 'Bea' },
    });
  });
});

describe('A version', () => {
  it('that has its answer already is not taken up again', () => {
    expect(decision(taken(3, snapshot('Bea'), {})).kind).toBe('ignore');
    expect(decision(taken(2, snapshot('Bea'), {})).kind).toBe('ignore');
  });

  it('that comes while its record waits for another attempt joins it and makes no call', () => {
    const waiting = { state: 'retrying', version: 2, wanted: 3, tries: 4, nextAttemptAt: LATER } as const;
    const joined = decision(taken(5, snapshot('Bea'), waiting));
    expect(joined).toMatchObject({
      kind: 'settle',
      settlement: { state: 'retrying', tries: 4, nextAttemptAt: LATER, taken: { version: 5 } },
    });
    expect(decision(taken(3, snapshot('Bea'), waiting)).kind).toBe('ignore');
  });

  it('goes out when the time of its record has come', () => {
    const due = { state: 'retrying', version: 2, wanted: 3, nextAttemptAt: EARLIER } as const;
    expect(decision(taken(5, snapshot('Bea'), due))).toMatchObject({
      kind: 'write',
      fields: { Name: 'Bea' },
    });
  });

  it('that was written and falls due is read once more, not written', () => {
    for (const state of ['sent', 'verified', 'retained'] as const) {
      const due = taken(3, snapshot('Ana'), { state, nextAttemptAt: EARLIER, recheckAt: EARLIER });
      expect(decision(due)).toMatchObject({ kind: 'check', key: 'p-1' });
    }
  });

  it('that overtakes a read-back is written instead', () => {
    const due = taken(4, snapshot('Bea'), { state: 'sent', nextAttemptAt: EARLIER });
    expect(decision(due).kind).toBe('write');
  });
});

describe('A record that does not match', () => {
  it('is suppressed where nothing of it was ever sent', () => {
    const outcome = settled(decision(taken(1, snapshot('Ana', false), null)));
    expect(outcome).toEqual({ state: 'suppressed', code: 'when-false' });
  });

  it('gets the fields of whenNot where it was sent before, and is retained then', () => {
    expect(decision(taken(4, snapshot('Ana', false), {}))).toMatchObject({
      kind: 'write',
      fields: { Status: 'Closed' },
      goal: 'retained',
      reason: { code: 'when-false' },
    });
  });

  it('counts as sent before also where the sending was never answered', () => {
    const record = taken(4, snapshot('Ana', false), {
      state: 'retrying',
      shadow: null,
      nextAttemptAt: EARLIER,
    });
    expect(decision(record)).toMatchObject({ kind: 'write', goal: 'retained' });
  });

  it('is left as it stands where whenNot keeps it', () => {
    const outcome = settled(decision(taken(4, snapshot('Ana', false), {}), 'keep'));
    expect(outcome).toEqual({ state: 'retained', code: 'when-false' });
  });
});
