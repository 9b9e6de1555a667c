import { type Answer, type Call, isObject, jsonOf } from '../call.js';
import type { Fields, Row } from '../store/table.js';
import { unreadable } from './batch-input.js';
import { invalid, json } from './errors.js';
import type { ObjectType } from './object-types.js';
import type { Portal } from './portal.js';
import { namesWanted, shown, valueOf } from './render.js';

const LIMIT_DEFAULT = 10;
const LIMIT_MAX = 200;
const FILTER_GROUPS_MAX = 5;
/** Search pages no further than this. */
const RESULTS_MAX = 10_000;
/** The properties that a free-text query looks into. */
const QUERIED = ['firstname', 'lastname', 'email', 'phone', 'company', 'hs_object_id', 'name', 'domain'];

interface Filter {
  propertyName: string;
  operator: string;
  value?: string;
  highValue?: string;
  values?: string[];
}

interface Found {
  row: Row;
  fields: Fields;
}

/** POST …/search, over an index that lags behind the writes. */
export function searchObjects(portal: Portal, type: ObjectType, call: Call, lagMs: number): Answer {
  const body = jsonOf(call);
  if (!isObject(body)) return unreadable();
  const { filterGroups = [], query, limit = LIMIT_DEFAULT, after = '0', properties, sorts } = body;
  if (!Array.isArray(filterGroups) || filterGroups.length > FILTER_GROUPS_MAX)
    return invalid(`filterGroups must be a list of at most ${FILTER_GROUPS_MAX}`);
  if (!Number.isInteger(limit) || (limit as number) < 0 || (limit as number) > LIMIT_MAX)
    return invalid(`limit must be a whole number from 0 to ${LIMIT_MAX}`);
  const from = Number(after);
  if (!Number.isInteger(from) || from < 0 || from >= RESULTS_MAX)
    return invalid(`The after value is not valid`);
  const groups = (filterGroups as { filters?: Filter[] }[]).map((group) => group.filters ?? []);
  const unknown = groups.flat().find((filter) => !type.properties.has(filter.propertyName));
  if (unknown !== undefined)
    return invalid(`There was a problem with the request: unknown property ${unknown.propertyName}`);
  const wrong = groups.flat().find((filter) => !OPERATORS.has(filter.operator));
  if (wrong !== undefined) return invalid(`Invalid operator ${wrong.operator}`);

  const found: Found[] = [];
  for (const row of portal.table(type).rows) {
    const fields = indexed(row, call.at - lagMs);
    if (fields === null) continue;
    if (typeof query === 'string' && query !== '' && !mentions(type, row, fields, query)) continue;
    if (
      groups.length > 0 &&
      !groups.some((filters) => filters.every((each) => matches(type, row, fields, each)))
    )
      continue;
    found.push({ row, fields });
  }
  sort(found, type, sorts);
  const asked = Array.isArray(properties) ? (properties as string[]) : undefined;
  const names = namesWanted(type, asked);
  const until = from + (limit as number);
  const results = found.slice(from, until).map(({ row, fields }) => shown(type, row, names, fields));
  const paging = until < found.length ? { paging: { next: { after: String(until) } } } : {};
  return json(200, { total: found.length, results, ...paging });
}

/** The fields as the index has them: the state before a write that is younger than the lag. */
function indexed(row: Row, newestAt: number): Fields | null {
  if (row.updatedAt <= newestAt) return row.isGone ? null : row.fields;
  return row.createdAt <= newestAt ? row.before : null;
}

const OPERATORS = new Map<string, (value: string | null, filter: Filter) => boolean>([
  ['EQ', (value, { value: wanted }) => value !== null && same(value, wanted)],
  ['NEQ', (value, { value: wanted }) => value === null || !same(value, wanted)],
  ['IN', (value, { values = [] }) => value !== null && values.some((wanted) => same(value, wanted))],
  ['NOT_IN', (value, { values = [] }) => value === null || !values.some((wanted) => same(value, wanted))],
  ['HAS_PROPERTY', (value) => value !== null],
  ['NOT_HAS_PROPERTY', (value) => value === null],
  ['CONTAINS_TOKEN', (value, { value: wanted = '' }) => value !== null && hasToken(value, wanted)],
  ['NOT_CONTAINS_TOKEN', (value, { value: wanted = '' }) => value === null || !hasToken(value, wanted)],
  ['GT', (value, { value: wanted = '' }) => value !== null && order(value, wanted) > 0],
  ['GTE', (value, { value: wanted = '' }) => value !== null && order(value, wanted) >= 0],
  ['LT', (value, { value: wanted = '' }) => value !== null && order(value, wanted) < 0],
  ['LTE', (value, { value: wanted = '' }) => value !== null && order(value, wanted) <= 0],
  [
    'BETWEEN',
    (value, { value: low = '', highValue: high = '' }) =>
      value !== null && order(value, low) >= 0 && order(value, high) <= 0,
  ],
]);

function matches(type: ObjectType, row: Row, fields: Fields, filter: Filter): boolean {
  const value = valueOf(type, row, fields, filter.propertyName) ?? null;
  return OPERATORS.get(filter.operator)!(value, filter);
}

function mentions(type: ObjectType, row: Row, fields: Fields, query: string): boolean {
  const words = query.toLowerCase().split(/\s+/);
  return words.every((word) =>
    QUERIED.some((name) => (valueOf(type, row, fields, name) ?? '').toLowerCase().includes(word)),
  );
}

function same(value: string, wanted: unknown): boolean {
  return value.toLowerCase() === String(wanted).toLowerCase();
}

/** Tokens end at punctuation, but a run of them (a domain) is found as well; * stands at either end. */
function hasToken(value: string, wanted: string): boolean {
  const bare = wanted.toLowerCase().replace(/^\*|\*$/g, '');
  const at = value.toLowerCase().indexOf(bare);
  if (bare === '' || at < 0) return false;
  const startsToken = at === 0 || !/[a-z0-9]/i.test(value[at - 1]!) || wanted.startsWith('*');
  const endsToken = !/[a-z0-9]/i.test(value[at + bare.length] ?? ' ') || wanted.endsWith('*');
  return startsToken && endsToken;
}

function order(value: string, wanted: string): number {
  const [left, right] = [asNumber(value), asNumber(wanted)];
  return Number.isNaN(left) || Number.isNaN(right) ? value.localeCompare(wanted) : left - right;
}

function asNumber(text: string): number {
  return /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : text === '' ? NaN : Number(text);
}

function sort(found: Found[], type: ObjectType, sorts: unknown): void {
  const [first] = Array.isArray(sorts) ? (sorts as unknown[]) : [];
  if (first === undefined) return;
  const by =
    typeof first === 'string'
      ? { propertyName: first }
      : (first as { propertyName: string; direction?: string });
  const sign = 'direction' in by && by.direction === 'DESCENDING' ? -1 : 1;
  const value = ({ row, fields }: Found) => valueOf(type, row, fields, by.propertyName) ?? '';
  found.sort((left, right) => sign * order(value(left), value(right)));
}
