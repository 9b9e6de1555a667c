import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Reconciliation on a schedule: of several workers that wake at the same moment, one inserts the slot. A run whose
 * process stopped gives its slot back. That one run of a mapping is under way at a time is now held by an index: two
 * that began at the same moment did not see each other.
 *
 * And what the newest full run of a mapping noted of each record, so that the next ones look only at what moved since:
 * one value of 52 bytes a record, replaced as a whole, because nobody ever asks for one record of it.
 */
export class ScheduledReconciliation0029 implements MigrationInterface {
  name = 'scheduledReconciliation0000000000029';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      update reconciliations set state = 'failed', failure = 'The process that ran it stopped.' where state = 'running';
      alter table reconciliations add schedule text, add slot timestamptz;
      create unique index reconciliations_running on reconciliations (mapping) where state = 'running';
      create unique index reconciliations_by_slot on reconciliations (schedule, mapping, slot) where slot is not null;

      create table reconciliation_notes (
        mapping text primary key references mappings (name),
        run uuid not null references reconciliations (id) on delete cascade,
        mapping_version integer not null,
        -- The number in the log that our side was read at.
        position bigint not null,
        notes bytea not null
      );
      alter table reconciliation_notes alter notes set storage external;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop table reconciliation_notes;
      drop index reconciliations_running, reconciliations_by_slot;
      alter table reconciliations drop schedule, drop slot;
    `);
  }
}
