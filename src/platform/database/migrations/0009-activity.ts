import type { MigrationInterface, QueryRunner } from 'typeorm';
import { SNAPSHOTS_SQL } from './0002-snapshots.sql.js';
import { Ledger0007 } from './0007-ledger.js';
import { ACTIVITY_CHANGES_SQL } from './0009-activity-changes.sql.js';
import { ACTIVITY_SNAPSHOTS_SQL } from './0009-activity-snapshots.sql.js';
import { ATTENDANCE_SQL } from './0009-attendance.sql.js';
import { LEDGER_OF_STREAMS_SQL } from './0009-ledger.sql.js';
import { TAKE_IN_SIGNALS_SQL } from './0009-take-in-signals.sql.js';

/**
 * What people do at an event, and the four streams that were missing: event, session, attendance, interaction.
 *
 * A signal is kept as it was told, once for each event, source and id of the source; attendance and interactions are
 * derived from all of them. A signal of somebody who is not registered keeps the reference that will find them, and
 * loses it when it has: the partial index on those is all that registering has to look at.
 *
 * Events and sessions that exist get their first change here, so that a mapping of them begins with all of them.
 */
export class Activity0009 implements MigrationInterface {
  name = 'activity0000000000009';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table sessions add column version integer not null default 1;
      alter table events add column attendance_closed_at timestamptz;
      alter table sessions add column attendance_closed_at timestamptz;

      create table signals (
        id uuid primary key,
        event_id uuid not null,
        source text not null,
        source_id text not null,
        type text not null,
        registration_id uuid,
        external_id text,
        email_key text collate "C",
        session_id uuid,
        connection text not null,
        on_demand boolean not null,
        at timestamptz not null,
        until timestamptz,
        data json,
        received_at timestamptz not null,
        unique (event_id, source, source_id)
      );
      create index signals_by_registration on signals (registration_id) where registration_id is not null;
      create index signals_waiting on signals (event_id, email_key) where registration_id is null;

      -- Whose a platform's own id of a person is, as its signals told.
      create table external_ids (
        event_id uuid not null,
        source text not null,
        external_id text not null,
        email_key text collate "C" not null,
        primary key (event_id, source, external_id)
      );

      create table attendance (
        id uuid primary key,
        registration_id uuid not null,
        session_id uuid,
        event_id uuid not null,
        person_id uuid not null,
        status text not null check (status in ('attended', 'no-show')),
        mode text check (mode in ('live', 'onDemand')),
        first_seen_at timestamptz,
        last_seen_at timestamptz,
        seconds integer not null,
        version integer not null,
        created_at timestamptz not null,
        updated_at timestamptz not null,
        unique nulls not distinct (registration_id, session_id)
      ) with (fillfactor = 85);
      create index attendance_by_person on attendance (person_id);
      create index attendance_by_event on attendance (event_id, id);

      create table interactions (
        id uuid primary key,
        registration_id uuid not null,
        session_id uuid,
        event_id uuid not null,
        person_id uuid not null,
        type text not null,
        source text not null,
        at timestamptz not null,
        until timestamptz,
        data json,
        created_at timestamptz not null
      );
      create index interactions_by_person on interactions (person_id);
      create index interactions_by_event on interactions (event_id, id);
    `);
    await runner.query(ACTIVITY_SNAPSHOTS_SQL);
    await runner.query(ATTENDANCE_SQL);
    await runner.query(ACTIVITY_CHANGES_SQL);
    await runner.query(TAKE_IN_SIGNALS_SQL);
    await runner.query(LEDGER_OF_STREAMS_SQL);
    await runner.query(`
      select append_event_changes(array(select id from events order by id), 'event.created');
      select append_session_changes(array(select id from sessions order by id), 'session.created');
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop function take_in_signals, record_no_shows, find_registrations, resolve_signals, record_interactions,
        derive_attendance, refresh_attendance, new_id, append_activity_changes, append_session_changes,
        append_event_changes, append_person_changes, interaction_snapshots, attendance_snapshots, session_snapshots,
        event_snapshots, append_registration_changes, registration_snapshots, person_snapshots, iso_time,
        mapping_ledger;
      drop type activity_outcome;
      drop table interactions, attendance, external_ids, signals;
      alter table sessions drop column version, drop column attendance_closed_at;
      alter table events drop column attendance_closed_at;
    `);
    // What was replaced, as it was.
    await runner.query(SNAPSHOTS_SQL);
    await new Ledger0007().up(runner);
  }
}
