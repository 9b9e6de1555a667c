/** Leads: written by a lookup field, or by id where one was found; read and looked up by filter. */
import { unconfirmed, unreadable } from './call-outcome.js';
import type {
  CallOptions,
  FindResult,
  ObjectTarget,
  Outcome,
  OutgoingRecord,
  ReadResult,
  StoredRecord,
} from './connector.js';
import type { MarketoApi } from './marketo-api.js';
import { canonicalAddress } from './canonical-value.js';
import { errorsIn, meaningOf } from './marketo-errors.js';
import type { PartResult } from './send-in-parts.js';

type Row = Readonly<Record<string, unknown>>;
type Stored = NonNullable<StoredRecord>;
type Asked = Pick<OutgoingRecord, 'key' | 'targetId'>;

/** By the key, which Marketo looks up itself; what `match` found is written by id, and the key with it. */
export function writeLeads(
  api: MarketoApi,
  target: ObjectTarget,
  isById: boolean,
  records: readonly OutgoingRecord[],
  options: CallOptions,
): Promise<PartResult> {
  const input = records.map(({ key, targetId, fields }) => ({
    ...fields,
    ...(isById ? { id: Number(targetId) } : {}),
    [target.keyField]: key,
  }));
  const body = isById
    ? { action: 'updateOnly', lookupField: 'id', input }
    : { action: 'createOrUpdate', lookupField: target.keyField, input };
  const outcomeOf = (result: Row, index: number): Outcome =>
    leadOutcome(result, ['created', 'updated'], records[index]!, api.nowMs());
  return api.write('leads.json', body, records, outcomeOf, options);
}

export function removeLeads(
  api: MarketoApi,
  records: readonly OutgoingRecord[],
  options: CallOptions,
): Promise<PartResult> {
  const input = records.map(({ targetId }) => ({ id: Number(targetId) }));
  const outcomeOf = (result: Row, index: number): Outcome => {
    const outcome = leadOutcome(result, ['deleted'], records[index]!, api.nowMs());
    const isGone = outcome.kind === 'rejected' && outcome.reason.code === '1004';
    return isGone ? { kind: 'unchanged', targetId: records[index]!.targetId } : outcome;
  };
  return api.write('leads/delete.json', { input }, records, outcomeOf, options);
}

function leadOutcome(
  { id, status, reasons }: Row,
  done: readonly string[],
  record: OutgoingRecord,
  nowMs: number,
): Outcome {
  const errors = errorsIn(reasons);
  if (status === 'skipped' && errors.length > 0) return meaningOf(errors, [record], nowMs);
  const isNamed = (typeof id === 'number' || typeof id === 'string') && id !== '';
  if (!isNamed || typeof status !== 'string' || !done.includes(status)) return unreadable(200);
  return { kind: 'written', targetId: String(id), created: status === 'created' };
}

/** By id where it is known and by the key elsewhere: two reads at most. */
export async function readLeads(
  api: MarketoApi,
  target: ObjectTarget,
  records: readonly Asked[],
  fields: readonly string[],
  options: CallOptions,
): Promise<ReadResult> {
  const answers: (StoredRecord | undefined)[] = new Array<undefined>(records.length);
  let failure: ReadResult['failure'];
  let requestId: string | null = null;
  for (const isById of [true, false]) {
    const places = records.flatMap(({ key, targetId }, place) =>
      (targetId !== null) === isById && isFilterable(targetId ?? key) ? [place] : [],
    );
    if (places.length === 0) continue;
    const filterType = isById ? 'id' : target.keyField;
    const valueOf = (place: number): string => (isById ? records[place]!.targetId! : records[place]!.key);
    const read = await readBy(api, filterType, places.map(valueOf), [target.keyField, ...fields], options);
    requestId = read.requestId ?? requestId;
    if (read.failure) failure = read.failure;
    else for (const place of places) answers[place] = read.of(valueOf(place))[0] ?? null;
  }
  if (answers.includes(undefined)) failure ??= unconfirmed(200);
  return { records: answers, requestId, ...(failure ? { failure } : {}) };
}

/** By the first field that is asked for; the others are compared here. */
export async function findLeads(
  api: MarketoApi,
  target: ObjectTarget,
  by: readonly Readonly<Record<string, string>>[],
  fields: readonly string[],
  options: CallOptions,
): Promise<FindResult> {
  const found: (readonly Stored[] | undefined)[] = new Array<undefined>(by.length);
  const [filterType] = Object.keys(by[0] ?? {});
  const values = by.flatMap((one) =>
    filterType !== undefined && isFilterable(one[filterType]!) ? [one[filterType]!] : [],
  );
  if (filterType === undefined || values.length === 0) return { found, failure: unconfirmed(200) };
  const names = [target.keyField, ...fields, ...Object.keys(by[0]!)];
  const read = await readBy(api, filterType, [...new Set(values)], names, options);
  if (read.failure) return { found, failure: read.failure };
  by.forEach((one, place) => {
    if (!isFilterable(one[filterType]!)) return;
    found[place] = read.of(one[filterType]!).filter((stored) => isLike(stored, one));
  });
  return { found, ...(found.includes(undefined) ? { failure: unconfirmed(200) } : {}) };
}

async function readBy(
  api: MarketoApi,
  filterType: string,
  values: readonly string[],
  names: readonly string[],
  options: CallOptions,
) {
  const query = {
    filterType,
    filterValues: values.join(','),
    fields: [...new Set(['id', ...names])].join(','),
  };
  const { rows, failure, requestId } = await api.read('leads.json', query, options);
  const byValue = new Map<unknown, Stored[]>();
  for (const row of rows) {
    if (typeof row.id !== 'number' && typeof row.id !== 'string') continue;
    const value = canonicalAddress(row[filterType]);
    byValue.set(value, [...(byValue.get(value) ?? []), { targetId: String(row.id), fields: row }]);
  }
  const of = (value: string): readonly Stored[] => byValue.get(canonicalAddress(value)) ?? [];
  return { of, requestId, ...(failure ? { failure } : {}) };
}

/** A filter's values are parted by commas, and none can be written inside one. */
const isFilterable = (value: string): boolean => value !== '' && !value.includes(',');

const isLike = ({ fields }: Stored, by: Readonly<Record<string, string>>): boolean =>
  Object.entries(by).every(([name, value]) => canonicalAddress(fields[name]) === canonicalAddress(value));
