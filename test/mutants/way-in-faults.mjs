import { fault } from './fault.mjs';

const LOG = 'test/changes/log.test.ts';
const ACKNOWLEDGED = 'test/changes/acknowledged.test.ts';
const ACCESS = 'test/mutants/access.test.ts';
const REGISTRATIONS = 'test/registrations';
const MIGRATIONS = 'src/platform/database/migrations';
const REGISTER_BATCH = `${MIGRATIONS}/0002-register-batch.sql.ts`;
const AMEND_AND_CANCEL = `${MIGRATIONS}/0002-amend-and-cancel.sql.ts`;

/** Faults of what comes in, and of the log that it is written to. */
export const WAY_IN_FAULTS = [
  // The change log
  {
    name: 'numbers of changes taken from a sequence',
    edits: [
      {
        file: `${MIGRATIONS}/0004-changes.ts`,
        old: '      create function append_changes(',
        new: '      create sequence change_numbers;\n      create function append_changes(',
      },
      {
        file: `${MIGRATIONS}/0004-changes.ts`,
        old: '        update change_head set seq = seq + many returning seq into last;',
        new: "        perform nextval('change_numbers') from generate_series(1, many);\n        last := currval('change_numbers');",
      },
    ],
    tests: [LOG],
  },
  {
    name: 'an append that is not the last statement',
    edits: [
      {
        file: AMEND_AND_CANCEL,
        old: "    update registrations\n    set status = case when id = any (v_cancel) then 'cancelled'",
        new: `    perform append_registration_changes(v_changed,
      array_fill('registration.cancelled'::text, array[cardinality(v_cancel)])
        || array_fill('registration.promoted'::text, array[cardinality(v_promote)]));
    update registrations
    set status = case when id = any (v_cancel) then 'cancelled'`,
      },
      {
        file: AMEND_AND_CANCEL,
        old: `    where id = p_event;

    perform append_registration_changes(v_changed,
      array_fill('registration.cancelled'::text, array[cardinality(v_cancel)])
        || array_fill('registration.promoted'::text, array[cardinality(v_promote)]));`,
        new: '    where id = p_event;\n',
      },
    ],
    tests: [LOG],
  },
  // The way in
  fault(
    'an answer before the commit',
    'src/registrations/admissions.ts',
    'return this.batches.submit(candidate);',
    `void this.batches.submit(candidate);
    const at = this.clock.now();
    return Promise.resolve({ outcome: 'confirmed', resourceId: candidate.id, position: null, firstStatus: null, at });`,
    ACKNOWLEDGED,
  ),
  fault(
    'a bell that is awaited',
    'src/registrations/admissions.ts',
    'setImmediate(() => this.bell.ring(STREAMS));',
    `await (this.bell as unknown as { queue: { add(job: object): Promise<unknown> } }).queue.add({});`,
    ACKNOWLEDGED,
  ),
  fault(
    'one place more than there are',
    REGISTER_BATCH,
    "when c.capacity is null or c.turn <= c.free then 'confirmed'",
    "when c.capacity is null or c.turn <= c.free + 1 then 'confirmed'",
    REGISTRATIONS,
  ),
  fault(
    'a waitlist whose last comes first',
    AMEND_AND_CANCEL,
    'order by waitlist_number\n        limit',
    'order by waitlist_number desc\n        limit',
    REGISTRATIONS,
  ),
  fault(
    'a place that becomes free and is given to nobody',
    AMEND_AND_CANCEL,
    'if p_at < v_event.ends_at then',
    'if p_at < v_event.created_at then',
    LOG,
  ),
  fault(
    'an idempotency key that is ignored',
    REGISTER_BATCH,
    "when k.body_hash is not null then 'repeated'",
    "when k.body_hash is null and false then 'repeated'",
    REGISTRATIONS,
  ),
  fault(
    'a manage token that is not checked',
    'src/identity/manage-token.ts',
    'if (given.length !== right.length || !timingSafeEqual(given, right)) return false;',
    'if (given.length !== right.length && !timingSafeEqual(right, right)) return false;',
    ACCESS,
  ),
  fault(
    'a guard that minds no role',
    'src/identity/access.guard.ts',
    "if (role === 'admin' || (role !== null && roles.includes(role))) return true;",
    'if (roles.length >= 0) return true;',
    ACCESS,
  ),
];
