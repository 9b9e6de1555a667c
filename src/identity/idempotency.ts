import { hash } from 'node:crypto';
import type pg from 'pg';
import { invalidRequest, Problem } from '../platform/http/problem.js';
import { callerOf, type Principal } from './principal.js';

const PRINTABLE = /^[\x20-\x7e]{1,255}$/;
const SCOPES_CACHED_MAX = 5_000;

/** A request that may be repeated: the key, where it counts, and what it must be the same as. */
export interface Repeatable {
  readonly scope: string;
  readonly key: string;
  readonly bodyHash: Buffer;
}

/**
 * Claims the key of a request for what is about to be made, in the transaction that makes it.
 * @returns the id of what an earlier request made; null where this is the first
 */
export type Claim = (client: pg.PoolClient, id: string) => Promise<string | null>;

const scopes = new Map<string, string>();

/**
 * Reads `Idempotency-Key`; null where there is none.
 * @param route the route's name, so that one key may serve two of them
 * @param place the event, or '' where there is none
 * @throws Problem where the key is not 1–255 printable characters
 */
export function repeatable(
  header: string | string[] | undefined,
  principal: Principal,
  route: string,
  place: string,
  body: unknown,
): Repeatable | null {
  if (header === undefined) return null;
  if (typeof header !== 'string' || !PRINTABLE.test(header)) {
    throw invalidRequest([
      { pointer: 'Idempotency-Key', code: 'invalid-header', message: 'must be 1–255 printable characters.' },
    ]);
  }
  return { scope: scopeOf(principal, route, place), key: header, bodyHash: hashOf(body) };
}

export function keyReused(): Problem {
  return new Problem('idempotency-key-reused', 'This Idempotency-Key came before with another body.');
}

export function keyInFlight(): Problem {
  return new Problem(
    'idempotency-key-in-flight',
    'The first request with this key has not been answered yet.',
    {
      headers: { 'retry-after': '1' },
    },
  );
}

/** caller × route × event, as 128 bits that fit a uuid. */
function scopeOf(principal: Principal, route: string, place: string): string {
  const name = `${callerOf(principal)}\n${route}\n${place}`;
  const known = scopes.get(name);
  if (known) return known;
  if (scopes.size >= SCOPES_CACHED_MAX) scopes.clear();
  const scope = hash('sha256', name).slice(0, 32);
  scopes.set(name, scope);
  return scope;
}

/** The order of an object's members does not make another body. */
function hashOf(body: unknown): Buffer {
  return hash('sha256', canonical(body), 'buffer');
}

function canonical(value: unknown): string {
  if (value === undefined) return 'null';
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  const members = value as Record<string, unknown>;
  const names = Object.keys(members).filter((name) => members[name] !== undefined);
  return `{${names
    .sort()
    .map((name) => `${JSON.stringify(name)}:${canonical(members[name])}`)
    .join(',')}}`;
}
