import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What deliveries wait for, which keys they claim, and what destinations allow.
 *
 * Waits and claims are tables beside `deliveries`: a row there is written by its lane's holder alone, and few records
 * need either. A wait that is over becomes a redelivery, which nobody can lose between a read and a settle.
 *
 * A destination's budget is one row that all workers book their calls from, on the database's clock; what is booked is
 * a place in time, so that nothing has to be given back. A destination without limits has no row and costs no look.
 */
export class Deliver0013 implements MigrationInterface {
  name = 'deliver0000000000013';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table delivery_waits (
        waited_mapping text not null,
        waited_key uuid not null,
        mapping text not null,
        key uuid not null,
        primary key (waited_mapping, waited_key, mapping, key)
      );

      -- Who writes the object under this key: (mapping, target key) is unique. A record whose key at the target is its
      -- own id cannot meet another one, and claims nothing.
      create table target_claims (
        mapping text not null,
        target_key text not null,
        key uuid not null,
        primary key (mapping, target_key)
      );

      create table call_budgets (
        destination text primary key,
        next_at timestamptz not null default '-infinity',
        day date not null,
        day_used bigint not null default 0,
        -- What the backend last said of its allowance: used, of how many, and when it said so.
        told_used bigint,
        told_max bigint,
        told_at timestamptz,
        -- Why nothing is sent there until somebody acts: credentials that are not accepted.
        trouble text,
        trouble_at timestamptz
      ) with (fillfactor = 10);

      create table call_counts (
        destination text not null,
        hour timestamptz not null,
        calls bigint not null,
        primary key (destination, hour)
      );

      -- Books up to so many calls. \`wait_ms\` is when the first may go; nothing is booked where that is too far off.
      create function book_calls(
        the_destination text, many integer, gap double precision, day_max bigint, wait_max double precision
      ) returns table (granted integer, wait_ms double precision, gap_ms double precision) language plpgsql as $$
      declare
        day_ms constant double precision := 86400000;
        budget call_budgets;
        today constant date := (clock_timestamp() at time zone 'UTC')::date;
        now_at timestamptz;
        ms_left double precision;
        used bigint;
        allowed bigint;
        start_at timestamptz;
      begin
        insert into call_budgets (destination, day) values (the_destination, today) on conflict do nothing;
        select * into budget from call_budgets b where b.destination = the_destination for update;
        now_at := clock_timestamp();
        used := case when budget.day = today then budget.day_used else 0 end;
        if (budget.told_at at time zone 'UTC')::date = today then
          used := greatest(used, budget.told_used);
          allowed := least(day_max, budget.told_max);
        else
          allowed := day_max;
        end if;
        if allowed is not null then
          ms_left := extract(epoch from ((today + 1)::timestamp at time zone 'UTC') - now_at) * 1000;
          if used >= allowed then
            return query select 0, ms_left, gap;
            return;
          end if;
          many := least(many, allowed - used);
          -- Spaced so that it lasts, except where less was used so far than the day's share.
          if used >= allowed * (day_ms - ms_left) / day_ms then
            gap := greatest(gap, ms_left / (allowed - used));
            many := 1;
          end if;
        end if;
        start_at := greatest(budget.next_at, now_at);
        if start_at > now_at + wait_max * interval '1 ms' then
          return query select 0, extract(epoch from start_at - now_at)::double precision * 1000, gap;
          return;
        end if;
        update call_budgets b
           set next_at = start_at + many * gap * interval '1 ms', day = today, day_used = used + many
         where b.destination = the_destination;
        return query select many, extract(epoch from start_at - now_at)::double precision * 1000, gap;
      end $$;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop function book_calls;
      drop table call_counts, call_budgets, target_claims, delivery_waits;
    `);
  }
}
