import { hash } from 'node:crypto';
import type pg from 'pg';
import type { Fields } from '../connectors/connector.js';
import { HeapBound } from '../platform/heap-bound.js';
import type { LongWork } from '../platform/http/long-answer.js';
import { type Comparing, compareRecord, type PlannedRecord } from './compare-record.js';
import { count, discount, noCounts, type PlanCounts } from './plan-counts.js';
import { type PlanSample, type ReasonCount, Samples } from './plan-samples.js';
import { withRestores } from './displaced-notes.js';
import { type Need, readParents } from './parents.js';
import { type Reader, readUnknown } from './read-unknown.js';
import { type StreamedRecord, streamRecords } from './stream-records.js';
import { type DuplicateKey, type SpokenFor, TargetKeys } from './target-keys.js';

/** What is compared with what. */
export interface Comparison extends Comparing {
  /** The mappings whose deliveries must be there first. */
  readonly needs: readonly Need[];
  /** Versions that an undo takes back: what is still to be put back there goes with the writes. */
  readonly undone: readonly number[];
}

export interface Planning extends Comparison {
  readonly id: string;
  readonly position: string;
  /** Asks the backend for what nobody knows; null where it may not be asked. */
  readonly reader: Reader | null;
}

/** Who waits for it. */
export type Waiting = Pick<LongWork, 'signal' | 'note'>;

export interface Planned {
  readonly counts: PlanCounts;
  readonly samples: readonly PlanSample[];
  readonly reasons: readonly ReasonCount[];
  readonly duplicates: readonly DuplicateKey[];
  /** How many records are written in each lane. */
  readonly writes: readonly number[];
}

/**
 * Goes once over all records of the stream, in memory that does not grow with them, and notes what an apply will have
 * to deliver. The caller has put the plan's own row there, in this transaction.
 * @throws what the signal was ended with
 */
export async function planRecords(
  client: pg.ClientBase,
  planning: Planning,
  { signal, note }: Waiting,
): Promise<Planned> {
  const { to, position } = planning;
  const counts = noCounts();
  const samples = new Samples(to);
  const targetKeys = new TargetKeys(client, to.stream);
  const heap = new HeapBound();
  const writes = new Array<number>(to.lanes).fill(0);
  let written: Promise<unknown> = Promise.resolve();
  for await (const page of streamRecords(client, to.stream, position, to.name)) {
    signal.throwIfAborted();
    const compared = await comparePage(client, page, planning);
    const read = planning.reader
      ? await readUnknown(compared, planning.reader)
      : compared.map((record) => ({ record, known: null }));
    read.forEach(({ record }, i) => {
      const { isSent, version, answered } = page[i]!;
      counts.records += 1;
      if (isSent) counts.standing += 1;
      if (version > (answered ?? 0)) counts.underWay += 1;
      count(counts, record);
      samples.note(record);
      if (record.write) writes[record.slot % to.lanes]! += 1;
    });
    // Written while the next page is compared, and one page behind at most: what waits stays small.
    await written;
    written = inTime(Promise.all([targetKeys.note(compared), keep(client, planning.id, read)]));
    heap.keep();
    note(counts.records);
  }
  await written;
  signal.throwIfAborted();
  const { spokenFor, ...duplicates } = await targetKeys.meetings();
  counts.duplicates = duplicates.count;
  for (const record of spokenFor) {
    discount(counts, record);
    samples.forget(record.key);
    if (record.isWritten) writes[record.slot % to.lanes]! -= 1;
  }
  await forget(client, planning.id, spokenFor);
  return {
    counts,
    samples: samples.list(),
    reasons: samples.reasons(),
    duplicates: duplicates.samples,
    writes,
  };
}

/** An apply has nothing to deliver of what another record speaks for. */
async function forget(client: pg.ClientBase, plan: string, records: readonly SpokenFor[]): Promise<void> {
  if (records.length === 0) return;
  await client.query('delete from plan_records where plan = $1 and key = any($2)', [
    plan,
    records.map(({ key }) => key),
  ]);
}

/**
 * A page with the parents of its records and what is still to be put back there, where there may be any: only then are
 * they all made at once.
 */
export async function comparePage(
  client: pg.ClientBase,
  page: readonly StreamedRecord[],
  planning: Comparison,
): Promise<PlannedRecord[]> {
  const { needs, undone, to } = planning;
  if (needs.length + undone.length === 0)
    return page.map((record) => compareRecord(record.taken(), planning));
  const read = page.map((record) => record.taken());
  const taken = await withRestores(client, to.name, undone, read);
  const parents = await readParents(client, taken, to, needs);
  return taken.map((record) => compareRecord(record, planning, parents.get(record.key)));
}

/** Two writes of the same fields and values have the same digest, in whatever order they were made. */
export function digestOf(write: Fields): string {
  const sorted = Object.entries(write).sort(([a], [b]) => (a < b ? -1 : 1));
  return hash('sha256', JSON.stringify(sorted), 'base64url').slice(0, 22);
}

/** The arrays are written out here: what they hold needs no quotes, and looking for that costs as much as the insert. */
async function keep(
  client: pg.ClientBase,
  plan: string,
  read: readonly { readonly record: PlannedRecord; readonly known: Fields | null }[],
): Promise<void> {
  const named = read.filter(({ record }) => record.kind !== 'unchanged');
  if (named.length === 0) return;
  const of = (column: (record: PlannedRecord) => string | number): string =>
    `{${named.map(({ record }) => column(record)).join()}}`;
  const isAnyKnown = named.some(({ known }) => known !== null);
  await client.query({
    name: 'plan-keep',
    text: `insert into plan_records (plan, key, slot, version, kind, digest, known)
           select $1, r.* from unnest($2::uuid[], $3::smallint[], $4::integer[], $5::text[], $6::text[], $7::text[]) r`,
    values: [
      plan,
      of(({ key }) => key),
      of(({ slot }) => slot),
      of(({ version }) => version),
      of(({ kind }) => kind),
      of(({ write }) => (write ? digestOf(write) : 'null')),
      // Shorter than the others, it is filled up with nulls.
      isAnyKnown ? named.map(({ known }) => known && JSON.stringify(known)) : '{}',
    ],
  });
}

/** Whoever awaits it later hears of its failure; until then nobody has to. */
function inTime<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}
