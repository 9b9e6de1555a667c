/** Looking up by other fields, and paging through all that carry our key: both in SOQL. */
import { unconfirmed } from './call-outcome.js';
import type { CallOptions, FindResult, Listed, ListPage, ObjectTarget, StoredRecord } from './connector.js';
import type { SalesforceApi } from './salesforce-api.js';
import { salesforceCanonical } from './salesforce-canonical.js';
import { storedRecord } from './salesforce-read-back.js';

/** A query travels in the address, which Salesforce reads up to 16 KB. */
const CONDITION_CHARACTERS_MAX = 8_000;
/** Records of one page of ours; Salesforce may give them in several answers. */
const PAGE_MAX = 2_000;
/** Answers that one page is put together from: Salesforce gives 200 records at least in each. */
const ANSWERS_MAX = 20;

/** Moved by every change of a record, by whomever. */
const MARK = 'SystemModstamp';
/** The date of an answer tells seconds too. */
const MARK_SETTLES_MS = 5_000;
const UTC = /(?:Z|\+0000)$/;
/** Characters of `2026-01-01T00:00:00`. */
const SECOND = 19;

type Stored = NonNullable<StoredRecord>;
type Row = Record<string, unknown> & { readonly Id: string };
type By = Readonly<Record<string, string>>;

interface Queried {
  readonly rows: readonly Row[];
  readonly readAtMs: number | null;
  readonly failure?: FindResult['failure'];
}

export async function find(
  api: SalesforceApi,
  target: ObjectTarget,
  by: readonly By[],
  fields: readonly string[],
  options: CallOptions,
): Promise<FindResult> {
  const names = columns(target, [...fields, ...by.flatMap((one) => Object.keys(one))]);
  const found: (readonly Stored[] | undefined)[] = new Array<undefined>(by.length);
  let failure: FindResult['failure'];
  for (const part of parts(by)) {
    const where = part.map((index) => `(${condition(by[index]!)})`).join(' OR ');
    const read = await query(api, `SELECT ${names} FROM ${target.object} WHERE ${where}`, options);
    failure ??= read.failure;
    if (read.failure) continue;
    const records = read.rows.map((row) => storedRecord(row)!);
    for (const index of part) found[index] = records.filter((record) => isLike(record, by[index]!));
  }
  return { found, ...(failure ? { failure } : {}) };
}

/** From id to id, so that a page can be asked for again long after, whatever was written meanwhile. */
export async function list(
  api: SalesforceApi,
  target: ObjectTarget,
  fields: readonly string[],
  after: string | null,
  options: CallOptions,
): Promise<ListPage> {
  const from = after === null ? '' : ` AND Id > ${quoted(after)}`;
  const soql =
    `SELECT ${columns(target, [...fields, MARK])} FROM ${target.object} WHERE ${target.keyField} != null${from} ` +
    `ORDER BY Id LIMIT ${PAGE_MAX}`;
  const { rows, readAtMs, failure } = await query(api, soql, options);
  if (failure) return { records: [], next: after, failure };
  const settledUntil = readAtMs === null ? '' : new Date(readAtMs - MARK_SETTLES_MS).toISOString();
  return {
    records: rows.map((row) => listed(target, row, settledUntil)),
    next: rows.length < PAGE_MAX ? null : rows.at(-1)!.Id,
  };
}

/** Marks tell seconds, so one that was young when it was read may be the mark of two changes. */
function listed({ keyField }: ObjectTarget, row: Row, settledUntil: string): Listed {
  const { [keyField]: key, [MARK]: mark } = row;
  const one = { key: String(key), stored: storedRecord(row, MARK)! };
  // Salesforce writes every moment in UTC and in one form: up to the second, texts stand in its order.
  const isSettled =
    typeof mark === 'string' && UTC.test(mark) && mark.slice(0, SECOND) < settledUntil.slice(0, SECOND);
  return isSettled ? { ...one, mark } : one;
}

async function query(api: SalesforceApi, soql: string, options: CallOptions): Promise<Queried> {
  const rows: Row[] = [];
  let readAtMs: number | null = null;
  let path: string | null = `query?q=${encodeURIComponent(soql)}`;
  for (let answers = 0; path !== null; answers += 1) {
    const { body, failure, readAtMs: atMs = null } = await api.read('GET', path, null, options);
    if (failure) return { rows, readAtMs, failure };
    // The earliest counts for all that the answers hold.
    if (answers === 0) readAtMs = atMs;
    const page = body as { records?: unknown; done?: unknown; nextRecordsUrl?: unknown } | null;
    const read = Array.isArray(page?.records) ? (page.records as unknown[]) : [undefined];
    // A row without an id, or a page that does not say whether it is the last, is no answer to build on.
    if (!read.every(isRow) || typeof page?.done !== 'boolean' || answers === ANSWERS_MAX)
      return { rows, readAtMs, failure: unconfirmed(200) };
    rows.push(...read);
    if (page.done) path = null;
    else if (typeof page.nextRecordsUrl === 'string' && page.nextRecordsUrl.startsWith('/'))
      path = page.nextRecordsUrl;
    else return { rows, readAtMs, failure: unconfirmed(200) };
  }
  return { rows, readAtMs };
}

const isRow = (row: unknown): row is Row =>
  typeof row === 'object' && row !== null && typeof (row as Record<string, unknown>).Id === 'string';

const columns = (target: ObjectTarget, fields: readonly string[]): string =>
  [...new Set(['Id', target.keyField, ...fields])].join(',');

const condition = (by: By): string =>
  Object.entries(by)
    .map(([field, value]) => `${field} = ${quoted(value)}`)
    .join(' AND ');

const quoted = (value: string): string => `'${value.replace(/[\\']/g, '\\$&').replace(/[\r\n]+/g, ' ')}'`;

/** SOQL compares texts whatever their case, and so do we. */
function isLike(record: Stored, by: By): boolean {
  const folded = (value: unknown): string => String(salesforceCanonical(value) ?? '').toLowerCase();
  return Object.entries(by).every(([field, value]) => folded(record.fields[field]) === folded(value));
}

function parts(by: readonly By[]): number[][] {
  const cut: number[][] = [];
  let length = Infinity;
  by.forEach((one, index) => {
    const own = encodeURIComponent(condition(one)).length + 10;
    if (length + own > CONDITION_CHARACTERS_MAX) {
      cut.push([]);
      length = 0;
    }
    cut.at(-1)!.push(index);
    length += own;
  });
  return cut;
}
