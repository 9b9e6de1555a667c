import type { KnownEvent } from '../events/event-lookup.js';
import { isOperator, type Principal } from '../identity/principal.js';
import { isServing, type Providers } from '../identity/providers.js';
import { Problem } from '../platform/http/problem.js';

/**
 * Must somebody be logged in to register here, and with whom? An operator registers others: nothing is asked of them.
 * @throws Problem 401 where there is no login, 403 where its provider does not serve the event
 */
export function demandEntry({ event }: KnownEvent, principal: Principal, providers: Providers): void {
  if (event.sso !== 'required' || isOperator(principal)) return;
  const extras = { members: { links: { login: `/sso/login?event=${event.slug}` } } };
  if (principal.kind !== 'login')
    throw new Problem('unauthenticated', 'This event asks people to log in before they register.', extras);
  const provider = providers.find(principal.provider);
  if (provider && isServing(provider, event.slug)) return;
  throw new Problem('forbidden', 'This event is for other organisations than the one of your login.', extras);
}
