import type { Store } from '../store/store.js';
import type { Fields, Row, Table } from '../store/table.js';
import { type Key, readAddress, readKey } from './address.js';
import { type Column, propertyOf } from './column.js';
import { edm, readValue } from './column-values.js';
import { badPayload, CODES, Refused, unknown } from './errors.js';
import { type TableDefinition, TABLES } from './tables.js';

/** A table of the environment with its records. */
export interface EntitySet {
  definition: TableDefinition;
  rows: Table;
  /** Columns by the property that carries them. */
  columns: ReadonlyMap<string, { name: string; column: Column }>;
  /** Lookups by the navigation property that binds them: the column, and the table it points at. */
  binds: ReadonlyMap<string, { name: string; target: string }>;
}

/** The environment: its tables, and how records are found, named and kept unique. */
export class Organisation {
  private readonly sets = new Map<string, EntitySet>();

  constructor(
    readonly store: Store,
    definitions: readonly TableDefinition[] = TABLES,
  ) {
    for (const definition of definitions) {
      const columns = Object.entries(definition.columns);
      const rows = this.store.table(definition.set);
      for (const [first] of Object.values(definition.keys)) rows.index(first!);
      this.sets.set(definition.set, {
        definition,
        rows,
        columns: new Map(columns.map(([name, column]) => [propertyOf(name, column), { name, column }])),
        binds: new Map(
          columns.flatMap(([name, column]) =>
            column.type === 'Lookup'
              ? Object.entries(column.binds).map(([target, bind]) => [bind, { name, target }] as const)
              : [],
          ),
        ),
      });
    }
  }

  set(name: string): EntitySet {
    const found = this.sets.get(name);
    if (found === undefined) throw unknown(404, `Resource not found for the segment '${name}'.`);
    return found;
  }

  definitions(): TableDefinition[] {
    return [...this.sets.values()].map(({ definition }) => definition);
  }

  byLogicalName(name: string): EntitySet | undefined {
    return [...this.sets.values()].find(({ definition }) => definition.name === name);
  }

  /** The store is emptied by putting new tables in place of the old ones. */
  empty(): void {
    this.store.empty();
    for (const set of this.sets.values()) set.rows = this.store.table(set.definition.set);
  }

  find({ definition, rows }: EntitySet, key: Key): Row | undefined {
    if ('id' in key) {
      const row = rows.get(key.id);
      return row === undefined || row.isGone ? undefined : row;
    }
    const wanted = keyValues(definition, key.columns);
    const [[first, value] = ['', null]] = Object.entries(wanted);
    return rows.find(first, value).find((row) => isSame(row.fields, wanted));
  }

  missing({ definition }: EntitySet, key: Key): Refused {
    return 'id' in key
      ? new Refused(404, CODES.missingById, `${definition.name} With Id = ${key.id} Does Not Exist`)
      : new Refused(
          404,
          CODES.missingByKey,
          `A record with the specified key values does not exist in ${definition.name} entity`,
        );
  }

  /** No two records with the same alternate key. */
  keepUnique({ definition, rows }: EntitySet, fields: Fields, self: Row | undefined): void {
    for (const [name, columns] of Object.entries(definition.keys)) {
      if (columns.some((column) => fields[column] == null)) continue;
      const wanted = Object.fromEntries(columns.map((column) => [column, fields[column]!]));
      const twin = rows.find(columns[0]!, fields[columns[0]!]!).find((row) => isSame(row.fields, wanted));
      if (twin === undefined || twin === self) continue;
      throw new Refused(
        412,
        CODES.duplicateKey,
        `Entity Key ${name} violated. A record with the same value for ${columns.join(', ')} already exists. A duplicate record cannot be created. Select one or more unique values and try again.`,
      );
    }
  }

  /** The id of the record that `…@odata.bind` points at. */
  bound(set: EntitySet, bind: string, given: unknown): { name: string; id: string | null } {
    const target = set.binds.get(bind);
    if (target === undefined)
      throw badPayload(
        set.definition.set,
        `An undeclared property '${bind}' which only has property annotations in the payload but no property value was found in the payload. In OData, only declared navigation properties and declared named streams can be represented as properties without values.`,
      );
    if (given === null) return { name: target.name, id: null };
    if (typeof given !== 'string')
      throw badPayload(set.definition.set, 'The value of a bind must be a string.');
    const at = given.lastIndexOf('/api/data/');
    const path = at < 0 ? given.replace(/^\/+/, '') : given.slice(at).split('/').slice(4).join('/');
    const { name, inner } = readAddress(path);
    const other = this.set(name);
    if (inner === undefined || other.definition.name !== target.target)
      throw badPayload(set.definition.set, `The value '${given}' is no reference to a ${target.target}.`);
    const key = readKey(inner, other.definition.id);
    const row = this.find(other, key);
    if (row === undefined) throw this.missing(other, key);
    return { name: target.name, id: row.id };
  }

  /** Ids grow as SQL Server's sequential ones do. */
  nextId(): string {
    this.store.counter += 1;
    return `${this.store.counter.toString(16).padStart(8, '0')}-7e2d-f011-b4cb-000d3a993550`;
  }

  /** A record that a colleague makes in the backend itself. */
  byHand(object: string, fields: Fields): { id: string; fields: Fields } {
    const { definition } = this.set(object);
    const id = typeof fields[definition.id] === 'string' ? String(fields[definition.id]) : this.nextId();
    return { id, fields: withDefaults(definition, fields) };
  }

  /** Two records merged: the loser stays, inactive and pointing at the winner, as Dataverse's Merge leaves it. */
  merge(object: string, loser: Row, winner: Row, at: number): void {
    const { rows } = this.set(object);
    const lacking = Object.entries(loser.fields).filter(([name]) => winner.fields[name] == null);
    this.store.amend(rows, winner, { ...Object.fromEntries(lacking), ...winner.fields }, at);
    const ended = { statecode: 1, statuscode: 2, merged: true, _masterid_value: winner.id };
    this.store.amend(rows, loser, { ...loser.fields, ...ended }, at);
  }
}

/** Values of an alternate key, as the address names them, in the form that is stored. */
export function keyValues(definition: TableDefinition, given: Record<string, string>): Fields {
  const names = Object.keys(given);
  const isKey = Object.values(definition.keys).some(
    (columns) => columns.length === names.length && columns.every((column) => names.includes(column)),
  );
  if (!isKey)
    throw unknown(
      400,
      `The specified key attributes are not a defined key for the ${definition.name} entity`,
    );
  return Object.fromEntries(
    names.map((name) => {
      const column = definition.columns[name]!;
      const value = edm(column) === 'Edm.String' ? given[name] : Number(given[name]);
      return [name, readValue(definition, name, column, value)];
    }),
  );
}

/** What Dataverse adds by itself. */
export function withDefaults({ name }: TableDefinition, fields: Fields): Fields {
  const isPerson = name === 'contact' || name === 'lead';
  const fullname = [fields.firstname, fields.lastname]
    .filter((part) => part != null && part !== '')
    .join(' ');
  return {
    statecode: 0,
    statuscode: 1,
    ...(isPerson ? { merged: false } : {}),
    ...fields,
    ...(isPerson ? { fullname: fullname === '' ? null : fullname } : {}),
  };
}

function isSame(fields: Fields, wanted: Fields): boolean {
  return Object.entries(wanted).every(
    ([name, value]) => String(fields[name]).toLowerCase() === String(value).toLowerCase(),
  );
}
