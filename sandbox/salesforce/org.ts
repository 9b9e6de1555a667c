import type { Store } from '../store/store.js';
import type { Fields, Row, Table, Value } from '../store/table.js';
import { recordId, wholeId } from './record-id.js';
import type { Field, SObject } from './sobject.js';
import { bornStatuses } from './campaign-statuses.js';
import { dependentsOf } from './dependents.js';
import { standardObjects } from './standard-objects.js';

export const ORG_ID = '00DDz0000000001MAA';
export const USER_ID = recordId('005', 1);

/** References that the org's own rules look up. */
const INDEXED: Record<string, string[]> = {
  CampaignMember: ['LeadId', 'ContactId'],
  CampaignMemberStatus: ['CampaignId'],
};

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
      for (const name of INDEXED[sobject.name] ?? []) table.index(name);
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

  /** A record that a colleague makes in the org itself. */
  byHand(object: string, given: Fields, at: number): { id: string; fields: Fields } {
    const sobject = this.sobject(object)!;
    const id = this.nextId(sobject);
    if (sobject.name === 'Campaign') bornStatuses(this, id, at);
    return { id, fields: withDefaults(sobject, given) };
  }

  /** What Salesforce leaves of two people: the loser is deleted and names its master, its memberships move. */
  merge(sobject: SObject, loser: Row, winner: Row, at: number): void {
    const lacking = Object.entries(loser.fields).filter(([name]) => (winner.fields[name] ?? null) === null);
    for (const [object, rows] of dependentsOf(this, sobject, loser))
      for (const each of rows) {
        const moved = { ...each.fields, [`${sobject.name}Id`]: winner.id };
        this.store.amend(this.store.table(object), each, moved, at);
      }
    const table = this.table(sobject);
    this.store.amend(table, loser, { ...loser.fields, MasterRecordId: winner.id }, at);
    this.store.remove(table, loser, at);
    this.store.amend(table, winner, { ...winner.fields, ...Object.fromEntries(lacking) }, at);
  }

  /** Removes a record, and with a campaign or a person the memberships. */
  remove(sobject: SObject, row: Row, at: number): void {
    for (const [object, rows] of dependentsOf(this, sobject, row))
      for (const each of rows) this.store.remove(this.store.table(object), each, at);
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
