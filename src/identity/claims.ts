import type { ProviderSettings } from '../platform/config/identity-providers.js';
import type { Role } from './principal.js';

/** From the one that may most. */
const BY_POWER: readonly Role[] = ['admin', 'operator', 'engineer', 'viewer'];
const VALUE_CHARACTERS_MAX = 200;
const ONE_LINE = /^[^\u0000-\u001f\u007f-\u009f\u2028\u2029]+$/;

type Claims = Readonly<Record<string, unknown>>;

/** The most powerful role that a claim grants; null for people without one. However long the claim is, only what the configuration names counts. */
export function roleIn(claims: Claims, roles: ProviderSettings['roles']): Role | null {
  const held = new Set([readClaim(claims, roles.claim)].flat().filter((value) => typeof value === 'string'));
  return BY_POWER.find((role) => roles[role].some((group) => held.has(group))) ?? null;
}

/** What the provider knows of an attendee, to fill in a form; nothing that would not fit into one. */
export function attendeeIn(claims: Claims, fields: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(fields).flatMap(([field, claim]) => {
      const value = readClaim(claims, claim);
      const fits = typeof value === 'string' && value.length <= VALUE_CHARACTERS_MAX && ONE_LINE.test(value);
      return fits && value.isWellFormed() ? [[field, value]] : [];
    }),
  );
}

/** A claim by its name, which may be an address; else by a path: `realm_access.roles`. */
function readClaim(claims: Claims, name: string): unknown {
  if (Object.hasOwn(claims, name)) return claims[name];
  return name.split('.').reduce<unknown>((value, part) => {
    const isObject = typeof value === 'object' && value !== null && Object.hasOwn(value, part);
    return isObject ? (value as Record<string, unknown>)[part] : undefined;
  }, claims);
}
