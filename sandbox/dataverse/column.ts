interface Common {
  /** In the words of the metadata. */
  label?: string;
  /** Set by the server; what a client sends for it is ignored, as Dataverse does. */
  isReadOnly?: boolean;
}

/** A column of a table, by the types that Dataverse calls AttributeType. */
export type Column = Common &
  (
    | { type: 'String'; length: number; format?: 'Text' | 'Email' | 'Phone' | 'Url' }
    | { type: 'Memo'; length: number }
    | { type: 'Integer'; least?: number; most?: number }
    | { type: 'Decimal'; least: number; most: number; precision: number }
    | { type: 'Boolean' }
    | { type: 'DateTime'; format: 'DateAndTime' | 'DateOnly' }
    | { type: 'Picklist' | 'State' | 'Status'; options: Readonly<Record<number, string>> }
    | { type: 'Uniqueidentifier' }
    /** `bind` is the navigation property that a client binds by, for each table that it may point at. */
    | { type: 'Lookup'; binds: Readonly<Record<string, string>> }
    | { type: 'BigInt' }
  );

export const text = (length: number, label?: string): Column => ({ type: 'String', length, ...named(label) });
export const memo = (length: number, label?: string): Column => ({ type: 'Memo', length, ...named(label) });
export const flag = (label?: string): Column => ({ type: 'Boolean', ...named(label) });
export const whole = (label?: string): Column => ({ type: 'Integer', ...named(label) });
export const moment = (label?: string): Column => ({
  type: 'DateTime',
  format: 'DateAndTime',
  ...named(label),
});
export const choice = (options: Record<number, string>, label?: string): Column => ({
  type: 'Picklist',
  options,
  ...named(label),
});
/** A lookup at one table, or at one of several: table name → navigation property. */
export const lookup = (binds: Record<string, string>, label?: string): Column => ({
  type: 'Lookup',
  binds,
  ...named(label),
});

function named(label: string | undefined): { label?: string } {
  return label === undefined ? {} : { label };
}

/** The property that carries a column: a lookup shows as `_name_value`. */
export function propertyOf(name: string, column: Column): string {
  return column.type === 'Lookup' ? `_${name}_value` : name;
}
