/**
 * The day's allowance by the backend's own day and not by UTC: HubSpot's begins at midnight of the account, Marketo's in
 * Chicago, and Salesforce counts the last 24 hours at any moment. For those, bookings are counted by the hour.
 */
/** What such a function says of a day; \`wait_ms\`: until there is more, where all is used. */
const DAY = `(begins timestamptz, ends timestamptz, used bigint, allowed bigint, gap_ms float8, wait_ms float8)`;

const CALENDAR_DAY = `
  create function calendar_day(budget call_budgets, zone text, day_max bigint, now_at timestamptz)
  returns table ${DAY} language plpgsql as $$
  declare
    today constant date := (now_at at time zone zone)::date;
  begin
    begins := today::timestamp at time zone zone;
    ends := (today + 1)::timestamp at time zone zone;
    -- A day that was counted in another zone may be ahead of this one.
    used := case when budget.day >= today then budget.day_used else 0 end;
    allowed := day_max;
    if budget.told_at >= begins then
      used := greatest(used, budget.told_used);
      allowed := least(day_max, budget.told_max);
    end if;
    wait_ms := extract(epoch from ends - now_at) * 1000;
    gap_ms := 0;
    -- Spaced so that it lasts, except where less was used so far than the day's share.
    if used < allowed and used >= allowed * extract(epoch from now_at - begins) / extract(epoch from ends - begins) then
      gap_ms := wait_ms / (allowed - used);
    end if;
    return next;
  end $$;`;

// An hour counts until all of it is more than 24 hours ago. What was told of others' calls is taken to come free evenly.
// Spaced, once half is used, so that it never runs dry: before each hour that comes free, and in a day as a whole, no
// more is called than is left and came free before.
const ROLLING_DAY = `
  create function rolling_day(budget call_budgets, day_max bigint, now_at timestamptz)
  returns table ${DAY} language plpgsql as $$
  declare
    day_ms constant float8 := 86400000;
    full_look_ms constant float8 := 60000;
    ours bigint;
    told float8 := 0;
    first_free_ms float8;
  begin
    begins := now_at - interval '24 hours';
    ends := now_at + interval '24 hours';
    select coalesce(sum(b.calls), 0), extract(epoch from min(b.hour) + interval '25 hours' - now_at) * 1000
      into ours, first_free_ms
      from call_bookings b
     where b.destination = budget.destination and b.hour > now_at - interval '25 hours';
    allowed := day_max;
    if budget.told_at > begins then
      told := budget.told_used * extract(epoch from budget.told_at - begins) * 1000 / day_ms;
      allowed := least(day_max, budget.told_max);
    end if;
    used := greatest(ours, ceil(told)::bigint);
    wait_ms := case when ours >= allowed then first_free_ms else full_look_ms end;
    gap_ms := 0;
    if used < allowed and used >= allowed / 2 then
      select greatest(max(f.at_ms / (allowed - used + f.free_before)), day_ms / (allowed - used + ours)) into gap_ms
        from (
          select extract(epoch from b.hour + interval '25 hours' - now_at)::float8 * 1000 as at_ms,
                 coalesce(sum(b.calls) over (order by b.hour rows between unbounded preceding and 1 preceding), 0)
                   as free_before
            from call_bookings b
           where b.destination = budget.destination and b.hour > now_at - interval '25 hours') f;
    end if;
    return next;
  end $$;`;

const CALL_DAY = `
  create function call_day(the_destination text, the_day text, day_max bigint, now_at timestamptz)
  returns table ${DAY} language plpgsql as $$
  declare
    budget call_budgets;
  begin
    select * into budget from call_budgets b where b.destination = the_destination;
    budget.destination := the_destination;
    if the_day = 'rolling' then
      return query select * from rolling_day(budget, day_max, now_at);
    else
      return query select * from calendar_day(budget, the_day, day_max, now_at);
    end if;
  end $$;`;

// Books up to so many calls. \`wait_ms\` is when the first may go; nothing is booked where that is too far off.
const BOOK_CALLS = `
  create function book_calls(
    the_destination text, many integer, gap double precision, day_max bigint, wait_max double precision,
    the_day text default 'UTC'
  ) returns table (granted integer, wait_ms double precision, gap_ms double precision) language plpgsql as $$
  declare
    is_rolling constant boolean := the_day = 'rolling';
    next_at timestamptz;
    now_at timestamptz;
    its record;
    today date;
    start_at timestamptz;
  begin
    insert into call_budgets (destination, day) values (the_destination, (clock_timestamp() at time zone 'UTC')::date)
        on conflict do nothing;
    select b.next_at into next_at from call_budgets b where b.destination = the_destination for update;
    now_at := clock_timestamp();
    select * into its from call_day(the_destination, the_day, day_max, now_at);
    if its.allowed is not null then
      if its.used >= its.allowed then
        return query select 0, its.wait_ms, gap;
        return;
      end if;
      many := least(many, its.allowed - its.used);
      if its.gap_ms > 0 then
        gap := greatest(gap, its.gap_ms);
        many := 1;
      end if;
    end if;
    start_at := greatest(next_at, now_at);
    if start_at > now_at + wait_max * interval '1 ms' then
      return query select 0, extract(epoch from start_at - now_at)::double precision * 1000, gap;
      return;
    end if;
    today := (now_at at time zone case when is_rolling then 'UTC' else the_day end)::date;
    update call_budgets b
       set next_at = start_at + many * gap * interval '1 ms', day = today,
           day_used = many + case when b.day >= today then b.day_used else 0 end
     where b.destination = the_destination;
    if is_rolling then
      delete from call_bookings c
       where c.destination = the_destination and c.hour <= now_at - interval '25 hours';
      insert into call_bookings as c (destination, hour, calls)
      values (the_destination, date_trunc('hour', now_at, 'UTC'), many)
          on conflict (destination, hour) do update set calls = c.calls + excluded.calls;
    end if;
    return query select many, extract(epoch from start_at - now_at)::double precision * 1000, gap;
  end $$;`;

const TABLE = `
  create table call_bookings (
    destination text not null,
    hour timestamptz not null,
    calls bigint not null,
    primary key (destination, hour)
  ) with (fillfactor = 50);
  insert into call_bookings
  select destination, hour, calls from call_counts where hour > clock_timestamp() - interval '25 hours';`;

export const DAYS_OF_BACKENDS_SQL = [
  TABLE,
  CALENDAR_DAY,
  ROLLING_DAY,
  CALL_DAY,
  'drop function book_calls;',
  BOOK_CALLS,
].join('\n');

/** As 0013 made it. */
export const BOOK_CALLS_BEFORE = `
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
  end $$;`;
