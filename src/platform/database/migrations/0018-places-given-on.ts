import type { MigrationInterface, QueryRunner } from 'typeorm';
import { ACTIVITY_CHANGES_SQL } from './0009-activity-changes.sql.js';
import { ACTIVITY_SNAPSHOTS_SQL } from './0009-activity-snapshots.sql.js';
import { ERASE_PERSON_SQL } from './0018-erase-person.sql.js';
import { TRANSFER_SQL } from './0018-transfer.sql.js';

const CREATED = `'createdAt' value iso_time(p.created_at)`;

/**
 * Places given on and people erased; events that do not tell who is registered; mails that go out after the commit.
 *
 * A mail is a row with a kind and a registration, never a text or an address: what it says is made when it is sent.
 */
export class PlacesGivenOn0018 implements MigrationInterface {
  name = 'placesGivenOn0000000000018';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table persons add column erased_at timestamptz;
      alter table events add column privacy text not null default 'open' check (privacy in ('open', 'strict'));

      create table mails (
        id uuid primary key,
        kind text not null check (kind in ('registered', 'already')),
        registration_id uuid not null,
        state text not null default 'pending' check (state in ('pending', 'sent', 'rejected')),
        tries smallint not null default 0,
        next_attempt_at timestamptz not null default now(),
        reason text,
        created_at timestamptz not null default now(),
        sent_at timestamptz
      );
      create index mails_due on mails (next_attempt_at) where state = 'pending';
      create index mails_by_registration on mails (registration_id, created_at);
    `);
    // The snapshots of 0009, which also say when a person was erased.
    await runner.query(
      again(ACTIVITY_SNAPSHOTS_SQL).replaceAll(CREATED, `${CREATED}, 'erasedAt' value iso_time(p.erased_at)`),
    );
    await runner.query(withMails(ACTIVITY_CHANGES_SQL));
    await runner.query(TRANSFER_SQL);
    await runner.query(ERASE_PERSON_SQL);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop trigger deliveries_forget on deliveries;
      drop function forget_shadow, erase_person, transfer_registration;
      drop table mails;
    `);
    await runner.query(again(ACTIVITY_SNAPSHOTS_SQL));
    await runner.query(again(ACTIVITY_CHANGES_SQL));
    await runner.query('alter table persons drop column erased_at; alter table events drop column privacy');
  }
}

function again(sql: string): string {
  return sql.replaceAll(/create (or replace )?function/g, 'create or replace function');
}

/** The appending of 0009, which at an event that tells nobody also leaves a mail to send. */
function withMails(sql: string): string {
  const last = '    v_seq := append_changes(';
  return again(sql).replace(
    last,
    `    if exists (select from events e where e.id = any (v_events) and e.privacy = 'strict') then
      insert into mails (id, kind, registration_id)
      select new_id(), 'registered', r.id from registrations r join events e on e.id = r.event_id
      where r.id = any (ids) and e.privacy = 'strict' and topics[array_position(ids, r.id)] in
        ('registration.confirmed', 'registration.waitlisted', 'registration.promoted', 'registration.transferred');
    end if;
${last}`,
  );
}
