import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What credentials lack for one object and operation: the rest of the destination goes on. A pause that a backend asked
 * for until far off, before there was an end to it, is shortened to the day that counts now.
 */
export class Troubles0038 implements MigrationInterface {
  name = 'troubles0000000000038';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table destination_troubles (
        destination text not null,
        kind text not null,
        trouble text not null,
        trouble_at timestamptz not null,
        primary key (destination, kind)
      );
      update call_budgets set next_at = clock_timestamp() + interval '1 day'
       where next_at > clock_timestamp() + interval '1 day';
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table destination_troubles');
  }
}
