/**
 * Who may speak for an object at a target that two records claim. Of a person at an event there may be several
 * registrations, of which one lives: who cancels and registers again has two, and their attendance as well.
 */

/** A record as far as its claim goes. */
export interface Claimant {
  readonly key: string;
  /** Its registration was cancelled or erased: it changes no more. */
  readonly isOver: boolean;
  /** It tells of somebody who was there, which no other word takes back. */
  readonly hasAttended: boolean;
  /** When its registration was made. */
  readonly since: Date;
}

/** What is known of the records `key` of a stream, each in at most one row; streams left out have no successors. */
const CLAIMANTS: Readonly<Record<string, string>> = {
  registration: `
    select r.id as key, r.status in ('cancelled', 'erased') as is_over, false as has_attended, r.created_at as since,
           r.person_id as person, r.version
      from registrations r where r.id = `,
  attendance: `
    select a.id as key, r.status in ('cancelled', 'erased') as is_over, a.status = 'attended' as has_attended,
           r.created_at as since, r.person_id as person, a.version
      from attendance a join registrations r on r.id = a.registration_id where a.id = `,
};

/** A query for the claimant of a key; null where records of the stream never pass their claims on. */
export function claimantOf(stream: string, key: string): string | null {
  const query = Object.hasOwn(CLAIMANTS, stream) ? CLAIMANTS[stream]! : null;
  return query && `${query}${key} limit 1`;
}

/** Does the claim pass to the one that asks? Of two that both live it does not: that is a collision. */
export function outranks(asking: Claimant, holder: Claimant): boolean {
  if (!asking.isOver && !holder.isOver) return false;
  if (asking.hasAttended !== holder.hasAttended) return asking.hasAttended;
  if (asking.isOver !== holder.isOver) return holder.isOver;
  const later = asking.since.getTime() - holder.since.getTime();
  return later === 0 ? asking.key > holder.key : later > 0;
}
