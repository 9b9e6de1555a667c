import type { Fields, Row } from '../store/table.js';
import type { ObjectType } from './object-types.js';
import { instantText } from './property-values.js';

/** The app whose token the calls carry. */
const APP_ID = '4169410';

export type ShownProperties = Record<string, string | null>;

export interface ShownObject {
  id: string;
  properties: ShownProperties;
  createdAt: string;
  updatedAt: string;
  archived: boolean;
}

/** A record with the properties that were asked for; asked and empty is null, unknown is left out. */
export function shown(
  type: ObjectType,
  row: Row,
  wanted: readonly string[],
  fields: Fields = row.fields,
): ShownObject {
  const properties: ShownProperties = {};
  for (const name of wanted) {
    const value = valueOf(type, row, fields, name);
    if (value !== undefined) properties[name] = value;
  }
  return envelope(row, properties);
}

/** The names that a read answers: what it asked for and what is always there, or the defaults. */
export function namesWanted(type: ObjectType, asked: readonly string[] | undefined): string[] {
  if (asked === undefined || asked.length === 0) return type.defaults;
  return [...new Set([...asked, ...type.always])].sort();
}

/** What a create answers: every property with a value, HubSpot's own included. */
export function shownCreated(type: ObjectType, row: Row): ShownObject {
  const created = stamp(row.createdAt);
  const properties: ShownProperties = { ...(row.fields as Record<string, string>), createdate: created };
  if (type.name === 'contacts') {
    properties.hs_all_contact_vids = row.id;
    properties.hs_currently_enrolled_in_prospecting_agent = 'false';
    if (typeof row.fields.email === 'string') properties.hs_email_domain = row.fields.email.split('@')[1]!;
    properties.hs_is_contact = 'true';
    properties.hs_is_unworked = 'true';
    properties.hs_lifecyclestage_lead_date = created;
    properties.hs_membership_has_accessed_private_content = '0';
    properties.hs_registered_member = '0';
  }
  return envelope(row, withSource(type, row, properties));
}

/** What an update answers: what was written, and HubSpot's own. */
export function shownUpdated(type: ObjectType, row: Row, written: Fields): ShownObject {
  const properties: ShownProperties = { ...(written as ShownProperties), createdate: stamp(row.createdAt) };
  if (type.name === 'contacts') {
    properties.hs_is_contact = 'true';
    properties.hs_is_unworked = 'true';
  }
  properties.lifecyclestage = (row.fields.lifecyclestage ?? 'lead') as string;
  return envelope(row, withSource(type, row, properties));
}

/** A record's value of a property; undefined when there is no such property. */
export function valueOf(type: ObjectType, row: Row, fields: Fields, name: string): string | null | undefined {
  const value = fields[name];
  if (value !== undefined) return value as string | null;
  if (name === 'hs_object_id') return row.id;
  if (name === 'createdate') return stamp(row.createdAt);
  if (name === type.modified) return stamp(row.updatedAt);
  return type.properties.has(name) ? null : undefined;
}

function withSource(type: ObjectType, row: Row, properties: ShownProperties): ShownProperties {
  properties.hs_object_id = row.id;
  properties.hs_object_source = 'INTEGRATION';
  properties.hs_object_source_id = APP_ID;
  properties.hs_object_source_label = 'INTEGRATION';
  properties.hs_pipeline = type.pipeline;
  properties[type.modified] = stamp(row.updatedAt);
  return properties;
}

function envelope(row: Row, properties: ShownProperties): ShownObject {
  const { id } = row;
  return {
    id,
    properties,
    createdAt: stamp(row.createdAt),
    updatedAt: stamp(row.updatedAt),
    archived: row.isGone,
  };
}

let lastStamp = { ms: NaN, text: '' };

/** The same instant is printed for every record of a batch, so the last one is kept. */
function stamp(ms: number): string {
  if (ms !== lastStamp.ms) lastStamp = { ms, text: instantText(ms) };
  return lastStamp.text;
}
