import { createHmac, timingSafeEqual } from 'node:crypto';

const PREFIX = 'fm_';
const DAYS_VALID_AFTER_EVENT = 30;

/**
 * The secret link of one registration: an HMAC of its id and generation, so nothing is stored and the same token can
 * be given again. A transfer counts the generation up, which ends the tokens before it.
 */
export function manageToken(secret: string, registrationId: string, generation: number): string {
  return PREFIX + mac(secret, registrationId, generation).toString('base64url');
}

/** Is this the token of that registration, now? */
export function isManageToken(
  token: string,
  secret: string,
  registration: { readonly id: string; readonly generation: number; readonly eventEndsAt: Date },
  now: Date,
): boolean {
  if (!token.startsWith(PREFIX)) return false;
  const given = Buffer.from(token.slice(PREFIX.length), 'base64url');
  const right = mac(secret, registration.id, registration.generation);
  if (given.length !== right.length || !timingSafeEqual(given, right)) return false;
  return now.getTime() <= registration.eventEndsAt.getTime() + DAYS_VALID_AFTER_EVENT * 86_400_000;
}

function mac(secret: string, registrationId: string, generation: number): Buffer {
  return createHmac('sha256', secret).update(`manage:${registrationId}:${generation}`).digest();
}
