import type { MigrationInterface, QueryRunner } from 'typeorm';
import { AMEND_AND_CANCEL_SQL } from './0002-amend-and-cancel.sql.js';
import { REGISTER_BATCH_SQL } from './0002-register-batch.sql.js';
import { SNAPSHOTS_SQL } from './0002-snapshots.sql.js';

/**
 * People and their places.
 *
 * Each way to change a registration is one function, sent as one statement: a process that freezes or dies in the
 * middle holds no lock, since the server finishes or undoes the whole by itself. All take their locks in one order:
 * the event, the persons by e-mail, the registrations by id, and last, in `append_changes`, the head of the log.
 *
 * The tables of the hot path have no foreign keys: parent and child are written by the same function, nothing
 * deletes a parent, and each check costs as much as the insert it guards. One index finds a person's registrations
 * and admits only one living at an event, since all living ones share the same third column.
 */
export class Registrations0002 implements MigrationInterface {
  name = 'registrations0000000000002';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table persons (
        id uuid primary key,
        email_key text collate "C" not null unique,
        email text not null,
        first_name text not null,
        last_name text not null,
        company text,
        job_title text,
        country text,
        phone text,
        locale text,
        version integer not null,
        created_at timestamptz not null,
        updated_at timestamptz not null
      ) with (fillfactor = 85);

      create table registrations (
        id uuid primary key,
        event_id uuid not null,
        person_id uuid not null,
        status text not null
          check (status in ('pending', 'confirmed', 'waitlisted', 'offered', 'cancelled', 'erased')),
        waitlist_number integer,
        version integer not null,
        generation smallint not null default 0,
        attendee json not null,
        answers json not null,
        form_version integer,
        source json,
        created_at timestamptz not null,
        updated_at timestamptz not null
      ) with (fillfactor = 85);
      create unique index registrations_by_person on registrations (person_id, event_id,
        (case when status in ('cancelled', 'erased') then id
              else '00000000-0000-0000-0000-000000000000'::uuid end));
      create index registrations_by_event on registrations (event_id, id);
      create index registrations_waiting on registrations (event_id, waitlist_number) where status = 'waitlisted';

      -- Every act of consenting or refusing is kept; the latest for a purpose holds.
      create table consents (
        person_id uuid not null,
        registration_id uuid not null,
        purpose text not null,
        granted boolean not null,
        text_version text not null,
        at timestamptz not null
      );
      create index consents_by_person on consents (person_id, purpose, at desc);

      -- seated: holds a seat; while its registration waits for a place, it is only wished for.
      create table enrolments (
        registration_id uuid not null,
        session_id uuid not null,
        seated boolean not null,
        created_at timestamptz not null,
        primary key (registration_id, session_id)
      );
    `);
    await runner.query(SNAPSHOTS_SQL);
    await runner.query(REGISTER_BATCH_SQL);
    await runner.query(AMEND_AND_CANCEL_SQL);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop function amend_registration, cancel_registration, release_places, register_batch;
      drop function append_registration_changes, registration_snapshots, person_snapshots, iso_time;
      drop table enrolments, consents, registrations, persons;
    `);
  }
}
