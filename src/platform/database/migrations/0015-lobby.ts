import type { MigrationInterface, QueryRunner } from 'typeorm';
import { LOBBY_LINE_SQL } from './0015-lobby-line.sql.js';
import { LOBBY_RELEASE_SQL } from './0015-lobby-release.sql.js';
import { REGISTER_WITH_PASSES_SQL } from './0015-register-with-passes.sql.js';

/**
 * The lobby. Nobody who only waits has a row: a ticket is a signed number. There are rows for those near the front
 * (`lobby_present`), for those who were called (`lobby_calls`), and one a step for what was released, written before
 * anyone is told. Every time is the database's own, so that a replica's clock decides nothing.
 *
 * Locks: event, then the line's row, then calls in order of their numbers. Whatever releases holds the line's row, so
 * both budgets are counted and spent by one at a time.
 */
export class Lobby0015 implements MigrationInterface {
  name = 'lobby0000000000015';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(TABLES);
    await runner.query(LOBBY_LINE_SQL);
    await runner.query(LOBBY_RELEASE_SQL);
    await runner.query(REGISTER_WITH_PASSES_SQL);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop function register_batch_with_passes, lobby_reserve, lobby_check_in, lobby_identify, lobby_claim, lobby_leave,
        lobby_look, lobby_step, lobby_book, lobby_give_back, lobby_spent;
      drop table lobby_releaser, lobby_audit, lobby_places, lobby_slices, lobby_releases, lobby_calls, lobby_present,
        lobby_blocks, lobby_lines, lobbies;
      alter table events drop column lobby_state;
    `);
  }
}

const TABLES = `
  alter table events add column lobby_state text not null default 'off'
    check (lobby_state in ('off', 'open', 'queueing', 'paused', 'closed'));

  create table lobbies (
    event_id uuid primary key references events (id),
    room integer generated always as identity unique,
    mode text not null check (mode in ('auto', 'always', 'off')),
    max_active integer not null check (max_active >= 1),
    max_per_minute integer not null check (max_per_minute >= 1),
    pass_seconds integer not null,
    claim_seconds integer not null,
    opens_at timestamptz,
    message text,
    on_failure text not null check (on_failure in ('hold', 'close')),
    state text not null default 'open' check (state in ('open', 'paused', 'draining', 'closed')),
    version integer not null default 1,
    updated_at timestamptz not null
  );

  -- One a room, changed many times a second.
  create table lobby_lines (
    event_id uuid primary key references lobbies (event_id),
    issued bigint not null default 0,
    called bigint not null default 0,
    frontier bigint not null default 0,
    frontier_at timestamptz not null default clock_timestamp(),
    release_last bigint not null default 0,
    rate_per_minute real,
    abandonment real not null default 0,
    published text,
    published_version integer,
    published_at timestamptz
  ) with (fillfactor = 20);

  -- Numbers reserved and not used: the answer with them was lost, or those who asked had gone.
  create table lobby_blocks (
    id uuid primary key,
    event_id uuid not null references lobbies (event_id),
    first bigint not null,
    size integer not null,
    voids bigint[] not null default '{}',
    at timestamptz not null
  );
  create index lobby_blocks_event on lobby_blocks (event_id, first);

  create table lobby_present (
    event_id uuid not null references lobbies (event_id),
    number bigint not null,
    waited_ms bigint not null,
    at timestamptz not null,
    primary key (event_id, number)
  );

  create table lobby_releases (
    event_id uuid not null references lobbies (event_id),
    seq bigint not null,
    at timestamptz not null,
    released integer not null,
    primary key (event_id, seq)
  );
  create index lobby_releases_at on lobby_releases (event_id, at);

  -- Who holds a slot until \`ended_at\`, or \`until\` where that is still to come.
  create table lobby_calls (
    event_id uuid not null references lobbies (event_id),
    number bigint not null,
    turn smallint not null,
    seq bigint not null,
    called_at timestamptz not null,
    until timestamptz not null,
    passed_at timestamptz,
    ended_at timestamptz,
    ending text check (ending in ('registered', 'lapsed', 'left', 'closed')),
    registration_id uuid,
    primary key (event_id, number, turn)
  ) with (fillfactor = 70);
  create index lobby_calls_open on lobby_calls (event_id) where ended_at is null;

  -- Booked ahead by a replica, so that letting someone straight through takes no I/O.
  create table lobby_slices (
    id uuid primary key,
    event_id uuid not null references lobbies (event_id),
    size integer not null,
    used integer,
    booked_at timestamptz not null,
    until timestamptz not null,
    returned_at timestamptz
  );
  create index lobby_slices_event on lobby_slices (event_id, until);

  -- Where the event asks for sign-on: one identity, one place.
  create table lobby_places (
    event_id uuid not null references lobbies (event_id),
    identity text not null,
    number bigint not null,
    issued_at timestamptz not null,
    primary key (event_id, identity)
  );

  create table lobby_audit (
    id bigint generated always as identity primary key,
    event_id uuid not null references events (id),
    at timestamptz not null,
    by text not null,
    settings json not null
  );
  create index lobby_audit_event on lobby_audit (event_id, id);

  create table lobby_releaser (
    one boolean primary key default true check (one),
    owner uuid,
    until timestamptz not null default '-infinity',
    epoch bigint not null default 0
  );
  insert into lobby_releaser default values;
`;
