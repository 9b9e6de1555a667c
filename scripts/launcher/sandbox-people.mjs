import { isLoopback } from './environment.mjs';

/**
 * Whether people of the sandbox may log in here: not where Foyer can be reached from elsewhere, since they have no
 * passwords; not where another provider stands in their place, or none is wanted.
 * @param {Record<string, string | undefined>} given to the launcher
 */
export function hasSandboxPeople({ identityEnabled, identityUrl, role, host, publicUrl }) {
  if (identityUrl || role === 'worker' || (identityEnabled ?? 'true') !== 'true') return false;
  if (!publicUrl) return isLoopback(host);
  return URL.canParse(publicUrl) && isLoopback(new URL(publicUrl).hostname.replace(/^\[|\]$/g, ''));
}
