import type { Answer, Call } from '../call.js';
import type { Row } from '../store/table.js';
import type { Key } from './address.js';
import { json, nothing, unknown } from './errors.js';
import { readFilter } from './filter.js';
import type { EntitySet, Organisation } from './organisation.js';
import { PAGE_MAX, preferencesOf } from './preferences.js';
import { contextOf, etagOf, selectionOf, shown, valueOf } from './render.js';

const KNOWN_OPTIONS = ['$select', '$filter', '$orderby', '$top', '$count', '$skiptoken'];
/** What `@odata.count` says at most. */
const COUNT_MAX = 5000;

/** Reading single records and collections. */
export class Reads {
  constructor(
    private readonly organisation: Organisation,
    private readonly apiUrl: () => string,
  ) {}

  /** GET contacts(key), contacts(key)/lastname */
  single(call: Call, set: EntitySet, key: Key, inner: string, rest: readonly string[]): Answer {
    const row = this.organisation.find(set, key);
    if (row === undefined) throw this.organisation.missing(set, key);
    const [property, more] = rest;
    if (property !== undefined) {
      if (more !== undefined || !set.columns.has(property))
        throw unknown(404, `Resource not found for the segment '${more ?? property}'.`);
      const value = valueOf(set, row, property);
      const context = `${this.apiUrl()}/$metadata#${set.definition.set}(${inner})/${property}`;
      return value === null ? nothing(204) : json(200, { '@odata.context': context, value });
    }
    refuseOptions(call, ['$select']);
    const preferences = preferencesOf(call);
    const isUnchanged = call.headers['if-none-match'] === etagOf(row) && call.headers.prefer === undefined;
    if (isUnchanged) return nothing(304);
    const selection = selectionOf(set, call.query.get('$select'));
    const body = {
      '@odata.context': `${contextOf(this.apiUrl(), set, selection)}/$entity`,
      ...shown(this.organisation, set, row, selection, preferences),
    };
    return json(200, body, { ETag: etagOf(row) });
  }

  /** GET contacts */
  collection(call: Call, set: EntitySet): Answer {
    refuseOptions(call, KNOWN_OPTIONS);
    const { query } = call;
    const preferences = preferencesOf(call);
    const selection = selectionOf(set, query.get('$select'));
    const rows = ordered(set, this.filtered(set, query.get('$filter')), query.get('$orderby'));
    const top = wholeNumber(query.get('$top'), '$top');
    const from = startOf(query.get('$skiptoken'));
    const size = Math.min(top ?? preferences.pageSize ?? PAGE_MAX, PAGE_MAX);
    const page = rows.slice(from, from + size);
    const isMore = top === undefined && from + size < rows.length;
    const count = query.get('$count') === 'true' ? { '@odata.count': Math.min(rows.length, COUNT_MAX) } : {};
    return json(
      200,
      {
        '@odata.context': contextOf(this.apiUrl(), set, selection),
        ...count,
        value: page.map((row) => shown(this.organisation, set, row, selection, preferences)),
        ...(isMore ? { '@odata.nextLink': this.nextLink(call, set, from + size) } : {}),
      },
      preferences.pageSize === undefined
        ? {}
        : { 'Preference-Applied': `odata.maxpagesize=${preferences.pageSize}` },
    );
  }

  /** GET contacts/$count: text, with the mark that Dataverse puts before it. */
  count(set: EntitySet): Answer {
    const headers = { 'Content-Type': 'text/plain', 'OData-Version': '4.0' };
    return { status: 200, headers, body: `\uFEFF${Math.min(set.rows.liveCount(), COUNT_MAX)}` };
  }

  private filtered(set: EntitySet, source: string | null): Row[] {
    if (source === null) return set.rows.rows.filter((row) => !row.isGone);
    const { test, candidates } = readFilter(set, source);
    return (candidates?.() ?? set.rows.rows).filter((row) => !row.isGone && test(row));
  }

  /** The next page by an opaque token, with everything else as it was asked. */
  private nextLink(call: Call, set: EntitySet, from: number): string {
    const query = new URLSearchParams(call.query);
    query.set('$skiptoken', `<cookie pagenumber="2" from="${from}" istracking="False" />`);
    return `${this.apiUrl()}/${set.definition.set}?${query.toString()}`;
  }
}

function refuseOptions(call: Call, known: readonly string[]): void {
  for (const name of call.query.keys())
    if (name.startsWith('$') && !known.includes(name))
      throw unknown(400, `The query parameter ${name} is not supported`);
}

function ordered(set: EntitySet, rows: Row[], orderby: string | null): Row[] {
  if (orderby === null) return rows;
  const orders = orderby.split(',').map((each) => {
    const [name = '', direction = 'asc'] = each.trim().split(/\s+/);
    selectionOf(set, name);
    return { name, sign: direction === 'desc' ? -1 : 1 };
  });
  return [...rows].sort((left, right) => {
    for (const { name, sign } of orders) {
      const [one, other] = [valueOf(set, left, name), valueOf(set, right, name)];
      if (one === other) continue;
      if (one === null || other === null) return one === null ? -sign : sign;
      return one < other ? -sign : sign;
    }
    return 0;
  });
}

function startOf(token: string | null): number {
  if (token === null) return 0;
  const from = / from="(\d+)"/.exec(token)?.[1];
  if (from === undefined) throw unknown(400, 'Malformed XML in the paging cookie.');
  return Number(from);
}

function wholeNumber(given: string | null, name: string): number | undefined {
  if (given === null) return undefined;
  if (!/^\d{1,9}$/.test(given)) throw unknown(400, `Invalid value '${given}' for ${name}.`);
  return Number(given);
}
