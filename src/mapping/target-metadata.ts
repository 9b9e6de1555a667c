/**
 * What a backend says of one object: the other side that every field is checked against. Snapshots stand in
 * `mappings/targets/<destination>.<object>.json`.
 */
export const targetTypes = [
  'string',
  'email',
  'phone',
  'int',
  'double',
  'bool',
  'date',
  'datetime',
  'picklist',
  'reference',
] as const;
export type TargetType = (typeof targetTypes)[number];

export interface TargetField {
  readonly type: TargetType;
  /** Longest text it takes, in UTF-16 units. */
  readonly length?: number;
  /** A record cannot be made without it. */
  readonly required?: boolean;
  /** False for what the backend computes itself; true where it is left out. */
  readonly writable?: boolean;
  /** May identify a record. */
  readonly unique?: boolean;
  /** The values of a picklist. */
  readonly values?: readonly string[];
  /** False where a picklist also takes values that it does not list. */
  readonly restricted?: boolean;
}

export interface TargetMetadata {
  readonly destination: string;
  readonly object: string;
  readonly fields: Readonly<Record<string, TargetField>>;
}

/** Reads a snapshot; gives a plain sentence where it is none. */
export function parseTarget(text: string): TargetMetadata | string {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return 'is no JSON';
  }
  if (!isRecord(parsed) || !isRecord(parsed['fields'])) return 'needs destination, object and fields';
  const { destination, object, fields } = parsed;
  if (typeof destination !== 'string' || typeof object !== 'string') return 'needs destination and object';
  for (const [name, field] of Object.entries(fields)) {
    if (!isRecord(field) || !targetTypes.includes(field['type'] as TargetType)) {
      return `gives ${name} no type; types are ${targetTypes.join(', ')}`;
    }
  }
  return { destination, object, fields: fields as Record<string, TargetField> };
}

export function targetField(target: TargetMetadata, name: string): TargetField | null {
  return Object.hasOwn(target.fields, name) ? target.fields[name]! : null;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
