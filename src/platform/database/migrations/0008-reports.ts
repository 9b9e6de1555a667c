import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Report runs. A scheduled run is claimed by inserting its slot: of several workers that wake at the same moment, one
 * succeeds. A claim whose holder died is taken over after \`claimed_until\`.
 */
export class Reports0008 implements MigrationInterface {
  name = 'reports0000000000008';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table report_runs (
        id uuid primary key,
        report text not null,
        schedule text,
        slot timestamptz,
        event_id uuid,
        state text not null check (state in ('running', 'done', 'failed')),
        claimed_until timestamptz not null,
        content json,
        reason text,
        created_at timestamptz not null default now(),
        finished_at timestamptz,
        unique (schedule, slot)
      );
      create index report_runs_by_report on report_runs (report, id desc);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table report_runs');
  }
}
