import type { KnownEvent } from '../events/event-lookup.js';
import { isOperator, type Principal } from '../identity/principal.js';

/**
 * Whose registration it becomes; null: nobody's who is logged in. Operators register others. Where nobody is told who is
 * registered, the list of one's registrations would tell it, so there the link in the mail has to be shown first; but an
 * event that demands a login must know whose it is.
 */
export function whoseRegistration({ event }: KnownEvent, principal: Principal): string | null {
  if (principal.kind !== 'login' || isOperator(principal)) return null;
  if (event.privacy === 'strict' && event.sso !== 'required') return null;
  return principal.identityId;
}
