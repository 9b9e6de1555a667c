import { link } from '../platform/http/links.js';
import { Problem } from '../platform/http/problem.js';

/** @param ownId the registration that stands there, where it is the asking login's own: then it is named */
export function alreadyRegistered(
  ownId: string | null = null,
  headers: Record<string, string> = {},
): Problem {
  if (ownId === null)
    return new Problem('already-registered', 'This e-mail has a registration for the event.', { headers });
  return new Problem(
    'already-registered',
    'Your login has a registration for the event: `registration` leads to it.',
    {
      headers,
      members: { registration: { id: ownId, links: { self: link(`/v1/registrations/${ownId}`) } } },
    },
  );
}

/** Is it told to the one whose registration it is? Then it gives nothing away. */
export function isOwn(problem: Problem): boolean {
  return problem.extras.members?.registration !== undefined;
}
