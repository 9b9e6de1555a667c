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

type Stored = NonNullable<StoredRecord>;
type By = Readonly<Record<string, string>>;

interface Queried {
  readonly records: readonly Stored[];
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
    for (const index of part) found[index] = read.records.filter((record) => isLike(record, by[index]!));
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
  const { records, readAtMs, failure } = await query(api, soql, options);
  if (failure) return { records: [], next: after, failure };
  return {
    records: records.map((stored) => listed(target, stored, readAtMs)),
    next: records.length < PAGE_MAX ? null : records.at(-1)!.targetId,
  };
}

/** Marks tell seconds, so one that was young when it was read may be the mark of two changes. */
function listed({ keyField }: ObjectTarget, { targetId, fields }: Stored, readAtMs: number | null): Listed {
  const { [MARK]: mark, ...others } = fields;
  const key = String(fields[keyField]);
  const stored = { targetId, fields: others };
  if (typeof mark !== 'string' || readAtMs === null) return { key, stored };
  // A mark that is no time is as good as none.
  const isSettled = toMs(mark) < readAtMs - MARK_SETTLES_MS;
  return isSettled ? { key, stored, mark } : { key, stored };
}

const toMs = (mark: string): number => Date.parse(mark.replace(/([+-]\d\d)(\d\d)$/, '$1:$2'));

async function query(api: SalesforceApi, soql: string, options: CallOptions): Promise<Queried> {
  const records: Stored[] = [];
  let readAtMs: number | null = null;
  let path: string | null = `query?q=${encodeURIComponent(soql)}`;
  for (let answers = 0; path !== null; answers += 1) {
    const { body, failure, ...read } = await api.read('GET', path, null, options);
    if (failure) return { records, readAtMs, failure };
    // The earliest counts for all that the answers hold.
    if (answers === 0) readAtMs = read.readAtMs ?? null;
    const page = body as { records?: unknown; done?: unknown; nextRecordsUrl?: unknown } | null;
    const rows = Array.isArray(page?.records) ? page.records.map(stored) : [undefined];
    // A row without an id, or a page that does not say whether it is the last, is no answer to build on.
    const isWhole = rows.every((row) => row != null) && typeof page?.done === 'boolean';
    if (!isWhole || answers === ANSWERS_MAX) return { records, readAtMs, failure: unconfirmed(200) };
    records.push(...rows);
    if (page.done === true) path = null;
    else if (typeof page.nextRecordsUrl === 'string' && page.nextRecordsUrl.startsWith('/'))
      path = page.nextRecordsUrl;
    else return { records, readAtMs, failure: unconfirmed(200) };
  }
  return { records, readAtMs };
}

const stored = (row: unknown): StoredRecord | undefined =>
  typeof row === 'object' && row !== null ? storedRecord(row as Record<string, unknown>) : undefined;

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
