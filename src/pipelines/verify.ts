import type { Connector, Fields, ObjectTarget, StoredRecord } from '../connectors/connector.js';
import type { DeliveryReason } from './delivery.js';

/** What the read-back says of one record. */
export type Verdict =
  | { readonly kind: 'stands'; readonly targetId: string }
  | { readonly kind: 'differs'; readonly reason: DeliveryReason }
  /** It could not be read this time. */
  | { readonly kind: 'unread' };

/** Compares in the backend's canonical form, field by field; only what we wrote counts. */
export function compare(
  connector: Connector,
  target: ObjectTarget,
  wrote: Fields,
  stored: StoredRecord | undefined,
): Verdict {
  if (stored === undefined) return { kind: 'unread' };
  if (stored === null) {
    return differs('not-stored', null, 'The backend said it wrote the record, but nothing stands there.');
  }
  for (const [field, value] of Object.entries(wrote)) {
    // The same value has the same canonical form.
    if (value !== null && stored.fields[field] === value) continue;
    const want = connector.canonical(target, field, value);
    const have = connector.canonical(target, field, stored.fields[field]);
    if (want === have || connector.isFulfilled?.(target, field, want, have)) continue;
    if (have === null) return differs('not-stored', field, 'The field is empty there after it was written.');
    if (typeof want === 'string' && typeof have === 'string' && want.startsWith(have)) {
      return differs('truncated', field, 'The backend cut the value off; shorten it or use truncate.');
    }
    return differs('coerced', field, 'The backend stored another value than the one written.');
  }
  return { kind: 'stands', targetId: stored.targetId };
}

/** What the read-back says of a record that was removed. */
export function gone(stored: StoredRecord | undefined): Verdict {
  if (stored === undefined) return { kind: 'unread' };
  if (stored === null) return { kind: 'stands', targetId: '' };
  return differs('not-removed', null, 'The backend said it removed the record, but it still stands there.');
}

function differs(code: string, field: string | null, message: string): Verdict {
  return {
    kind: 'differs',
    reason: { code, message, owner: 'backend', ...(field === null ? {} : { field }) },
  };
}
