import type pg from 'pg';
import type { Repeatable } from '../identity/idempotency.js';
import { failPoint } from '../platform/fail-point.js';
import type { GivenConsent } from './check-registration.js';
import type { AttendeeDto } from './registration.dto.js';

/** Someone who asks for a place, checked as far as that goes without the database. */
export interface Candidate {
  /** Made before the batch, so that a lost answer can be looked for. */
  readonly id: string;
  readonly personId: string;
  readonly eventId: string;
  readonly emailKey: string;
  readonly attendee: AttendeeDto;
  readonly answers: Record<string, unknown>;
  readonly source: Record<string, unknown> | undefined;
  readonly formVersion: number;
  readonly consents: readonly GivenConsent[];
  readonly sessionIds: readonly string[];
  readonly repeat: Repeatable | null;
  /** The call of the lobby that it spends. */
  readonly pass: { readonly number: number; readonly turn: number } | null;
  /** Whose it becomes, where somebody is logged in. */
  readonly identityId: string | null;
}

/** What the database decided. `crowded`: a session has no seat left; `linked`: the identity has a registration there. */
export interface Decision {
  readonly outcome:
    | 'confirmed'
    | 'waitlisted'
    | 'full'
    | 'crowded'
    | 'repeated'
    | 'reused'
    | 'unknown'
    | 'closed'
    | 'already'
    | 'linked'
    | 'pass-invalid'
    | 'pass-expired'
    | 'pass-spent';
  /** The new registration, or the one that stands there already. */
  readonly resourceId: string | null;
  readonly position: number | null;
  /** Of a repeated request: what the first was answered. */
  readonly firstStatus: number | null;
  readonly at: Date;
}

interface Row {
  outcome: Decision['outcome'];
  resource_id: string | null;
  place: number | null;
  first_status: number | null;
}

const REGISTER_BATCH = {
  name: 'register-batch',
  text: `select * from register_batch($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18,
    $19, $20, $21, $22, $23, $24, $25, $26, $27)`,
};

const REGISTER_BATCH_WITH_PASSES = {
  name: 'register-batch-with-passes',
  text: `select * from register_batch_with_passes($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16,
    $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29)`,
};

const REGISTER_BATCH_WITH_IDENTITIES = {
  name: 'register-batch-with-identities',
  text: `select * from register_batch_with_identities($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15,
    $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30)`,
};

/**
 * One statement, so one transaction that the server ends by itself whatever becomes of us. Sent again with the same
 * ids after a lost answer, it finds what it wrote: `already` or `repeated` with the candidate's own id.
 */
export async function registerBatch(
  pool: pg.Pool,
  candidates: readonly Candidate[],
  at: Date,
  keepDays: number,
): Promise<Decision[]> {
  failPoint('before-registration-commit');
  const { rows } = await pool.query<Row>(statement(candidates, parameters(candidates, at, keepDays)));
  failPoint('after-registration-commit');
  return rows.map((row) => ({
    outcome: row.outcome,
    resourceId: row.resource_id,
    position: row.place,
    firstStatus: row.first_status,
    at,
  }));
}

/** What nobody of the batch has is not asked for. */
function statement(candidates: readonly Candidate[], values: unknown[]): pg.QueryConfig {
  if (candidates.some(({ identityId }) => identityId !== null)) {
    const identities = candidates.map(({ identityId }) => identityId);
    return { ...REGISTER_BATCH_WITH_IDENTITIES, values: [...values, ...passes(candidates), identities] };
  }
  if (candidates.some(({ pass }) => pass))
    return { ...REGISTER_BATCH_WITH_PASSES, values: [...values, ...passes(candidates)] };
  return { ...REGISTER_BATCH, values };
}

function passes(candidates: readonly Candidate[]): unknown[] {
  return [
    candidates.map(({ pass }) => pass?.number ?? null),
    candidates.map(({ pass }) => pass?.turn ?? null),
  ];
}

function parameters(candidates: readonly Candidate[], at: Date, keepDays: number): unknown[] {
  const attendee = (name: keyof AttendeeDto): (string | null)[] =>
    candidates.map((candidate) => candidate.attendee[name] ?? null);
  const consents = candidates.flatMap((candidate, i) =>
    candidate.consents.map((given) => ({ i: i + 1, given })),
  );
  const seats = candidates.flatMap((candidate, i) => candidate.sessionIds.map((id) => ({ i: i + 1, id })));
  return [
    at,
    `${keepDays} days`,
    candidates.map(({ id }) => id),
    candidates.map(({ eventId }) => eventId),
    candidates.map(({ personId }) => personId),
    candidates.map(({ emailKey }) => emailKey),
    attendee('email'),
    attendee('firstName'),
    attendee('lastName'),
    attendee('company'),
    attendee('jobTitle'),
    attendee('country'),
    attendee('phone'),
    attendee('locale'),
    candidates.map((candidate) => JSON.stringify(candidate.attendee)),
    candidates.map((candidate) => JSON.stringify(candidate.answers)),
    candidates.map(({ source }) => (source ? JSON.stringify(source) : null)),
    candidates.map(({ formVersion }) => formVersion || null),
    candidates.map(({ repeat }) => repeat?.scope ?? null),
    candidates.map(({ repeat }) => repeat?.key ?? null),
    candidates.map(({ repeat }) => repeat?.bodyHash ?? null),
    consents.map(({ i }) => i),
    consents.map(({ given }) => given.purpose),
    consents.map(({ given }) => given.granted),
    consents.map(({ given }) => given.textVersion),
    seats.map(({ i }) => i),
    seats.map(({ id }) => id),
  ];
}
