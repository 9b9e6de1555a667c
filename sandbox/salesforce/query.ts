import type { Answer, Call } from '../call.js';
import type { Row, Value } from '../store/table.js';
import { childrenOf } from './describe.js';
import { Unreadable, json } from './errors.js';
import { type Org, valueOf } from './org.js';
import { wholeId } from './record-id.js';
import { rendered } from './rows.js';
import type { Field, SObject } from './sobject.js';
import { type Condition, type Literal, type Soql, parseSoql } from './soql.js';

/** Records in one answer; the rest waits behind nextRecordsUrl. */
const PAGE_RECORDS_MAX = 2000;
/** Query results kept for their next pages; the oldest go first. */
const CURSORS_MAX = 50;

/** SOQL over the org. Ordering, limits and pages are Salesforce's; joins other than children are not there. */
export class Queries {
  private readonly cursors = new Map<string, Cursor>();
  private made = 0;

  constructor(private readonly org: Org) {}

  /** GET query?q=… */
  run(call: Call, base: string, isAll = false): Answer {
    const text = call.query.get('q');
    if (text === null) throw new Unreadable('MALFORMED_QUERY', 'SOQL statements cannot be empty or null');
    const soql = parseSoql(text);
    const sobject = this.sobjectOf(soql);
    const rows = this.select(sobject, soql, isAll);
    if (soql.isCount) return json(200, { totalSize: rows.length, done: true, records: [] });
    const cursor = {
      rows,
      pageSize: pageSizeOf(call),
      render: (row: Row) => this.record(sobject, row, soql, base),
    };
    if (rows.length <= cursor.pageSize) return page(cursor, 0, '', base);
    this.made += 1;
    const id = `01gDz${String(this.made).padStart(13, '0')}`;
    this.cursors.set(id, cursor);
    if (this.cursors.size > CURSORS_MAX) this.cursors.delete(this.cursors.keys().next().value!);
    return page(cursor, 0, id, base);
  }

  /** GET query/{cursor}-{position} */
  more(locator: string, base: string): Answer {
    const [id = '', position = ''] = locator.split('-');
    const cursor = this.cursors.get(id);
    if (cursor === undefined || !/^\d+$/.test(position))
      throw new Unreadable('INVALID_QUERY_LOCATOR', 'invalid query locator');
    return page(cursor, Number(position), id, base);
  }

  private sobjectOf(soql: Soql): SObject {
    const { name, column } = soql.from;
    const sobject = this.org.sobject(name);
    if (sobject !== undefined) return sobject;
    const hint =
      "is not supported. If you are attempting to use a custom object, be sure to append the '__c' after the entity name. Please reference your WSDL or the describe call for the appropriate names.";
    throw new Unreadable('INVALID_TYPE', `${pointing(soql.text, column)}sObject type '${name}' ${hint}`);
  }

  private select(sobject: SObject, soql: Soql, isAll = false): Row[] {
    for (const { name, column } of soql.fields) fieldOf(sobject, name, soql.text, column);
    if (soql.where !== undefined) checkFields(sobject, soql.where, soql.text);
    const { where } = soql;
    const wanted = (row: Row) =>
      (isAll || !row.isGone) && (where === undefined || holds(sobject, row, where));
    const until = soql.limit === undefined ? undefined : soql.offset + soql.limit;
    if (isInIdOrder(soql)) {
      // The rows lie in the order of their ids: one page of a long export need not look at all of them.
      const rows: Row[] = [];
      const candidates = this.candidates(sobject, where);
      for (let at = firstAfter(candidates, where); at < candidates.length; at += 1) {
        if (until !== undefined && rows.length >= until) break;
        if (wanted(candidates[at]!)) rows.push(candidates[at]!);
      }
      return rows.slice(soql.offset);
    }
    let rows = this.candidates(sobject, where).filter(wanted);
    for (const { name, isDescending } of soql.orderBy.toReversed()) {
      const field = fieldOf(sobject, name, soql.text, 1);
      const sign = isDescending ? -1 : 1;
      rows = rows.toSorted((left, right) => sign * order(valueOf(left, field), valueOf(right, field), field));
    }
    return rows.slice(soql.offset, until);
  }

  /** The rows an index leaves over, or all of them. */
  private candidates(sobject: SObject, where: Condition | undefined): readonly Row[] {
    const table = this.org.table(sobject);
    const comparisons = where?.kind === 'and' ? where.parts : where === undefined ? [] : [where];
    for (const each of comparisons) {
      if (each.kind !== 'compare' || (each.operator !== '=' && each.operator !== 'IN')) continue;
      if (each.values.includes(null)) continue;
      const { name } = named(sobject, each.field)!;
      if (name === 'Id') return unique(each.values.map((id) => this.org.find(sobject, String(id))));
      if (table.hasIndex(name)) return unique(each.values.flatMap((value) => table.find(name, value)));
    }
    return table.rows;
  }

  private record(sobject: SObject, row: Row, soql: Soql, base: string): object {
    const fields = soql.fields.map(({ name }) => named(sobject, name)!);
    const record = rendered(sobject, row, fields, base);
    for (const child of soql.children)
      record[child.from.name.split('.').at(-1)!] = this.children(sobject, row, child, base);
    return record;
  }

  private children(sobject: SObject, parent: Row, child: Soql, base: string): object | null {
    const wanted = child.from.name.split('.').at(-1)!.toLowerCase();
    const relation = childrenOf(this.org, sobject).find(
      ({ relationshipName }) => relationshipName.toLowerCase() === wanted,
    );
    const of = relation === undefined ? undefined : this.org.sobject(relation.childSObject);
    if (relation === undefined || of === undefined)
      throw new Unreadable(
        'INVALID_TYPE',
        `Didn't understand relationship '${child.from.name}' in FROM part of query call.`,
      );
    const rows = this.select(of, child).filter((row) => row.fields[relation.field] === parent.id);
    if (rows.length === 0) return null;
    return {
      totalSize: rows.length,
      done: true,
      records: rows.map((row) => this.record(of, row, child, base)),
    };
  }
}

/** Records are rendered when their page is read. */
interface Cursor {
  rows: Row[];
  pageSize: number;
  render: (row: Row) => object;
}

function page({ rows, pageSize, render }: Cursor, from: number, id: string, base: string): Answer {
  const until = from + pageSize;
  const records = rows.slice(from, until).map(render);
  if (until >= rows.length) return json(200, { totalSize: rows.length, done: true, records });
  const nextRecordsUrl = `${base}/query/${id}-${until}`;
  return json(200, { totalSize: rows.length, done: false, nextRecordsUrl, records });
}

/** `Sforce-Query-Options: batchSize=500`, from 200 to 2000. */
function pageSizeOf(call: Call): number {
  const asked = /batchSize=(\d+)/.exec(String(call.headers['sforce-query-options'] ?? ''))?.[1];
  return Math.min(PAGE_RECORDS_MAX, Math.max(200, Number(asked ?? PAGE_RECORDS_MAX)));
}

function isInIdOrder({ orderBy }: Soql): boolean {
  const [first, second] = orderBy;
  if (first === undefined) return true;
  return second === undefined && !first.isDescending && first.name.toLowerCase() === 'id';
}

/** Where `Id > …` begins, when it stands among conditions that must all hold. */
function firstAfter(rows: readonly Row[], where: Condition | undefined): number {
  const parts = where?.kind === 'and' ? where.parts : where === undefined ? [] : [where];
  const after = parts.find(
    (each) => each.kind === 'compare' && each.operator === '>' && each.field.toLowerCase() === 'id',
  );
  const id = after?.kind === 'compare' ? wholeId(String(after.values[0])) : undefined;
  if (id === undefined) return 0;
  let [low, high] = [0, rows.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (rows[middle]!.id <= id) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** A field by its name, with or without the object in front. */
function named(sobject: SObject, name: string): Field | undefined {
  const [object = '', rest] = name.split('.');
  const isOwn = rest !== undefined && object.toLowerCase() === sobject.name.toLowerCase();
  return sobject.byLowerCase.get((isOwn ? rest : name).toLowerCase());
}

function fieldOf(sobject: SObject, name: string, text: string, column: number): Field {
  const field = named(sobject, name);
  if (field !== undefined) return field;
  const hint =
    "If you are attempting to use a custom field, be sure to append the '__c' after the custom field name. Please reference your WSDL or the describe call for the appropriate names.";
  throw new Unreadable(
    'INVALID_FIELD',
    `${pointing(text, column)}No such column '${name}' on entity '${sobject.name}'. ${hint}`,
  );
}

function pointing(text: string, column: number): string {
  return `\n${text}\n${' '.repeat(Math.max(0, column - 1))}^\nERROR at Row:1:Column:${column}\n`;
}

function checkFields(sobject: SObject, condition: Condition, text: string): void {
  if (condition.kind === 'compare') fieldOf(sobject, condition.field, text, condition.column);
  else if (condition.kind === 'not') checkFields(sobject, condition.part, text);
  else for (const part of condition.parts) checkFields(sobject, part, text);
}

function holds(sobject: SObject, row: Row, condition: Condition): boolean {
  if (condition.kind === 'and') return condition.parts.every((part) => holds(sobject, row, part));
  if (condition.kind === 'or') return condition.parts.some((part) => holds(sobject, row, part));
  if (condition.kind === 'not') return !holds(sobject, row, condition.part);
  const field = named(sobject, condition.field)!;
  const value = valueOf(row, field);
  const [first = null] = condition.values;
  switch (condition.operator) {
    case '=':
      return same(field, value, first);
    case '!=':
      return !same(field, value, first);
    case 'IN':
      return condition.values.some((each) => same(field, value, each));
    case 'NOT IN':
      return !condition.values.some((each) => same(field, value, each));
    case 'LIKE':
      return typeof value === 'string' && like(value, String(first));
    case '<':
      return value !== null && order(value, first, field) < 0;
    case '<=':
      return value !== null && order(value, first, field) <= 0;
    case '>':
      return value !== null && order(value, first, field) > 0;
    case '>=':
      return value !== null && order(value, first, field) >= 0;
  }
}

function same(field: Field, value: Value, wanted: Literal): boolean {
  if (value === null || wanted === null || wanted === '') return value === (wanted === '' ? null : wanted);
  if (field.type === 'id' || field.type === 'reference') return wholeId(String(wanted)) === value;
  if (field.type === 'datetime') return Date.parse(String(value)) === Date.parse(String(wanted));
  return String(value).toLowerCase() === String(wanted).toLowerCase();
}

/** % stands for any run of characters, _ for one; case does not count. */
function like(value: string, pattern: string): boolean {
  const source = pattern
    .replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
    .replaceAll('%', '.*')
    .replaceAll('_', '.');
  return new RegExp(`^${source}$`, 'is').test(value);
}

function order(left: Value, right: Literal, { type }: Field): number {
  if (left === right) return 0;
  if (left === null) return -1;
  if (right === null) return 1;
  // Ids tell upper from lower case, and the longer form says nothing more.
  if (type === 'id' || type === 'reference') {
    const [one, other] = [String(left).slice(0, 15), String(right).slice(0, 15)];
    return one === other ? 0 : one < other ? -1 : 1;
  }
  if (typeof left === 'number' && typeof right === 'number') return left - right;
  const [a, b] = [String(left).toLowerCase(), String(right).toLowerCase()];
  const isTime = /^\d{4}-\d\d-\d\d/.test(a) && /^\d{4}-\d\d-\d\d/.test(b);
  return isTime ? Date.parse(a) - Date.parse(b) : a < b ? -1 : a > b ? 1 : 0;
}

function unique(rows: (Row | undefined)[]): Row[] {
  return [...new Set(rows.filter((row) => row !== undefined))].sort((left, right) =>
    left.id < right.id ? -1 : 1,
  );
}
