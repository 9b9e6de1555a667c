import type { Value } from '../store/table.js';

export interface LeadField {
  displayName: string;
  dataType:
    'string' | 'email' | 'phone' | 'integer' | 'float' | 'boolean' | 'datetime' | 'date' | 'text' | 'url';
  length?: number;
  isReadOnly?: boolean;
  isSearchable?: boolean;
}

/** The fields of a lead, by their REST names. */
export const LEAD_FIELDS: Record<string, LeadField> = {
  id: { displayName: 'Marketo Unique Code', dataType: 'integer', isReadOnly: true, isSearchable: true },
  email: { displayName: 'Email Address', dataType: 'email', length: 255, isSearchable: true },
  firstName: { displayName: 'First Name', dataType: 'string', length: 255 },
  lastName: { displayName: 'Last Name', dataType: 'string', length: 255 },
  company: { displayName: 'Company Name', dataType: 'string', length: 255 },
  title: { displayName: 'Job Title', dataType: 'string', length: 255 },
  phone: { displayName: 'Phone Number', dataType: 'phone', length: 255 },
  city: { displayName: 'City', dataType: 'string', length: 255 },
  country: { displayName: 'Country', dataType: 'string', length: 255 },
  leadSource: { displayName: 'Person Source', dataType: 'string', length: 255 },
  unsubscribed: { displayName: 'Unsubscribed', dataType: 'boolean' },
  createdAt: { displayName: 'Created At', dataType: 'datetime', isReadOnly: true },
  updatedAt: { displayName: 'Updated At', dataType: 'datetime', isReadOnly: true },
  foyerPersonId: { displayName: 'Foyer person', dataType: 'string', length: 64, isSearchable: true },
  foyerStatus: { displayName: 'Foyer status', dataType: 'string', length: 255 },
  foyerEvents: { displayName: 'Foyer events', dataType: 'text', length: 2000 },
  foyerEventCount: { displayName: 'Foyer event count', dataType: 'integer' },
  foyerRegisteredAt: { displayName: 'Foyer registered at', dataType: 'datetime' },
};

/** A value in the form Marketo stores; undefined: it refuses it. */
export function readValue({ dataType, length = 255 }: LeadField, given: unknown): Value | undefined {
  if (given === null || given === '') return null;
  if (typeof given !== 'string' && typeof given !== 'number' && typeof given !== 'boolean') return undefined;
  const text = String(given);
  switch (dataType) {
    case 'integer':
      return /^[+-]?\d{1,10}$/.test(text) ? Number(text) : undefined;
    case 'float':
      return Number.isFinite(Number(text)) ? Number(text) : undefined;
    case 'boolean':
      return text === 'true' || text === '1' ? true : text === 'false' || text === '0' ? false : undefined;
    case 'datetime':
      return Number.isNaN(Date.parse(text)) ? undefined : `${new Date(text).toISOString().slice(0, 19)}Z`;
    case 'date':
      return /^\d{4}-\d\d-\d\d/.test(text) ? text.slice(0, 10) : undefined;
    case 'email':
      return /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(text) && text.length <= length ? text : undefined;
    default:
      return text.length <= length ? text : undefined;
  }
}

/** GET leads/describe.json: one field. */
export function describeField(name: string, field: LeadField, index: number): object {
  const { displayName, dataType, length, isReadOnly = false } = field;
  return {
    id: index + 1,
    displayName,
    dataType,
    ...(length === undefined ? {} : { length }),
    rest: { name, readOnly: isReadOnly },
  };
}
