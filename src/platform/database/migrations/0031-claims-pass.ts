import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Whoever cancels and registers again is one person at one event in two registrations, and where the object at the
 * target is of the person and the event, both claim it. A claim passes on now; whether it may where a registration was
 * given on to somebody else is told by the person in whose name it was made. Claims from before know none.
 */
export class ClaimsPass0031 implements MigrationInterface {
  name = 'claimsPass0000000000031';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('alter table target_claims add column person uuid');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table target_claims drop column person');
  }
}
