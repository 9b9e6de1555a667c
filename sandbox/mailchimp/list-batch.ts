import { type Answer, type Call, isObject, jsonOf, textOf } from '../call.js';
import { shownMember } from './member.js';
import type { Members } from './members.js';
import { invalid, json } from './problems.js';

const MEMBERS_MAX = 500;

interface LineError {
  email_address: string;
  error: string;
  error_code: 'ERROR_CONTACT_EXISTS' | 'ERROR_GENERIC';
  field?: string;
  field_message?: string;
}

/** POST lists/{id}: up to 500 members; HTTP 200 also where single ones were refused. */
export function batchMembers(members: Members, call: Call): Answer {
  const body = jsonOf(call);
  const list = isObject(body) ? body.members : undefined;
  if (!Array.isArray(list) || !list.every(isObject))
    return invalid([{ field: 'members', message: 'Schema describes array, NULL found instead' }]);
  if (list.length > MEMBERS_MAX)
    return invalid([
      { field: 'members', message: `This collection should contain ${MEMBERS_MAX} elements or less.` },
    ]);
  const isUpdating = isObject(body) && body.update_existing === true;
  const [created, updated, errors]: [object[], object[], LineError[]] = [[], [], []];
  for (const given of list) {
    const address = textOf(given.email_address);
    const row = members.find(address);
    if (row !== undefined && row.fields.status !== 'archived' && !isUpdating) {
      const error = `${address} is already a list member, do you want to update? please provide update_existing:true in the request body`;
      errors.push({ email_address: address, error, error_code: 'ERROR_CONTACT_EXISTS' });
      call.notes.push({
        object: 'members',
        key: address,
        id: null,
        outcome: 'rejected',
        request: given,
        response: { error },
      });
      continue;
    }
    const stored = members.put(call, row, given);
    if ('row' in stored) (stored.isNew ? created : updated).push(shownMember(stored.row, members.settings));
    else {
      const { error, fault } = stored;
      const about = fault === undefined ? {} : { field: fault.field, field_message: fault.message };
      errors.push({ email_address: address, error, error_code: 'ERROR_GENERIC', ...about });
    }
  }
  return json(200, {
    new_members: created,
    updated_members: updated,
    errors,
    total_created: created.length,
    total_updated: updated.length,
    error_count: errors.length,
  });
}
