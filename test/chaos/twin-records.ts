import type { LoggedPerson } from './clients.js';

export interface TwinRecord {
  readonly key: string;
  readonly email: string;
  readonly writes: number;
  readonly fields: Readonly<Record<string, unknown>>;
}

export interface Ledger {
  readonly mapping: string;
  readonly records: number;
  readonly states: Readonly<Record<string, number>>;
  readonly unaccounted: number;
  readonly changes: {
    readonly total: number;
    readonly settled: number;
    readonly superseded: number;
    readonly waiting: number;
  };
}

const PAGE = 1_000;

/** Every record that stands at a twin. */
export async function recordsAt(url: string, object: string, emailField: string): Promise<TwinRecord[]> {
  const records: TwinRecord[] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const answer: Response = await fetch(`${url}/_twin/records/${object}?limit=${PAGE}&cursor=${cursor}`);
    const page = (await answer.json()) as { items: Omit<TwinRecord, 'email'>[]; next: string | null };
    records.push(...page.items.map((item) => ({ ...item, email: String(item.fields[emailField]) })));
    cursor = page.next;
  }
  return records;
}

/** How often each key was created at a twin, by its journal: a second time is a duplicate, whatever stands there now. */
export async function createdTwice(url: string): Promise<string[]> {
  const created = new Map<string, number>();
  for (let cursor: string | null = ''; cursor !== null;) {
    const answer: Response = await fetch(`${url}/_twin/journal?limit=${PAGE}&cursor=${cursor}`);
    const page = (await answer.json()) as {
      items: { key: string; outcome: string }[];
      next: string | null;
    };
    for (const { key, outcome } of page.items) {
      if (outcome === 'created') created.set(key, (created.get(key) ?? 0) + 1);
    }
    cursor = page.next;
  }
  return [...created].filter(([, times]) => times > 1).map(([key]) => key);
}

/** The books of one mapping, held against what clients were told. */
export function ledgerFaults(ledger: Ledger, people: readonly LoggedPerson[]): string[] {
  const { mapping, states, unaccounted, changes, records } = ledger;
  const faults: string[] = [];
  const expect = (what: string, is: number, wanted: number): void => {
    if (is === wanted) return;
    faults.push(`the ledger of ${mapping} has ${is} ${what}, not ${wanted}: ${JSON.stringify(states)}`);
  };
  const consenting = people.filter(({ hasConsent }) => hasConsent).length;
  expect('unaccounted', unaccounted, 0);
  expect('waiting', changes.waiting, 0);
  expect('changes', changes.settled + changes.superseded + changes.waiting, changes.total);
  expect('records', records, people.length);
  expect('verified', states.verified ?? 0, consenting);
  expect('suppressed', states.suppressed ?? 0, people.length - consenting);
  return faults;
}
