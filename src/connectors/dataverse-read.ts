/** Reads: one batch of GETs by id or by alternate key; for `match` by filter; and all with our key, page by page. */
import { type Failure, unconfirmed, unreadable } from './call-outcome.js';
import type {
  CallOptions,
  FindResult,
  ListPage,
  ObjectTarget,
  OutgoingRecord,
  ReadResult,
  StoredRecord,
} from './connector.js';
import type { DataverseApi } from './dataverse-api.js';
import type { BatchAnswer, BatchRequest } from './dataverse-batch.js';
import { readName } from './dataverse-canonical.js';
import { failureIn } from './dataverse-errors.js';
import { byKey, idIn } from './dataverse-write.js';

/** Dataverse's own limit of records on a page. */
const PAGE_MAX = 5000;
/** More of these than one are all that `match` asks of a value. */
const FOUND_MAX = 50;

type Row = Readonly<Record<string, unknown>>;
type Stored = NonNullable<StoredRecord>;

export async function readStored(
  api: DataverseApi,
  target: ObjectTarget,
  records: readonly Pick<OutgoingRecord, 'key' | 'targetId'>[],
  fields: readonly string[],
  options: CallOptions,
): Promise<ReadResult> {
  const select = selectOf(target, fields);
  const requests = records.map(({ key, targetId }): BatchRequest => {
    const record =
      targetId === null ? byKey(api.root, target, key) : `${api.root}/${target.object}(${targetId})`;
    return { method: 'GET', path: `${record}?$select=${select.join(',')}` };
  });
  const batched = await api.batch(requests, [], options, true);
  if ('failure' in batched)
    return { records: records.map(() => undefined), requestId: batched.requestId, failure: batched.failure };
  const answers = batched.answers.map((answer, place): StoredRecord | undefined => {
    if (answer.status === 404) return isGone(answer) ? null : undefined;
    if (answer.status !== 200) return undefined;
    return storedIn(target, answer, fields, select, records[place]!.targetId);
  });
  const { requestId } = batched;
  const left = batched.answers.find((_, place) => answers[place] === undefined);
  if (!left) return { records: answers, requestId };
  const failure = left.status === 200 ? unconfirmed(200) : failureIn(left, [], api.nowMs());
  return { records: answers, requestId, failure };
}

export async function find(
  api: DataverseApi,
  target: ObjectTarget,
  by: readonly Readonly<Record<string, string>>[],
  fields: readonly string[],
  options: CallOptions,
): Promise<FindResult> {
  const names = [...new Set([...fields, ...by.flatMap((one) => Object.keys(one))])];
  const select = selectOf(target, names);
  const requests = by.map((one): BatchRequest => {
    const filter = Object.entries(one).map(([name, value]) => `${name} eq '${value.replaceAll("'", "''")}'`);
    const query = `$select=${select.join(',')}&$filter=${encodeURIComponent(filter.join(' and '))}&$top=${FOUND_MAX}`;
    return { method: 'GET', path: `${api.root}/${target.object}?${query}` };
  });
  const batched = await api.batch(requests, [], options, true);
  if ('failure' in batched) return { found: by.map(() => undefined), failure: batched.failure };
  const found = batched.answers.map((answer) =>
    answer.status === 200 ? rowsIn(target, answer.body, names, select) : undefined,
  );
  const left = batched.answers.find((_, place) => found[place] === undefined);
  return { found, ...(left ? { failure: failureIn(left, [], api.nowMs()) } : {}) };
}

export async function list(
  api: DataverseApi,
  target: ObjectTarget,
  fields: readonly string[],
  page: string | null,
  options: CallOptions,
): Promise<ListPage> {
  const select = selectOf(target, fields);
  const filter = encodeURIComponent(`${target.keyField} ne null`);
  const path = page ?? `${api.root}/${target.object}?$select=${select.join(',')}&$filter=${filter}`;
  const { body, failure } = await api.read(path, options, { prefer: `odata.maxpagesize=${PAGE_MAX}` });
  const rows = body ? rowsIn(target, body, fields, select) : undefined;
  if (!rows) return { records: [], next: page, failure: failure ?? unconfirmed(200) };
  const records = rows.flatMap((stored) => {
    const key = stored.fields[target.keyField];
    return typeof key === 'string' && key !== '' ? [{ key, stored, ...markOf(stored) }] : [];
  });
  const after = nextOf(api, body!['@odata.nextLink']);
  return 'failure' in after
    ? { records: [], next: page, failure: after.failure }
    : { records, next: after.next };
}

/** The version of the row, which every update raises. */
const markOf = ({ fields }: Stored): { mark?: string } =>
  typeof fields['@odata.etag'] === 'string' ? { mark: fields['@odata.etag'] } : {};

/** Only its path is followed, whatever host it names: ours has the token. */
function nextOf({ root }: DataverseApi, link: unknown): { next: string | null } | { failure: Failure } {
  if (link === undefined || link === null) return { next: null };
  const from = typeof link === 'string' ? link.indexOf(`${root}/`) : -1;
  return from < 0 ? { failure: unreadable(200) } : { next: (link as string).slice(from) };
}

const selectOf = ({ keyField }: ObjectTarget, fields: readonly string[]): string[] => [
  ...new Set([keyField, ...fields.map(readName)]),
];

function rowsIn(
  target: ObjectTarget,
  body: unknown,
  fields: readonly string[],
  select: readonly string[],
): Stored[] | undefined {
  const { value } = body as { value?: unknown };
  if (!Array.isArray(value)) return undefined;
  const rows = value.map((row: unknown) =>
    storedIn(target, { headers: {}, body: row }, fields, select, null),
  );
  return rows.every((row) => row !== undefined) ? rows : undefined;
}

function storedIn(
  target: ObjectTarget,
  answer: Pick<BatchAnswer, 'headers' | 'body'>,
  fields: readonly string[],
  select: readonly string[],
  known: string | null,
): Stored | undefined {
  const row = answer.body as Row | undefined;
  const targetId = idIn(target, answer, select) ?? known;
  if (typeof row !== 'object' || targetId === null) return undefined;
  const lookups = fields.flatMap((field) =>
    readName(field) === field ? [] : [[field, row[readName(field)]] as const],
  );
  return { targetId, fields: { ...row, ...Object.fromEntries(lookups) } };
}

/** A table that does not exist answers 404 too; then nothing is known of a record. */
function isGone({ body }: BatchAnswer): boolean {
  const { error } = (body ?? {}) as { error?: { code?: unknown } };
  return typeof error?.code === 'string' && ['0x80040217', '0x80060891'].includes(error.code.toLowerCase());
}
