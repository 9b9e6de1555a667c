import type { Principal } from '../identity/principal.js';
import { Problem } from '../platform/http/problem.js';

/**
 * Whose place it is, where the event asks for sign-on: one identity has one place, however often it joins. Null where
 * a place belongs to the ticket alone.
 * @throws Problem 401 where the event requires a login and there is none
 */
export function identityOf(principal: Principal, sso: 'none' | 'optional' | 'required'): string | null {
  if (sso === 'none') return null;
  if (principal.kind === 'login') return principal.identityId;
  if (sso === 'optional') return null;
  throw new Problem('unauthenticated', 'This event asks for a login before a place in the line is given.');
}
