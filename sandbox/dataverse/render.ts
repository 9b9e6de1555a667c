import type { Row, Value } from '../store/table.js';
import type { Column } from './column.js';
import { unknown } from './errors.js';
import type { EntitySet, Organisation } from './organisation.js';
import { FORMATTED, LOGICAL_NAME, type Preferences } from './preferences.js';

/** The version of a record; it changes with every write, a colleague's too. */
function versionOf(row: Row): number {
  return row.updatedAt * 100 + (row.writes % 100);
}

export function etagOf(row: Row): string {
  return `W/"${versionOf(row)}"`;
}

/** The properties of `$select`; undefined: all. */
export function selectionOf({ definition, columns }: EntitySet, select: string | null): string[] | undefined {
  if (select === null) return undefined;
  const names = select.split(',').map((name) => name.trim());
  const wrong = names.find((name) => !columns.has(name));
  if (wrong !== undefined)
    throw unknown(
      400,
      `Could not find a property named '${wrong}' on type 'Microsoft.Dynamics.CRM.${definition.name}'.`,
    );
  return names;
}

export function valueOf({ definition }: EntitySet, row: Row, property: string): Value {
  switch (property) {
    case definition.id:
      return row.id;
    case 'createdon':
      return toSecond(row.createdAt);
    case 'modifiedon':
      return toSecond(row.updatedAt);
    case 'versionnumber':
      return versionOf(row);
    default:
      return row.fields[property] ?? null;
  }
}

/** A record as the Web API shows it; the primary key always comes along. */
export function shown(
  organisation: Organisation,
  set: EntitySet,
  row: Row,
  selection: readonly string[] | undefined,
  preferences: Preferences,
): Record<string, unknown> {
  const body: Record<string, unknown> = { '@odata.etag': etagOf(row) };
  const names = selection ?? [...set.columns.keys()];
  for (const name of names.includes(set.definition.id) ? names : [...names, set.definition.id]) {
    const { column } = set.columns.get(name)!;
    const value = valueOf(set, row, name);
    if (value !== null && preferences.includes(FORMATTED)) {
      const label = formatted(column, value);
      if (label !== undefined) body[`${name}@${FORMATTED}`] = label;
    }
    if (value !== null && column.type === 'Lookup' && preferences.includes(LOGICAL_NAME))
      body[`${name}@${LOGICAL_NAME}`] = Object.keys(column.binds).find(
        (target) => organisation.byLogicalName(target)?.rows.get(String(value)) !== undefined,
      );
    body[name] = value;
  }
  return body;
}

export function contextOf(apiUrl: string, set: EntitySet, selection: readonly string[] | undefined): string {
  const columns = selection === undefined ? '' : `(${selection.join(',')})`;
  return `${apiUrl}/$metadata#${set.definition.set}${columns}`;
}

function formatted(column: Column, value: Value): string | undefined {
  switch (column.type) {
    case 'Picklist':
    case 'State':
    case 'Status':
      return column.options[value as number];
    case 'Boolean':
      return value === true ? 'Yes' : 'No';
    case 'Integer':
    case 'Decimal':
      return (value as number).toLocaleString('en-US');
    default:
      return undefined;
  }
}

function toSecond(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19)}Z`;
}
