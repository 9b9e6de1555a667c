import { createHash } from 'node:crypto';
import type { Row, Value } from '../store/table.js';
import type { MailchimpSettings } from './settings.js';

export const STATUSES = ['subscribed', 'unsubscribed', 'cleaned', 'pending', 'transactional'];
/** What stands where a member was taken off the list by the API. */
export const BY_ADMIN = 'N/A (Unsubscribed by admin)';

/** A member's id: the address in small letters, hashed. */
export function hashOf(address: string): string {
  return createHash('md5').update(address.toLowerCase()).digest('hex');
}

/** Somebody who left by himself, or whose address bounces, cannot be subscribed by the API. */
export function isCompliance({ fields }: Row): boolean {
  const { status, unsubscribe_reason: reason } = fields;
  return status === 'cleaned' || (status === 'unsubscribed' && reason != null && reason !== BY_ADMIN);
}

/** A member as the API shows it. */
export function shownMember(row: Row, { listId, mergeFields }: MailchimpSettings): Record<string, unknown> {
  const { fields } = row;
  const tags = tagsOf(fields.tags);
  return {
    id: row.id,
    email_address: fields.email_address,
    unique_email_id: hashOf(row.id).slice(0, 10),
    contact_id: hashOf(`contact ${row.id}`),
    full_name: [fields.FNAME, fields.LNAME].filter((part) => part != null && part !== '').join(' '),
    web_id: Number.parseInt(row.id.slice(0, 7), 16),
    email_type: fields.email_type ?? 'html',
    status: fields.status,
    ...(fields.status === 'unsubscribed'
      ? { unsubscribe_reason: fields.unsubscribe_reason ?? BY_ADMIN }
      : {}),
    merge_fields: Object.fromEntries(Object.keys(mergeFields).map((tag) => [tag, fields[tag] ?? ''])),
    stats: { avg_open_rate: 0, avg_click_rate: 0 },
    ip_signup: '',
    timestamp_signup: '',
    ip_opt: '127.0.0.1',
    timestamp_opt: momentOf(row.createdAt),
    member_rating: 2,
    last_changed: momentOf(row.updatedAt),
    language: fields.language ?? '',
    vip: fields.vip ?? false,
    email_client: '',
    source: 'API - Generic',
    tags_count: tags.length,
    tags: tags.map((name, index) => ({ id: index + 1, name })),
    list_id: listId,
  };
}

/** Tags are kept as one text, a line each. */
export function tagsOf(stored: Value | undefined): string[] {
  return typeof stored === 'string' && stored !== '' ? stored.split('\n') : [];
}

function momentOf(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19)}+00:00`;
}
