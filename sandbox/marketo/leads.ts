import { type Answer, type Call, isObject, jsonOf, textOf } from '../call.js';
import { distorted } from '../faults/distort.js';
import type { Store } from '../store/store.js';
import type { Fields, Row, Table } from '../store/table.js';
import { failure, type Reasoned, result } from './envelope.js';
import { describeField, LEAD_FIELDS, readValue } from './lead-fields.js';

export const RECORDS_MAX = 300;
const ACTIONS = ['createOnly', 'updateOnly', 'createOrUpdate', 'createDuplicate'];
const DEFAULT_FIELDS = ['id', 'email', 'updatedAt', 'createdAt', 'lastName', 'firstName'];

/** Leads: results in the order of the input, a record that was not taken is "skipped" with its reasons. */
export class Leads {
  constructor(private readonly store: Store) {
    for (const [name, field] of Object.entries(LEAD_FIELDS))
      if (field.isSearchable === true && name !== 'id') this.table.index(name);
  }

  find(id: unknown): Row | undefined {
    const row = this.table.get(textOf(id));
    return row?.isGone === false ? row : undefined;
  }

  nextId(): string {
    this.store.counter += 1;
    return String(1000 + this.store.counter);
  }

  /** POST leads.json */
  sync(call: Call): Answer {
    const body = jsonOf(call);
    if (!isObject(body)) return failure('609');
    const { action = 'createOrUpdate', lookupField = 'email', input } = body;
    if (!ACTIONS.includes(textOf(action)))
      return failure('1001', `Invalid value '${textOf(action)}'. Required of type 'action'`);
    const lookup = textOf(lookupField);
    if (LEAD_FIELDS[lookup]?.isSearchable !== true) return failure('1006', `Field '${lookup}' not found`);
    if (!Array.isArray(input) || input.length === 0 || !input.every(isObject))
      return failure('1002', "Missing value for required parameter 'input'");
    if (input.length > RECORDS_MAX) return failure('1003', `Batch size can not exceed ${RECORDS_MAX}`);
    return result(input.map((given) => this.write(call, textOf(action), lookup, given)));
  }

  /** POST leads/delete.json */
  remove(call: Call): Answer {
    const body = jsonOf(call);
    const input = isObject(body) && Array.isArray(body.input) ? (body.input as unknown[]) : [];
    const ids = [
      ...input.map((each) => (isObject(each) ? textOf(each.id) : '')),
      ...(call.query.get('id') ?? '').split(','),
    ].filter((id) => id !== '');
    if (ids.length === 0) return failure('1002', "Missing value for required parameter 'id'");
    return result(
      ids.map((id) => {
        const row = this.find(id);
        if (row === undefined) return this.skip(call, id, { id }, '1004', `Lead '${id}' not found`);
        const isLie = call.lie() !== undefined;
        if (!isLie) this.store.remove(this.table, row, call.at);
        const response = { id: Number(id), status: 'deleted' };
        call.notes.push({
          object: 'leads',
          key: row.key ?? id,
          id,
          outcome: isLie ? 'lied' : 'updated',
          request: { id },
          response,
        });
        return response;
      }),
    );
  }

  /** GET leads.json?filterType=&filterValues= */
  read(query: URLSearchParams): Answer {
    const filterType = query.get('filterType') ?? '';
    if (LEAD_FIELDS[filterType]?.isSearchable !== true)
      return failure('1003', `Invalid filterType '${filterType}'`);
    const values = (query.get('filterValues') ?? '').split(',').filter((value) => value !== '');
    if (values.length === 0) return failure('1002', "Missing value for required parameter 'filterValues'");
    if (values.length > RECORDS_MAX) return failure('1003', `At most ${RECORDS_MAX} values`);
    const rows = values.flatMap((value) =>
      filterType === 'id'
        ? [this.find(value)].filter((row) => row !== undefined)
        : this.table.find(filterType, value),
    );
    const names = (query.get('fields') ?? '').split(',').filter((name) => name !== '');
    const unknown = names.find((name) => LEAD_FIELDS[name] === undefined);
    if (unknown !== undefined) return failure('1006', `Field '${unknown}' not found`);
    return paged(
      query,
      [...new Set(rows)].map((row) => shown(row, names.length > 0 ? ['id', ...names] : DEFAULT_FIELDS)),
    );
  }

  describe(): Answer {
    return result(
      Object.entries(LEAD_FIELDS).map(([name, field], index) => describeField(name, field, index)),
    );
  }

  private write(call: Call, action: string, lookup: string, given: Record<string, unknown>): object {
    const key = textOf(given[lookup]);
    const refuse = (code: string, message: string) => this.skip(call, key || null, given, code, message);
    if (key === '' && action !== 'createDuplicate')
      return refuse('1003', `Value for field '${lookup}' is required`);
    const fields: Fields = {};
    for (const [name, value] of Object.entries(given)) {
      const field = LEAD_FIELDS[name];
      if (field === undefined) return refuse('1006', `Field '${name}' not found`);
      if (name === 'id') continue;
      if (field.isReadOnly === true) return refuse('1011', `Field '${name}' is not supported`);
      const read = readValue(field, value);
      if (read === undefined)
        return refuse('1003', `Invalid value for field '${name}' and value '${textOf(value)}'`);
      fields[name] = read;
    }
    const rows =
      lookup === 'id' ? [this.find(key)].filter((row) => row !== undefined) : this.table.find(lookup, key);
    if (action !== 'createDuplicate' && rows.length > 1)
      return refuse('1007', 'Multiple lead match lookup criteria');
    const row = action === 'createDuplicate' ? undefined : rows[0];
    if (action === 'createOnly' && row !== undefined) return refuse('1005', 'Lead already exists');
    if ((action === 'updateOnly' || lookup === 'id') && row === undefined)
      return refuse('1004', 'Lead not found');

    const lie = call.lie();
    const kept = distorted(fields, lie, this.table.indexedFields());
    const id = row?.id ?? this.nextId();
    if (lie !== 'lost' && row === undefined) this.store.insert(this.table, id, key, kept, call.at);
    if (lie !== 'lost' && row !== undefined)
      this.store.update(this.table, row, key, { ...row.fields, ...kept }, call.at);
    const response = { id: Number(id), status: row === undefined ? 'created' : 'updated' };
    const outcome = lie !== undefined ? 'lied' : row === undefined ? 'created' : 'updated';
    call.notes.push({ object: 'leads', key, id, outcome, request: given, response });
    return response;
  }

  private skip(call: Call, key: string | null, request: unknown, code: string, message: string): object {
    const response = { status: 'skipped', reasons: [{ code, message } satisfies Reasoned] };
    call.notes.push({ object: 'leads', key, id: null, outcome: 'rejected', request, response });
    return response;
  }

  /** Looked up each time: emptying the twin replaces it. */
  private get table(): Table {
    return this.store.table('leads');
  }
}

/** One page of a read; `nextPageToken` is the position to begin with. */
export function paged(query: URLSearchParams, rows: readonly object[]): Answer {
  const size = Math.min(
    RECORDS_MAX,
    Math.max(1, Number(query.get('batchSize') ?? RECORDS_MAX) || RECORDS_MAX),
  );
  const from = Number(query.get('nextPageToken') ?? 0) || 0;
  const isMore = from + size < rows.length;
  const more = isMore ? { nextPageToken: String(from + size) } : {};
  return result(rows.slice(from, from + size), { moreResult: isMore, ...more });
}

function shown(row: Row, names: readonly string[]): object {
  const own: Record<string, unknown> = {
    id: Number(row.id),
    createdAt: `${new Date(row.createdAt).toISOString().slice(0, 19)}Z`,
    updatedAt: `${new Date(row.updatedAt).toISOString().slice(0, 19)}Z`,
  };
  return Object.fromEntries(names.map((name) => [name, own[name] ?? row.fields[name] ?? null]));
}
