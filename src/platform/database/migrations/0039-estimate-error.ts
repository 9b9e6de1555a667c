import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * How far a room's estimates were off is known to the replica that releases, in its metrics. Operators read the figures
 * of a room at any replica, and from the database.
 */
export class EstimateError0039 implements MigrationInterface {
  name = 'estimateError0000000000039';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table lobby_lines add column estimate_error real, add column estimates_judged integer not null default 0;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table lobby_lines drop column estimate_error, drop column estimates_judged');
  }
}
