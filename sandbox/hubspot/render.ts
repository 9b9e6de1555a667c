import type { Fields, Row, Value } from '../store/table.js';
import type { ObjectType } from './object-types.js';
import { instantText } from './property-values.js';

/** The app whose token the calls carry. */
const APP_ID = '4169410';
const SOURCE = `"hs_object_source":"INTEGRATION","hs_object_source_id":"${APP_ID}","hs_object_source_label":"INTEGRATION"`;
const NEW_CONTACT =
  '"hs_currently_enrolled_in_prospecting_agent":"false","hs_is_contact":"true","hs_is_unworked":"true","hs_membership_has_accessed_private_content":"0","hs_registered_member":"0"';

export interface ShownObject {
  id: string;
  properties: Record<string, string | null>;
  createdAt: string;
  updatedAt: string;
  archived: boolean;
}

/** A record as it was at one moment: a row goes on, its fields are replaced and never changed. */
export type Snapshot = Pick<Row, 'id' | 'fields' | 'createdAt' | 'updatedAt' | 'isGone'>;

export function snapshot({ id, fields, createdAt, updatedAt, isGone }: Row): Snapshot {
  return { id, fields, createdAt, updatedAt, isGone };
}

/** A record with the properties that were asked for; asked and empty is null, unknown is left out. */
export function shown(
  type: ObjectType,
  row: Snapshot,
  wanted: readonly string[],
  fields: Fields = row.fields,
): ShownObject {
  const properties: Record<string, string | null> = {};
  for (const name of wanted) {
    const value = valueOf(type, row, fields, name);
    if (value !== undefined) properties[name] = value;
  }
  const { id, isGone: archived } = row;
  return { id, properties, createdAt: created(row.createdAt), updatedAt: updated(row.updatedAt), archived };
}

/** The names that a read answers: what it asked for and what is always there, or the defaults. */
export function namesWanted(type: ObjectType, asked: readonly string[] | undefined): string[] {
  if (asked === undefined || asked.length === 0) return type.defaults;
  return [...new Set([...asked, ...type.always])].sort();
}

/**
 * What a create answers, as JSON: every property with a value, HubSpot's own included. Written as text,
 * because objects of that many properties were most of the cost of a batch. `more` ends the object.
 */
export function createdText(type: ObjectType, row: Snapshot, more = ''): string {
  const at = created(row.createdAt);
  const { email } = row.fields;
  const domain = typeof email === 'string' ? `"hs_email_domain":${JSON.stringify(email.split('@')[1])},` : '';
  const own =
    type.name === 'contacts'
      ? `,"hs_all_contact_vids":"${row.id}",${domain}"hs_lifecyclestage_lead_date":"${at}",${NEW_CONTACT}`
      : '';
  return envelopeText(type, row, `${JSON.stringify(row.fields).slice(0, -1)}${own}`, more);
}

/** What an update answers, as JSON: what was written, and HubSpot's own. */
export function updatedText(type: ObjectType, row: Snapshot, written: Fields, more = ''): string {
  const own = type.name === 'contacts' ? '"hs_is_contact":"true","hs_is_unworked":"true",' : '';
  const stage =
    written.lifecyclestage === undefined ? (row.fields.lifecyclestage ?? 'lead') : written.lifecyclestage;
  const { lifecyclestage: _, ...others } = written;
  const text = JSON.stringify(written.lifecyclestage === undefined ? written : others);
  const comma = text === '{}' ? '' : ',';
  const properties = `${text.slice(0, -1)}${comma}${own}"lifecyclestage":${JSON.stringify(stage)}`;
  return envelopeText(type, row, properties, more);
}

/** A record's value of a property; undefined when there is no such property. */
export function valueOf(
  type: ObjectType,
  row: Snapshot,
  fields: Fields,
  name: string,
): string | null | undefined {
  const value: Value | undefined = fields[name];
  if (value !== undefined) return value as string | null;
  if (name === 'hs_object_id') return row.id;
  if (name === 'createdate') return created(row.createdAt);
  if (name === type.modified) return updated(row.updatedAt);
  return type.properties.has(name) ? null : undefined;
}

function envelopeText(type: ObjectType, row: Snapshot, properties: string, more: string): string {
  const { id } = row;
  const [createdAt, updatedAt] = [created(row.createdAt), updated(row.updatedAt)];
  const own = `"createdate":"${createdAt}","hs_object_id":"${id}",${SOURCE},"hs_pipeline":"${type.pipeline}","${type.modified}":"${updatedAt}"`;
  return `{"id":"${id}","properties":${properties},${own}},"createdAt":"${createdAt}","updatedAt":"${updatedAt}","archived":${row.isGone}${more}}`;
}

/** The same instants are printed for every record of a batch, so the last one is kept. */
function keepingLast(): (ms: number) => string {
  let last = { ms: NaN, text: '' };
  return (ms) => {
    if (ms !== last.ms) last = { ms, text: instantText(ms) };
    return last.text;
  };
}

const created = keepingLast();
const updated = keepingLast();
