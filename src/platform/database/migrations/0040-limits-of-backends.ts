import type { MigrationInterface, QueryRunner } from 'typeorm';
import { CALL_SLOTS_SQL } from './0040-call-slots.sql.js';
import { BOOK_CALLS_BEFORE, DAYS_OF_BACKENDS_SQL } from './0040-days-of-backends.sql.js';

/** What backends allow holds always: calls under way also while workers start, the day's by the backend's own day. */
export class LimitsOfBackends0040 implements MigrationInterface {
  name = 'limitsOfBackends0000000000040';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(CALL_SLOTS_SQL);
    await runner.query(DAYS_OF_BACKENDS_SQL);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop function book_calls, call_day, calendar_day, rolling_day, take_call_slots;
      drop table call_bookings, call_slots;
      ${BOOK_CALLS_BEFORE}
    `);
  }
}
