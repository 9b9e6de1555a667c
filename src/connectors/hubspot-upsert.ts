/**
 * Who is who in HubSpot's answer to a batch upsert. Results come in any order and errors carry no position:
 * 1. an error belongs to the records whose trace ids its context names;
 * 2. a result belongs to the record whose trace id it repeats, else whose key it shows in the unique property,
 *    else whose id at HubSpot we knew;
 * 3. what is left of each kind belongs together where it is one record and one error without a trace id, or one
 *    record and one result of an upsert (HubSpot shows the primary e-mail of a contact found by a secondary one);
 * 4. a record claimed twice, by a result and an error or by two ids, is unanswered;
 * 5. a record claimed by nobody is untold, to be sent again in a smaller batch, where errors or results are left
 *    that may be its own; else it is unanswered, as it is beside anything that cannot be read: that may be its own.
 */
import { type Failure, unconfirmed } from './call-outcome.js';
import type { ObjectTarget, Outcome, OutgoingRecord } from './connector.js';
import { hubspotCanonical } from './hubspot-canonical.js';
import { type HubspotError, meaningOf } from './hubspot-errors.js';

interface UpsertResult {
  readonly id: string;
  readonly isNew: boolean | null;
  readonly traceId: string | null;
  readonly properties: Readonly<Record<string, unknown>>;
}

export function outcomesOf(
  batch: { readonly results: readonly unknown[]; readonly errors?: unknown },
  status: number,
  target: ObjectTarget,
  records: readonly OutgoingRecord[],
): (Outcome | undefined)[] {
  const results = batch.results.map(resultIn).filter((result) => result !== null);
  const given: readonly unknown[] = Array.isArray(batch.errors) ? batch.errors : [];
  const errors = given.filter(isError);
  const isRead = results.length === batch.results.length && errors.length === given.length;
  const { written, leftover } = claimResults(results, target, records);
  const { failed, strays } = claimErrors(errors, status, records);

  const outcomes = records.map((_, index): Outcome | undefined => {
    const claims = written.get(index);
    const failure = failed.get(index);
    if (claims && (failure || claims.some((claim) => claim.id !== claims[0]!.id))) return unconfirmed(status);
    if (failure) return failure;
    return claims && { kind: 'written', targetId: claims[0]!.id, created: claims[0]!.isNew };
  });

  const untold = records.flatMap((_, index) => (outcomes[index] ? [] : [index]));
  const [stray] = strays;
  const [left] = leftover;
  if (!isRead || (!stray && !left)) for (const index of untold) outcomes[index] = unconfirmed(status);
  else if (untold.length === 1 && strays.length === 1 && !left)
    outcomes[untold[0]!] = meaningOf(stray!, status, [records[untold[0]!]!]);
  else if (untold.length === 1 && leftover.length === 1 && !stray)
    outcomes[untold[0]!] = { kind: 'written', targetId: left!.id, created: left!.isNew };
  return outcomes;
}

function claimResults(
  results: readonly UpsertResult[],
  target: ObjectTarget,
  records: readonly OutgoingRecord[],
) {
  const byTrace = new Map(records.map((record, index) => [record.traceId, index]));
  const byKey = uniqueIndex(records, (record) => hubspotCanonical(target.keyField, record.key));
  const byId = uniqueIndex(records, (record) => record.targetId);
  const written = new Map<number, UpsertResult[]>();
  const leftover: UpsertResult[] = [];
  for (const result of results) {
    const shown = hubspotCanonical(target.keyField, result.properties[target.keyField]);
    const index =
      result.traceId === null ? (byKey.get(shown) ?? byId.get(result.id)) : byTrace.get(result.traceId);
    if (index !== undefined) written.set(index, [...(written.get(index) ?? []), result]);
    // Only an upsert says whether it created: without that, it may be an answer to something else.
    else if (result.isNew !== null) leftover.push(result);
  }
  return { written, leftover };
}

function claimErrors(errors: readonly HubspotError[], status: number, records: readonly OutgoingRecord[]) {
  const byTrace = new Map(records.map((record, index) => [record.traceId, index]));
  const failed = new Map<number, Failure>();
  const strays: HubspotError[] = [];
  for (const error of errors) {
    const named = traceIds(error).flatMap((traceId) => byTrace.get(traceId) ?? []);
    if (named.length === 0) strays.push(error);
    for (const index of named) failed.set(index, meaningOf(error, status, [records[index]!]));
  }
  return { failed, strays };
}

function uniqueIndex<V>(
  records: readonly OutgoingRecord[],
  value: (record: OutgoingRecord) => V | null,
): Map<V | null, number> {
  const index = new Map<V | null, number>();
  const seenTwice = new Set<V | null>();
  records.forEach((record, position) => {
    const key = value(record);
    if (key === null) return;
    if (index.has(key)) seenTwice.add(key);
    index.set(key, position);
  });
  for (const key of seenTwice) index.delete(key);
  return index;
}

function resultIn(value: unknown): UpsertResult | null {
  if (typeof value !== 'object' || value === null) return null;
  const { id, new: isNew, objectWriteTraceId, properties } = value as Record<string, unknown>;
  if ((typeof id !== 'string' && typeof id !== 'number') || id === '') return null;
  return {
    id: String(id),
    isNew: typeof isNew === 'boolean' ? isNew : null,
    traceId: typeof objectWriteTraceId === 'string' ? objectWriteTraceId : null,
    properties:
      typeof properties === 'object' && properties !== null ? (properties as Record<string, unknown>) : {},
  };
}

const isError = (value: unknown): value is HubspotError => typeof value === 'object' && value !== null;

function traceIds(error: HubspotError): string[] {
  const named = error.context?.objectWriteTraceId;
  return (Array.isArray(named) ? named : [named]).filter((traceId) => typeof traceId === 'string');
}
