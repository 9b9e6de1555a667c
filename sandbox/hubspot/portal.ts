import { distorted } from '../faults/distort.js';
import type { Lie } from '../faults/fault.js';
import type { Store } from '../store/store.js';
import { type Fields, type Row, type Table, unkept } from '../store/table.js';
import { type ObjectType, objectTypes } from './object-types.js';
import type { Property } from './property.js';
import { type PropertyFault, faultsMessage } from './property-values.js';

/** Kept with a record that was merged away; no property of HubSpot's. */
const MERGED_INTO = '$mergedInto';
const FIRST_ID = 70_000_000_001;

/** One record to be written; `row` is undefined for a new one. */
export interface Write {
  type: ObjectType;
  row: Row | undefined;
  fields: Fields;
  key: string | null;
  at: number;
  lie: Lie | undefined;
}

/** Why one record cannot be written. */
export interface Conflict {
  status: 400 | 409;
  category: 'VALIDATION_ERROR' | 'CONFLICT';
  message: string;
}

/** The HubSpot account: its object types and their records. */
export class Portal {
  private readonly types: ObjectType[];

  constructor(readonly store: Store) {
    this.types = objectTypes();
    for (const type of this.types) {
      const table = store.table(type.name);
      for (const property of type.properties.values())
        if (property.hasUniqueValue) table.index(property.name);
    }
    for (const { object, definition } of store.definitions)
      this.addProperty(this.type(object)!, definition as Property);
  }

  /** The object type an address names, by any of its names. */
  type(name: string): ObjectType | undefined {
    const wanted = name.toLowerCase();
    return this.types.find((type) => type.aliases.includes(wanted));
  }

  table(type: ObjectType): Table {
    return this.store.table(type.name);
  }

  addProperty(type: ObjectType, property: Property): void {
    type.properties.set(property.name, property);
    if (property.hasUniqueValue) this.table(type).index(property.name);
  }

  nextId(): string {
    this.store.counter += 1;
    return String(FIRST_ID + this.store.counter);
  }

  /** A live record by its id, or by a unique property. */
  find(type: ObjectType, id: string, idProperty: string | undefined): Row | undefined {
    const table = this.table(type);
    if (idProperty !== undefined && idProperty !== 'hs_object_id') return table.findOne(idProperty, id);
    const row = table.get(id);
    if (row?.isGone !== true) return row;
    const into = row.fields[MERGED_INTO];
    return typeof into === 'string' ? this.find(type, into, undefined) : undefined;
  }

  /** Whether another record holds one of the unique values about to be written. */
  conflict(type: ObjectType, fields: Fields, self: Row | undefined): Conflict | undefined {
    const table = this.table(type);
    for (const name of table.indexedFields()) {
      const value = fields[name];
      if (value === undefined || value === null || self?.fields[name] === value) continue;
      const holder = table.findOne(name, value);
      if (holder === undefined || holder === self) continue;
      if (name === 'email') {
        const message = `Contact already exists. Existing ID: ${holder.id}`;
        return { status: 409, category: 'CONFLICT', message };
      }
      const message = `Cannot set ${name} to ${value}. ${holder.id} already has that value.`;
      const fault: PropertyFault = { isValid: false, message, error: 'CONFLICTING_UNIQUE_VALUE', name };
      return { status: 400, category: 'VALIDATION_ERROR', message: faultsMessage([fault]) };
    }
    return undefined;
  }

  /** Writes a record and answers it as the vendor shows it: where the store was lied to, as it should be. */
  write({ type, row, fields, key, at, lie }: Write): Row {
    if (lie === 'lost') return this.pretend(type, row, fields, at);
    const kept = distorted(fields, lie, this.table(type).indexedFields());
    if (row !== undefined) this.update(type, row, kept, key, at);
    const stored = row ?? this.create(type, kept, key, at);
    return lie === undefined ? stored : { ...stored, fields: merged(stored.fields, fields) };
  }

  /** A record that a colleague makes in the portal itself. */
  byHand(object: string, given: Fields, _at: number): { id: string; fields: Fields } {
    const fields = merged(object === 'contacts' ? { lifecyclestage: 'lead' } : {}, given);
    return { id: this.nextId(), fields };
  }

  /** What HubSpot leaves of two records: the loser's id finds the winner, which takes what it lacks. */
  merge(type: ObjectType | undefined, loser: Row, winner: Row, at: number): void {
    if (type === undefined) return;
    const table = this.table(type);
    this.store.amend(table, loser, { ...loser.fields, [MERGED_INTO]: winner.id }, at);
    this.store.remove(table, loser, at);
    this.store.amend(table, winner, merged(loser.fields, { ...winner.fields, [MERGED_INTO]: null }), at);
  }

  create(type: ObjectType, fields: Fields, key: string | null, at: number): Row {
    const whole = merged({}, fields);
    whole.lifecyclestage ??= 'lead';
    if (type.name === 'companies' && whole.domain !== undefined) whole.website ??= whole.domain;
    return this.store.insert(this.table(type), this.nextId(), key, whole, at);
  }

  private update(type: ObjectType, row: Row, fields: Fields, key: string | null, at: number): void {
    this.store.update(this.table(type), row, key ?? row.key, merged(row.fields, fields), at);
  }

  /** What the record would be, for an answer that lies. */
  private pretend(type: ObjectType, row: Row | undefined, fields: Fields, at: number): Row {
    if (row !== undefined) return { ...row, fields: merged(row.fields, fields), updatedAt: at };
    const whole = merged({ lifecyclestage: 'lead' }, fields);
    const id = this.nextId();
    return unkept(id, whole, at);
  }
}

/** Null clears a property, which is then not there at all. */
function merged(last: Fields, written: Fields): Fields {
  const next: Fields = { ...last };
  for (const name of Object.keys(written)) {
    const value = written[name];
    if (value === undefined || value === null) Reflect.deleteProperty(next, name);
    else next[name] = value;
  }
  return next;
}
