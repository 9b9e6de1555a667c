import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * How far a comparison is, and what a plan showed beside its counts: the keys of its samples, reasons and duplicates,
 * so that a repetition of the request can tell the plan again. No value of a person is among them.
 */
export class Progress0042 implements MigrationInterface {
  name = 'progress0000000000042';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table reconciliations add column progress json;
      alter table plans add column shown json;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table plans drop column shown;
      alter table reconciliations drop column progress;
    `);
  }
}
