import type { MigrationInterface, QueryRunner } from 'typeorm';
import { LOBBY_LINE_SQL } from './0015-lobby-line.sql.js';
import { LOBBY_RELEASE_SQL } from './0015-lobby-release.sql.js';
import { LOBBY_PROOF_SQL } from './0026-lobby-proof.sql.js';

/**
 * What killing the lobby a hundred times over taught:
 *
 * - A slot is free when a statement has ended it, not when its time is over: between the two a claim that had begun
 *   just before could make the lease longer while the slot was given to the next one.
 * - Who checks in at the moment of being called stood in the line once more, and took a second slot later.
 * - A row for each block of numbers grows with those who join slowly: one a replica is enough.
 * - What was let through in the last minute was counted over all slices that there ever were.
 */
export class LobbyProof0026 implements MigrationInterface {
  name = 'lobbyProof0000000000026';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(BLOCKS_SQL);
    await runner.query('drop function lobby_reserve, lobby_claim, lobby_spent, lobby_look, lobby_step');
    await runner.query(LOBBY_PROOF_SQL);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop function lobby_reserve, lobby_claim, lobby_spent, lobby_look, lobby_step;
      drop index lobby_calls_called_at, lobby_slices_open, lobby_slices_ended;
      drop table lobby_voids, lobby_blocks;
      create table lobby_blocks (
        id uuid primary key,
        event_id uuid not null references lobbies (event_id),
        first bigint not null,
        size integer not null,
        voids bigint[] not null default '{}',
        at timestamptz not null
      );
      create index lobby_blocks_event on lobby_blocks (event_id, first);
    `);
    for (const text of [LOBBY_LINE_SQL, LOBBY_RELEASE_SQL])
      await runner.query(text.replaceAll('create function', 'create or replace function'));
  }
}

const BLOCKS_SQL = `
  -- Numbers that nobody holds: those who asked for them had gone.
  create table lobby_voids (
    event_id uuid not null references lobbies (event_id),
    number bigint not null,
    primary key (event_id, number)
  );
  insert into lobby_voids (event_id, number)
  select k.event_id, n from lobby_blocks k cross join unnest(k.voids) n on conflict do nothing;

  -- The last block of each replica, in case the answer with it was lost.
  drop table lobby_blocks;
  create table lobby_blocks (
    event_id uuid not null references lobbies (event_id),
    replica uuid not null,
    block uuid not null,
    first bigint not null,
    at timestamptz not null,
    primary key (event_id, replica)
  ) with (fillfactor = 50);

  -- Calls are made in the order of time: a few bytes find the old ones.
  create index lobby_calls_called_at on lobby_calls using brin (called_at);
  create index lobby_slices_open on lobby_slices (event_id) where returned_at is null;
  create index lobby_slices_ended on lobby_slices (event_id, returned_at);
`;
