import type { Store } from '../store/store.js';
import type { Fields, Row, Table, Value } from '../store/table.js';
import { recordId, wholeId } from './record-id.js';
import type { Field, SObject } from './sobject.js';
import { standardObjects } from './standard-objects.js';

export const ORG_ID = '00DDz0000000001MAA';
export const USER_ID = recordId('005', 1);

/** The Salesforce org: its objects and their records. */
export class Org {
  private readonly byLowerCase = new Map<string, SObject>();
  readonly sobjects: SObject[];

  constructor(
    readonly store: Store,
    more: readonly SObject[],
  ) {
    this.sobjects = [...standardObjects(), ...more];
    for (const sobject of this.sobjects) {
      this.byLowerCase.set(sobject.name.toLowerCase(), sobject);
      const table = store.table(sobject.name);
      for (const field of sobject.fields.values())
        if (field.name !== 'Id' && (field.isUnique || field.isIdLookup)) table.index(field.name);
    }
  }

  sobject(name: string): SObject | undefined {
    return this.byLowerCase.get(name.toLowerCase());
  }

  /** The object an id belongs to, by its prefix. */
  sobjectOfId(id: string): SObject | undefined {
    return this.sobjects.find(({ keyPrefix }) => id.startsWith(keyPrefix));
  }

  table(sobject: SObject): Table {
    return this.store.table(sobject.name);
  }

  nextId(sobject: SObject): string {
    this.store.counter += 1;
    return recordId(sobject.keyPrefix, this.store.counter);
  }

  /** A record by its id in either form, deleted ones too. */
  find(sobject: SObject, id: string): Row | undefined {
    const whole = wholeId(id);
    return whole === undefined ? undefined : this.table(sobject).get(whole);
  }

  create(sobject: SObject, fields: Fields, key: string | null, at: number): Row {
    return this.store.insert(
      this.table(sobject),
      this.nextId(sobject),
      key,
      withDefaults(sobject, fields),
      at,
    );
  }

  update(sobject: SObject, row: Row, fields: Fields, key: string | null, at: number): void {
    this.store.update(this.table(sobject), row, key ?? row.key, { ...row.fields, ...fields }, at);
  }

  remove(sobject: SObject, row: Row, at: number): void {
    this.store.remove(this.table(sobject), row, at);
  }
}

/** A record's value of a field, those that Salesforce keeps itself included. */
export function valueOf(row: Row, field: Field): Value {
  const stored = row.fields[field.name];
  if (stored !== undefined) return stored;
  switch (field.name) {
    case 'Id':
      return row.id;
    case 'IsDeleted':
      return row.isGone;
    case 'Name':
      return [row.fields.FirstName, row.fields.LastName].filter((part) => typeof part === 'string').join(' ');
    case 'CreatedDate':
      return dateTimeText(row.createdAt);
    case 'LastModifiedDate':
    case 'SystemModstamp':
      return dateTimeText(row.updatedAt);
    case 'OwnerId':
    case 'CreatedById':
    case 'LastModifiedById':
      return USER_ID;
    default:
      return null;
  }
}

/** Salesforce keeps seconds and prints this form. */
export function dateTimeText(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}.000+0000`;
}

function withDefaults(sobject: SObject, given: Fields): Fields {
  const fields: Fields = { ...given };
  for (const { name, defaultValue } of sobject.fields.values())
    if (defaultValue !== null && (fields[name] === undefined || fields[name] === null))
      fields[name] = defaultValue;
  return fields;
}
