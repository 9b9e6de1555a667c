import type { Clock } from '../../src/platform/clock.js';
import { onServer } from './database.js';

/**
 * A clock that a test moves on, for the program and for its database alike: sessions opened after `of` find another
 * `clock_timestamp()` before PostgreSQL's own.
 */
export class MovedClock implements Clock {
  private movedMs = 0;

  private constructor(private readonly databaseUrl: string) {}

  static async of(databaseUrl: string): Promise<MovedClock> {
    const name = new URL(databaseUrl).pathname.slice(1);
    await onServer(
      databaseUrl,
      `create schema moved;
       create table moved.by (ms bigint not null);
       insert into moved.by values (0);
       create function moved.clock_timestamp() returns timestamptz language sql volatile as
         'select pg_catalog.clock_timestamp() + (select ms from moved.by) * interval ''1 ms''';
       alter database ${name} set search_path = public, moved, pg_catalog`,
    );
    return new MovedClock(databaseUrl);
  }

  now(): Date {
    return new Date(Date.now() + this.movedMs);
  }

  async moveOn(ms: number): Promise<void> {
    this.movedMs += Math.ceil(ms);
    await onServer(this.databaseUrl, `update moved.by set ms = ${this.movedMs}`);
  }
}
