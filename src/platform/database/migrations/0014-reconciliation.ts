import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Runs that compare both sides, and what they found.
 *
 * A discrepancy holds values of a person, so it goes with its run after a time, and with the person's erasure: the key
 * of the record is in it. What a run counted stays in its certificate, which holds none.
 */
export class Reconciliation0014 implements MigrationInterface {
  name = 'reconciliation0000000000014';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table reconciliations (
        id uuid primary key,
        mapping text not null references mappings (name),
        state text not null check (state in ('running', 'done', 'failed')),
        created_by text not null,
        created_at timestamptz not null default clock_timestamp(),
        seen_at timestamptz not null default clock_timestamp(),
        finished_at timestamptz,
        certificate json,
        failure text
      );
      create index reconciliations_by_mapping on reconciliations (mapping, created_at);

      create table discrepancies (
        run uuid not null references reconciliations (id) on delete cascade,
        place integer not null,
        kind text not null check (kind in
          ('missing', 'stale', 'extra', 'duplicate', 'drifted', 'merged', 'deleted', 'unaccounted')),
        -- Null where no record of ours has this key.
        key uuid,
        target_key text,
        target_id text,
        -- For those that drifted: [{ field, theirs, ours, lastWritten, owner }].
        fields json,
        repair text not null check (repair in ('write', 'remove', 'people')),
        repaired_at timestamptz,
        primary key (run, place)
      );
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table discrepancies, reconciliations');
  }
}
