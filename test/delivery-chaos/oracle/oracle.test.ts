import { beforeEach, describe, expect, it } from 'vitest';
import { judge } from './judge.mjs';

const AT = Date.parse('2026-06-01T10:00:00.000Z');
const at = (ms: number): string => new Date(AT + ms).toISOString();

/** Two people of whom one may be written to, changed twice, at one destination, as it should be. */
function good() {
  const createdAt = '2026-05-01T09:00:00.000Z';
  const registrations = [
    { slug: 'beacon', createdAt, isCancelled: false },
    { slug: 'alpine', createdAt: '2026-05-02T09:00:00.000Z', isCancelled: false },
  ];
  const ana = {
    id: 'p-1',
    email: 'ana@example.com',
    hasConsent: true,
    changes: 2,
    jobTitle: 'Change 2',
    company: 'Example',
    country: 'ES',
    registrations,
  };
  const ben = { ...ana, id: 'p-2', email: 'ben@example.com', hasConsent: false, changes: 1 };
  const fields: Record<string, unknown> = {
    email: 'ana@example.com',
    foyerPersonId: 'p-1',
    firstName: 'Ana',
    lastName: 'Ruiz',
    company: 'Example',
    title: 'Change 2',
    country: 'ES',
    foyerStatus: 'registered',
    foyerEvents: 'alpine; beacon',
    foyerEventCount: 2,
    foyerRegisteredAt: '2026-05-01T09:00:00Z',
  };
  const write = (change: number, ms: number, outcome: string) => ({
    key: 'ana@example.com',
    outcome,
    at: at(ms),
    request: { title: `Change ${change}` },
    response: null as object | null,
  });
  const call = (ms: number, records: number) => {
    return {
      at: AT + ms,
      path: '/rest/v1/leads.json',
      records,
      isThrottled: false,
      fault: null as string | null,
    };
  };
  const marketo = {
    records: [{ key: 'ana@example.com', fields }],
    journal: [write(1, 0, 'created'), write(2, 1_000, 'updated')],
    calls: [call(0, 1), call(500, 0), call(1_000, 1), call(1_500, 0)],
    ledger: {
      records: 2,
      states: { verified: 1, suppressed: 1 } as Record<string, number>,
      unaccounted: 0,
      changes: { total: 3, settled: 3, superseded: 0, waiting: 0 },
    },
    batchMax: 1,
    windows: [{ calls: 4, ms: 10_000 }],
    callsRatioMax: 1 as number | null,
  };
  return {
    evidence: {
      people: [ana, ben],
      freezes: [] as { from: number; to: number }[],
      destinations: { marketo },
    },
    write,
    call,
  };
}

describe('The oracle of the deliveries', () => {
  let { evidence, write, call } = good();
  const faults = (): string[] => judge(evidence).faults;
  beforeEach(() => {
    ({ evidence, write, call } = good());
  });

  it('finds nothing where nothing is wrong', () => {
    const { faults: found, figures } = judge(evidence);
    expect(found).toEqual([]);
    expect(figures.marketo).toMatchObject({ records: 1, late: 0, calls: 4, least: 4, ratio: 1 });
  });

  it('sees a lost record', () => {
    evidence.destinations.marketo.records = [];
    expect(faults()).toEqual(['marketo: 0 records of ana@example.com, not one']);
  });

  it('sees two records of one person', () => {
    const { records } = evidence.destinations.marketo;
    records.push(records[0]!);
    expect(faults()).toEqual(['marketo: 2 records of ana@example.com, not one']);
  });

  it('sees a record that was made twice, though one stands', () => {
    evidence.destinations.marketo.journal[1] = write(2, 1_000, 'created');
    expect(faults()).toEqual(['marketo: ana@example.com was created more than once']);
  });

  it('sees a record of somebody who may not be written to', () => {
    const { records } = evidence.destinations.marketo;
    records.push({ ...records[0]!, key: 'ben@example.com' });
    expect(faults()).toEqual(['marketo: a record of ben@example.com, who is not to stand there']);
  });

  it.each([
    ['title', 'Change 1'],
    ['foyerStatus', 'cancelled'],
    ['foyerEvents', 'beacon; alpine'],
    ['foyerEventCount', 1],
    ['foyerRegisteredAt', '2026-05-02T09:00:00Z'],
    ['company', null],
  ])('sees that %s is not what the last change made it', (field, value) => {
    evidence.destinations.marketo.records[0]!.fields[field] = value;
    expect(faults()).toHaveLength(1);
    expect(faults()[0]).toContain(`${field} of ana@example.com is "`);
  });

  it('sees an older change written after a newer one, also where the newest stands in the end', () => {
    const { marketo } = evidence.destinations;
    marketo.journal = [write(2, 0, 'created'), write(1, 1_000, 'updated'), write(2, 2_000, 'updated')];
    expect(faults()).toEqual(['marketo: change 1 of ana@example.com was written after change 2']);
  });

  it('takes what a stopped worker wrote late, if it was mended', () => {
    const { marketo } = evidence.destinations;
    evidence.freezes = [{ from: AT, to: AT + 900 }];
    marketo.journal = [write(2, 0, 'created'), write(1, 1_000, 'updated'), write(2, 2_000, 'updated')];
    expect(judge(evidence)).toMatchObject({ faults: [], figures: { marketo: { late: 1 } } });
    marketo.journal.pop();
    expect(faults()).toEqual([
      'marketo: change 1 of ana@example.com was written late and nothing was written after it',
    ]);
  });

  it('takes no refused write for a stored one', () => {
    const { marketo } = evidence.destinations;
    marketo.journal = [write(2, 0, 'created'), write(1, 1_000, 'rejected'), write(1, 1_500, 'throttled')];
    marketo.calls.splice(2);
    expect(faults()).toEqual([]);
  });

  it('takes a write without an answer for a stored one, unless the backend refused the record', () => {
    const { marketo } = evidence.destinations;
    const unanswered = write(1, 1_000, 'unanswered');
    marketo.journal = [write(2, 0, 'created'), unanswered];
    expect(faults()).toEqual(['marketo: change 1 of ana@example.com was written after change 2']);
    marketo.journal = [write(2, 0, 'created'), { ...unanswered, response: { status: 'skipped' } }];
    marketo.calls.splice(2);
    expect(faults()).toEqual([]);
  });

  it('takes nothing for the work of a stopped worker that came long after it went on', () => {
    const { marketo } = evidence.destinations;
    evidence.freezes = [{ from: AT, to: AT + 900 }];
    marketo.journal = [write(2, 0, 'created'), write(1, 4_000, 'updated'), write(2, 5_000, 'updated')];
    expect(faults()).toEqual(['marketo: change 1 of ana@example.com was written after change 2']);
  });

  it('sees more calls in a window than are allowed', () => {
    evidence.destinations.marketo.windows = [{ calls: 3, ms: 1_600 }];
    expect(faults()).toEqual(['marketo: 4 calls within 1600 ms, where 3 may be']);
  });

  it('sees a call that the backend refused for its rate, unless a fault did', () => {
    const { marketo } = evidence.destinations;
    marketo.callsRatioMax = null;
    marketo.calls.push({ ...call(20_000, 1), isThrottled: true, fault: 'throttle' });
    expect(faults()).toEqual([]);
    marketo.calls.push({ ...call(40_000, 1), isThrottled: true });
    expect(faults()).toEqual(['marketo: 1 calls went beyond what the backend allows']);
  });

  it('sees more calls than were needed, and counts no login among them', () => {
    const { marketo } = evidence.destinations;
    marketo.calls.push({ ...call(30_000, 0), path: '/identity/oauth/token' });
    expect(faults()).toEqual([]);
    marketo.calls.push(call(30_000, 0));
    expect(faults()).toEqual(['marketo: 5 calls where 4 would have done: 1.25 times the least']);
  });

  it.each([
    ['unaccounted', { unaccounted: 1 }, '1 unaccounted, not 0'],
    ['records', { records: 1 }, '1 records, not 2'],
    ['states', { states: { verified: 1, rejected: 1 } }, '0 suppressed, not 1'],
    ['verified', { states: { sent: 1, suppressed: 1 } }, '0 verified, not 1'],
    ['changes', { changes: { total: 2, settled: 2, superseded: 1, waiting: 0 } }, '2 changes, not 3'],
    ['waiting', { changes: { total: 3, settled: 3, superseded: 0, waiting: 1 } }, '1 waiting, not 0'],
    [
      'settled',
      { changes: { total: 3, settled: 2, superseded: 0, waiting: 0 } },
      '2 settled and superseded changes, not 3',
    ],
  ])('sees books that do not balance: %s', (_, wrong, sentence) => {
    Object.assign(evidence.destinations.marketo.ledger, wrong);
    expect(faults()).toEqual([`marketo: the ledger has ${sentence}`]);
  });
});
