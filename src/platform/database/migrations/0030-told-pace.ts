import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * A limit that only a backend's answers tell was known to the process that had heard one. Every worker that started
 * anew called without a pace until its own first answer, and what it called came on top of what the others were
 * allowed. What was heard stands beside the budget now.
 */
export class ToldPace0030 implements MigrationInterface {
  name = 'toldPace0000000000030';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table call_budgets
        add column told_gap_ms double precision,
        add column told_gap_at timestamptz
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table call_budgets drop column told_gap_ms, drop column told_gap_at');
  }
}
