import type { Value } from '../store/table.js';
import type { Column } from './column.js';
import { badPayload, CODES, Refused } from './errors.js';
import type { TableDefinition } from './tables.js';

const EDM: Record<Column['type'], string> = {
  String: 'Edm.String',
  Memo: 'Edm.String',
  Integer: 'Edm.Int32',
  Decimal: 'Edm.Decimal',
  Boolean: 'Edm.Boolean',
  DateTime: 'Edm.DateTimeOffset',
  Picklist: 'Edm.Int32',
  State: 'Edm.Int32',
  Status: 'Edm.Int32',
  Uniqueidentifier: 'Edm.Guid',
  Lookup: 'Edm.Guid',
  BigInt: 'Edm.Int64',
};
const INTEGER_MAX = 2_147_483_647;
const YEAR_MIN = 1753;
export const GUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** A value in the form Dataverse stores, or the refusal it gives. */
export function readValue(table: TableDefinition, name: string, column: Column, given: unknown): Value {
  if (given === null || given === '') return null;
  const unread = () =>
    badPayload(
      table.set,
      `Cannot convert the literal '${literal(given)}' to the expected type '${edm(column)}'.`,
    );
  switch (column.type) {
    case 'String':
    case 'Memo':
      if (typeof given !== 'string') throw unread();
      if (given.length > column.length) throw tooLong(table, name, column.length);
      return given;
    case 'Boolean':
      if (typeof given !== 'boolean') throw unread();
      return given;
    case 'Integer':
      return wholeNumber(table, name, column, given, unread);
    case 'Decimal':
      if (typeof given !== 'number') throw unread();
      if (given < column.least || given > column.most)
        throw new Refused(400, CODES.outOfDecimals, outside(table, name, given));
      return Number(given.toFixed(column.precision));
    case 'Picklist':
    case 'State':
    case 'Status':
      if (!Number.isInteger(given)) throw unread();
      if (column.options[given as number] === undefined)
        throw outOfOptions(table, name, column.options, given);
      return given as number;
    case 'DateTime':
      return momentOf(column.format, given, unread);
    default:
      if (typeof given !== 'string' || !GUID.test(given)) throw unread();
      return given.toLowerCase();
  }
}

export function edm(column: Column): string {
  return column.type === 'DateTime' && column.format === 'DateOnly' ? 'Edm.Date' : EDM[column.type];
}

function wholeNumber(
  table: TableDefinition,
  name: string,
  { least = -INTEGER_MAX - 1, most = INTEGER_MAX }: { least?: number; most?: number },
  given: unknown,
  unread: () => Refused,
): number {
  if (!Number.isInteger(given) || Math.abs(given as number) > INTEGER_MAX + 1) throw unread();
  if ((given as number) < least || (given as number) > most)
    throw new Refused(400, CODES.outOfRange, outside(table, name, given));
  return given as number;
}

/** Stored to the second, in UTC: what a client sends beyond that is lost, as in Dataverse. */
function momentOf(format: 'DateAndTime' | 'DateOnly', given: unknown, unread: () => Refused): string {
  const isDate = format === 'DateOnly';
  const shape = isDate ? /^\d{4}-\d\d-\d\d$/ : /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/;
  if (typeof given !== 'string' || !shape.test(given) || Number.isNaN(Date.parse(given))) throw unread();
  if (Number(given.slice(0, 4)) < YEAR_MIN)
    throw new Refused(
      400,
      CODES.tooEarly,
      'DateTime is less than minimum value supported by CrmDateTime. Actual value: ' +
        `${given}, Minimum value supported: 01/01/1753 00:00:00`,
    );
  return isDate ? given : `${new Date(given).toISOString().slice(0, 19)}Z`;
}

function tooLong(table: TableDefinition, name: string, length: number): Refused {
  return new Refused(
    400,
    CODES.tooLong,
    `A validation error occurred.  The length of the '${name}' attribute of the '${table.name}' entity exceeded the maximum allowed length of '${length}'.`,
  );
}

function outOfOptions(
  table: TableDefinition,
  name: string,
  options: Readonly<Record<number, string>>,
  given: unknown,
): Refused {
  return new Refused(
    400,
    CODES.outOfOptions,
    `A validation error occurred. The value ${literal(given)} of '${name}' on record of type '${table.name}' is outside the valid range. Accepted Values: ${Object.keys(options).join(',')}`,
  );
}

function outside(table: TableDefinition, name: string, given: unknown): string {
  return `A validation error occurred.  The value of '${name}' on record of type '${table.name}' is outside the valid range: ${literal(given)}.`;
}

function literal(given: unknown): string {
  return typeof given === 'string' ? given : JSON.stringify(given);
}
