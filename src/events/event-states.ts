import { Problem } from '../platform/http/problem.js';
import type { EventRow } from './event.js';

/** From each state, where an operator may take an event. Back to draft only while nobody has registered. */
const TRANSITIONS: Record<EventRow['state'], readonly EventRow['state'][]> = {
  draft: ['draft', 'open'],
  open: ['open', 'closed', 'draft'],
  closed: ['closed', 'open', 'draft'],
};

/** @throws Problem 409 where the way is barred */
export function demandTransition(event: EventRow, to: EventRow['state'], registrations: number): void {
  if (!TRANSITIONS[event.state].includes(to)) {
    throw new Problem('conflict', `An event cannot go from ${event.state} to ${to}.`);
  }
  if (to === 'draft' && event.state !== 'draft' && registrations > 0) {
    throw new Problem(
      'conflict',
      'People have registered: the event can be closed, but not taken back to draft.',
    );
  }
}
