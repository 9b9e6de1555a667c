import { type Answer, type Call, isObject } from '../call.js';
import { distorted } from '../faults/distort.js';
import { type Fields, type Row, unkept } from '../store/table.js';
import type { Key } from './address.js';
import { readValue } from './column-values.js';
import { badPayload, CODES, json, nothing, Refused } from './errors.js';
import { type EntitySet, keyValues, type Organisation, withDefaults } from './organisation.js';
import { preferencesOf } from './preferences.js';
import { contextOf, etagOf, selectionOf, shown } from './render.js';

/** Where a record was written to, and by which name the client called it. */
interface Written {
  row: Row;
  isNew: boolean;
}

/** Creating, updating and removing single records; the calls of a batch come here too. */
export class Writes {
  constructor(
    private readonly organisation: Organisation,
    private readonly apiUrl: () => string,
  ) {}

  /** POST contacts */
  create(call: Call, set: EntitySet): Answer {
    const body = bodyOf(call, set);
    const { row } = this.put(call, set, undefined, body);
    const uri = `${this.apiUrl()}/${set.definition.set}(${row.id})`;
    return this.answer(call, set, { row, isNew: true }, { Location: uri, 'OData-EntityId': uri });
  }

  /** PATCH contacts(key): an upsert, unless the headers narrow it. */
  upsert(call: Call, set: EntitySet, key: Key, inner: string): Answer {
    const found = this.organisation.find(set, key);
    this.demand(call, set, key, found);
    const written = this.put(call, set, key, bodyOf(call, set));
    const uri = `${this.apiUrl()}/${set.definition.set}(${inner})`;
    return this.answer(call, set, written, { 'OData-EntityId': uri });
  }

  /** DELETE contacts(key) */
  remove(call: Call, set: EntitySet, key: Key): Answer {
    const row = this.organisation.find(set, key);
    if (row === undefined) throw this.organisation.missing(set, key);
    this.demand(call, set, key, row);
    const isLie = call.lie() !== undefined;
    if (!isLie) this.organisation.store.remove(set.rows, row, call.at);
    this.note(call, set, key, row.id, isLie ? 'lied' : 'updated', { deleted: true });
    return nothing(204);
  }

  /** Stores one record; throws what Dataverse would refuse it with. */
  put(call: Call, set: EntitySet, key: Key | undefined, body: Record<string, unknown>): Written {
    const { store } = this.organisation;
    const found = key === undefined ? undefined : this.organisation.find(set, key);
    const named = key !== undefined && 'columns' in key ? keyValues(set.definition, key.columns) : {};
    const given = this.fieldsOf(set, body);
    const fields = found === undefined ? { ...named, ...given } : { ...given, ...named };
    const spared = Object.values(set.definition.keys).flat();
    const lie = call.lie();
    const kept = withDefaults(set.definition, { ...found?.fields, ...distorted(fields, lie, spared) });
    this.organisation.keepUnique(set, kept, found);

    const id = found?.id ?? idOf(set, key, body) ?? this.organisation.nextId();
    if (found === undefined && set.rows.get(id)?.isGone === false)
      throw new Refused(412, CODES.duplicateRecord, 'A record with matching key values already exists.');
    const name = key === undefined || 'id' in key ? id : Object.values(key.columns).join(',');
    let row = found;
    if (lie === 'lost') row ??= unkept(id, kept, call.at);
    else if (found === undefined) row = store.insert(set.rows, id, name, kept, call.at);
    else store.update(set.rows, found, name, kept, call.at);
    const outcome = lie !== undefined ? 'lied' : found === undefined ? 'created' : 'updated';
    this.note(call, set, key, id, outcome, body);
    return { row: row!, isNew: found === undefined };
  }

  private answer(
    call: Call,
    set: EntitySet,
    { row, isNew }: Written,
    headers: Record<string, string>,
  ): Answer {
    const preferences = preferencesOf(call);
    if (!preferences.isRepresentation) return nothing(204, headers);
    const selection = selectionOf(set, call.query.get('$select'));
    const body = {
      '@odata.context': `${contextOf(this.apiUrl(), set, selection)}/$entity`,
      ...shown(this.organisation, set, row, selection, preferences),
    };
    return json(isNew ? 201 : 200, body, {
      ...headers,
      ETag: etagOf(row),
      'Preference-Applied': 'return=representation',
    });
  }

  /** If-Match and If-None-Match. */
  private demand(call: Call, set: EntitySet, key: Key, row: Row | undefined): void {
    const match = call.headers['if-match'];
    if (match !== undefined && row === undefined) throw this.organisation.missing(set, key);
    if (match !== undefined && match !== '*' && row !== undefined && match !== etagOf(row))
      throw new Refused(
        412,
        CODES.version,
        "The version of the existing record doesn't match the RowVersion property provided.",
      );
    if (call.headers['if-none-match'] === '*' && row !== undefined)
      throw new Refused(412, CODES.duplicateRecord, 'A record with matching key values already exists.');
  }

  /** The body as it would be stored; binds become ids. */
  private fieldsOf(set: EntitySet, body: Record<string, unknown>): Fields {
    const { definition, columns } = set;
    const fields: Fields = {};
    for (const [property, value] of Object.entries(body)) {
      if (property.endsWith('@odata.bind')) {
        const { name, id } = this.organisation.bound(set, property.slice(0, -'@odata.bind'.length), value);
        fields[`_${name}_value`] = id;
        continue;
      }
      if (property.includes('@')) continue;
      const found = columns.get(property);
      if (found === undefined || found.column.type === 'Lookup')
        throw badPayload(
          definition.set,
          `The property '${property}' does not exist on type 'Microsoft.Dynamics.CRM.${definition.name}'. Make sure to only use property names that are defined by the type or mark the type as open type.`,
        );
      const read = readValue(definition, property, found.column, value);
      if (found.column.isReadOnly !== true && property !== definition.id) fields[property] = read;
    }
    return fields;
  }

  private note(
    call: Call,
    set: EntitySet,
    key: Key | undefined,
    id: string,
    outcome: 'created' | 'updated' | 'lied',
    request: unknown,
  ): void {
    const named = key === undefined || 'id' in key ? id : Object.values(key.columns).join(',');
    call.notes.push({ object: set.definition.set, key: named, id, outcome, request, response: { id } });
  }
}

export function bodyOf(call: Call, set: EntitySet): Record<string, unknown> {
  let body: unknown;
  try {
    body = JSON.parse(call.body.toString('utf8'));
  } catch {
    throw badPayload(set.definition.set, 'Invalid JSON. A token was not recognized in the JSON content.');
  }
  if (!isObject(body))
    throw badPayload(set.definition.set, 'An entry could not be read: an object is expected.');
  return body;
}

/** An id that the client chose: in the address, or in the body of a POST. */
function idOf(
  { definition }: EntitySet,
  key: Key | undefined,
  body: Record<string, unknown>,
): string | undefined {
  if (key !== undefined && 'id' in key) return key.id;
  const given = body[definition.id];
  return typeof given === 'string' ? given.toLowerCase() : undefined;
}
