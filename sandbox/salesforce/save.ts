import type { Call, Outcome } from '../call.js';
import { distorted } from '../faults/distort.js';
import type { Fields, Row, Value } from '../store/table.js';
import { afterCampaignWrite, campaignFaults, withCampaignRules } from './campaign-rules.js';
import { type Fault, itemErrors } from './errors.js';
import { type FieldValues, missingFields, unwritableFields } from './field-values.js';
import type { Org } from './org.js';
import type { SObject } from './sobject.js';

export interface Saved {
  id: string;
  isNew: boolean;
  outcome: Outcome;
}

/** What one write is about: where it goes, what it says, and how the journal shall know it. */
export interface Save {
  org: Org;
  sobject: SObject;
  values: FieldValues;
  call: Call;
  key: string | null;
}

export function isSaved(result: Saved | Fault[]): result is Saved {
  return !Array.isArray(result);
}

/** Creates or updates one record, or says why not. `row` is undefined for a create. */
export function save({ org, sobject, values, call, key }: Save, row: Row | undefined): Saved | Fault[] {
  const { fields } = values;
  const isNew = row === undefined;
  const faults = [
    ...values.faults,
    ...unwritableFields(sobject, fields, isNew),
    ...missingFields(sobject, fields, row?.fields),
    ...campaignFaults(org, sobject, fields, row),
  ];
  if (faults.length > 0) return faults;
  const taken = takenValue(org, sobject, fields, row);
  if (taken !== undefined) return [taken];
  const lie = call.lie();
  if (lie === 'lost') return { id: row?.id ?? org.nextId(sobject), isNew, outcome: 'lied' };
  const ruled = withCampaignRules(org, sobject, fields, row, call.at);
  const kept = distorted(ruled, lie, org.table(sobject).indexedFields());
  if (row !== undefined) org.update(sobject, row, kept, key, call.at);
  const written = row ?? org.create(sobject, kept, key, call.at);
  afterCampaignWrite(org, sobject, written, isNew, call.at);
  const { id } = written;
  return { id, isNew, outcome: lie !== undefined ? 'lied' : isNew ? 'created' : 'updated' };
}

/** Adds the record to the call's notes. */
export function note(
  call: Call,
  sobject: SObject,
  key: string | null,
  request: unknown,
  response: unknown,
  result: Saved | Fault[],
): void {
  const { id, outcome } = isSaved(result) ? result : ({ id: null, outcome: 'rejected' } as const);
  call.notes.push({ object: sobject.name, key, id, outcome, request, response });
}

/** One entry of a collection's answer; `isUpsert` adds whether the record is new. */
export function resultOf(result: Saved | Fault[], isUpsert: boolean): object {
  if (!isSaved(result)) return { success: false, errors: itemErrors(result) };
  const entry = { id: result.id, success: true, errors: [] };
  return isUpsert ? { ...entry, created: result.isNew } : entry;
}

/** What the journal calls a record by when no key was named: its external id, or its e-mail. */
export function keyOf(sobject: SObject, fields: Record<string, unknown>): string | null {
  for (const { name, isExternalId } of sobject.fields.values())
    if (isExternalId && typeof fields[name] === 'string') return fields[name];
  return typeof fields.Email === 'string' ? fields.Email : null;
}

function takenValue(org: Org, sobject: SObject, fields: Fields, self: Row | undefined): Fault | undefined {
  const table = org.table(sobject);
  for (const name of table.indexedFields()) {
    const value: Value | undefined = fields[name];
    if (value === undefined || value === null || sobject.fields.get(name)?.isUnique !== true) continue;
    const holder = table.findOne(name, value);
    if (holder === undefined || holder === self) continue;
    const message = `duplicate value found: ${name} duplicates value on record with id: ${holder.id}`;
    return { code: 'DUPLICATE_VALUE', message, fields: [name] };
  }
  return undefined;
}
