import type { Fields, Value } from '../store/table.js';

export interface MergeField {
  name: string;
  type: 'text' | 'number' | 'date' | 'phone' | 'dropdown';
  choices?: readonly string[];
}

/** One fault of a record's fields, in the words of Mailchimp's problem documents. */
export interface FieldFault {
  field: string;
  message: string;
}

const TEXT_CHARACTERS_MAX = 255;

/**
 * The merge fields of a member in the form that is stored, or what is wrong with them. A tag that the list does not
 * have is passed over, as Mailchimp does; empty text clears.
 */
export function readMergeFields(
  known: Readonly<Record<string, MergeField>>,
  given: Record<string, unknown>,
): { fields: Fields } | { faults: FieldFault[] } {
  const fields: Fields = {};
  const faults: FieldFault[] = [];
  for (const [tag, value] of Object.entries(given)) {
    const field = known[tag];
    if (field === undefined) continue;
    const read = readValue(field, value);
    if ('message' in read) faults.push({ field: tag, message: read.message });
    else fields[tag] = read.value;
  }
  return faults.length > 0 ? { faults } : { fields };
}

/** GET lists/{id}/merge-fields: one of them. */
export function describeMergeField(tag: string, field: MergeField, index: number, listId: string): object {
  const { name, type, choices } = field;
  return {
    merge_id: index + 1,
    tag,
    name,
    type,
    required: false,
    default_value: '',
    public: false,
    display_order: index + 2,
    options: type === 'text' ? { size: 25 } : choices === undefined ? {} : { choices },
    help_text: '',
    list_id: listId,
  };
}

function readValue(field: MergeField, given: unknown): { value: Value } | { message: string } {
  if (given === '' || given === null) return { value: '' };
  if (typeof given !== 'string' && typeof given !== 'number')
    return { message: 'Data did not match any of the schemas described in anyOf.' };
  switch (field.type) {
    case 'number':
      return Number.isFinite(Number(given)) ? { value: Number(given) } : { message: 'Please enter a number' };
    case 'date':
      return dateOf(String(given));
    case 'dropdown':
      return field.choices?.includes(String(given)) === true
        ? { value: String(given) }
        : { message: 'Value must be one of the options provided' };
    default:
      return String(given).length <= TEXT_CHARACTERS_MAX
        ? { value: String(given) }
        : { message: `This value is too long. It should have ${TEXT_CHARACTERS_MAX} characters or less.` };
  }
}

/** Days come as 2026-03-01, as 03/01/2026, or with a time that is dropped. */
function dateOf(given: string): { value: Value } | { message: string } {
  const us = /^(\d\d)\/(\d\d)\/(\d{4})$/.exec(given);
  const day = us === null ? /^\d{4}-\d\d-\d\d/.exec(given)?.[0] : `${us[3]}-${us[1]}-${us[2]}`;
  if (day === undefined || Number.isNaN(Date.parse(day))) return { message: 'Please enter a valid date' };
  return { value: day };
}
