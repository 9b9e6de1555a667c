import type { MigrationInterface, QueryRunner } from 'typeorm';
import { ACQUAINTANCES_SQL } from './0010-acquaintances.sql.js';

/**
 * What platforms send of themselves. A hook is kept before anything is made of it, so that neither a fault of ours nor
 * a kind that we do not know loses it; its body goes when its signals are kept, since they say the same.
 *
 * A platform knows nothing of our events: a place says which of them its webinar or room is. Hooks of a place that is
 * not yet told wait for it.
 */
export class PlatformHooks0010 implements MigrationInterface {
  name = 'platformHooks0000000000010';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table platform_hooks (
        id uuid primary key,
        platform text not null,
        kind text not null,
        place text,
        body text,
        state text not null check (state in ('stored', 'turned', 'kept', 'unplaced')),
        reason text,
        received_at timestamptz not null,
        settled_at timestamptz
      );
      create index platform_hooks_open on platform_hooks (received_at) where state = 'stored';
      create index platform_hooks_unplaced on platform_hooks (platform, place) where state = 'unplaced';

      create table places (
        platform text not null,
        place text not null,
        event_id uuid not null,
        session_id uuid,
        created_at timestamptz not null,
        primary key (platform, place)
      );
      create index places_by_event on places (event_id);
    `);
    await runner.query(ACQUAINTANCES_SQL);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop function acquaint;
      drop index signals_waiting_by_external_id;
      drop table places, platform_hooks;
    `);
  }
}
