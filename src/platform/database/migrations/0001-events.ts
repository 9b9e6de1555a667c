import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What can be registered for. The event's row carries its counters, so that locking it (`for no key update`) is
 * what makes a decision about places exact; fillfactor leaves room to update it in place, many times a second.
 * Every enrolment changes `sessions.seats_taken` under the event's lock, never under a lock of the session's own.
 */
export class Events0001 implements MigrationInterface {
  name = 'events0000000000001';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table events (
        id uuid primary key,
        slug text not null unique,
        name text not null,
        starts_at timestamptz not null,
        ends_at timestamptz not null,
        time_zone text not null,
        state text not null check (state in ('draft', 'open', 'closed')),
        capacity integer check (capacity >= 0),
        waitlist_capacity integer check (waitlist_capacity >= 0),
        registration_opens_at timestamptz,
        registration_closes_at timestamptz,
        sso text not null default 'none' check (sso in ('none', 'optional', 'required')),
        confirmed integer not null default 0 check (confirmed >= 0),
        waitlisted integer not null default 0 check (waitlisted >= 0),
        waitlist_last integer not null default 0,
        version integer not null default 1,
        created_at timestamptz not null,
        updated_at timestamptz not null,
        check (ends_at > starts_at)
      ) with (fillfactor = 20);

      create table sessions (
        id uuid primary key,
        event_id uuid not null references events (id),
        code text not null,
        title text not null,
        starts_at timestamptz not null,
        ends_at timestamptz not null,
        room text,
        kind text not null check (kind in ('talk', 'lab', 'networking', 'other')),
        speakers json not null default '[]',
        capacity integer check (capacity >= 0),
        seats_taken integer not null default 0 check (seats_taken >= 0),
        created_at timestamptz not null,
        updated_at timestamptz not null,
        unique (event_id, code),
        check (ends_at > starts_at)
      ) with (fillfactor = 50);

      create table forms (
        event_id uuid not null references events (id),
        version integer not null,
        schema json not null,
        consents json not null,
        created_at timestamptz not null,
        primary key (event_id, version)
      );
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table forms, sessions, events');
  }
}
