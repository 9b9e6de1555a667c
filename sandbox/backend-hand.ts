import { isObject } from './call.js';
import type { ControlParts, Reply } from './control-parts.js';
import type { Fields, Row, Table, Value } from './store/table.js';

/** Records seeded in one call. */
const SEED_RECORDS_MAX = 250_000;

/**
 * Writes of a colleague at the backend itself: not through the vendor's API, not judged, not in the journal, and no
 * write of ours. What is given must be in the form that the vendor stores.
 */
export class BackendHand {
  constructor(private readonly parts: ControlParts) {}

  /** Routes below /_twin/records/{object}. */
  reply(method: string, object: string, [id, verb]: string[], body: Buffer): Reply {
    const table = this.parts.vendor.store.table(object);
    const at = Date.now();
    if (method === 'POST' && id === undefined) return this.seed(table, body, at);
    const row = id === undefined ? undefined : table.get(id);
    if (row === undefined || row.isGone)
      return { status: 404, body: { error: `There is no ${object} "${id ?? ''}".` } };
    if (method === 'DELETE' && verb === undefined) return this.remove(table, row, at);
    if (method === 'PUT' && verb === undefined) return this.amend(table, row, body, at);
    if (method === 'POST' && verb === 'merge') return this.merge(table, row, body, at);
    return { status: 405, body: { error: 'GET, PUT, DELETE, and POST …/merge are known here.' } };
  }

  /** POST: `{ records: [{ key?, fields }] }`, all or nothing; answers their ids in order. */
  private seed(table: Table, body: Buffer, at: number): Reply {
    const wanted = parsed(body);
    const given =
      isObject(wanted) && Array.isArray(wanted.records) ? (wanted.records as unknown[]) : undefined;
    if (given === undefined) return wrong('The body must be { "records": [{ "key"?, "fields" }] }.');
    if (given.length > SEED_RECORDS_MAX) return wrong(`At most ${SEED_RECORDS_MAX} records at once.`);
    const records: { key: string | null; fields: Fields }[] = [];
    for (const each of given) {
      if (!isObject(each) || !isFields(each.fields))
        return wrong('Each record needs "fields": names with text, numbers, true, false or null.');
      if (each.key !== undefined && typeof each.key !== 'string') return wrong('"key" must be text.');
      records.push({ key: each.key ?? null, fields: each.fields });
    }
    const { vendor, file } = this.parts;
    const ids = records.map(({ key, fields }) => {
      const made = vendor.newRecord(table.object, fields, at);
      return vendor.store.insert(table, made.id, key, made.fields, at, 0).id;
    });
    file?.appendRows();
    return { status: 201, body: { ids } };
  }

  /** PUT: `{ fields }` over what is there; null clears. */
  private amend(table: Table, row: Row, body: Buffer, at: number): Reply {
    const wanted = parsed(body);
    if (!isObject(wanted) || !isFields(wanted.fields)) return wrong('The body must be { "fields": {…} }.');
    const { vendor, file } = this.parts;
    vendor.store.amend(table, row, { ...row.fields, ...wanted.fields }, at);
    file?.appendRows();
    return { status: 200, body: { id: row.id, key: row.key, fields: row.fields, writes: row.writes } };
  }

  private remove(table: Table, row: Row, at: number): Reply {
    this.parts.vendor.store.remove(table, row, at);
    this.parts.file?.appendRows();
    return { status: 204, body: null };
  }

  /** POST …/merge `{ into }`: this record goes into that one. */
  private merge(table: Table, loser: Row, body: Buffer, at: number): Reply {
    const wanted = parsed(body);
    const into = isObject(wanted) && typeof wanted.into === 'string' ? table.get(wanted.into) : undefined;
    if (into === undefined || into.isGone || into === loser)
      return wrong('"into" must be the id of another record.');
    const { vendor, file } = this.parts;
    if (vendor.merge === undefined) {
      const lacking = Object.entries(loser.fields).filter(([name]) => into.fields[name] == null);
      vendor.store.remove(table, loser, at);
      vendor.store.amend(table, into, { ...into.fields, ...Object.fromEntries(lacking) }, at);
    } else vendor.merge(table.object, loser, into, at);
    file?.appendRows();
    return { status: 200, body: { id: into.id, key: into.key, fields: into.fields, writes: into.writes } };
  }
}

function wrong(error: string): Reply {
  return { status: 400, body: { error } };
}

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
}

function isFields(value: unknown): value is Fields {
  return isObject(value) && Object.values(value).every((each) => isValue(each));
}

function isValue(value: unknown): value is Value {
  return value === null || ['string', 'number', 'boolean'].includes(typeof value);
}
