/**
 * Calls under way at once at a destination, shared among all that call it. Each process holds so many of the slots for
 * a few seconds, and renews them while it uses them: a call costs no look, a process that starts holds none until the
 * others have given theirs up, and what a dead one held is free when its time is over.
 */
export const CALL_SLOTS_SQL = `
  create table call_slots (
    destination text not null,
    worker text not null,
    slots integer not null,
    wanted integer not null,
    -- Its place in the line, where there are fewer slots than workers.
    asked_at timestamptz not null,
    until timestamptz not null,
    primary key (destination, worker)
  ) with (fillfactor = 50);

  -- Says how many slots this worker may use from now on. What it still uses beyond that counts as its own until it
  -- asks again: the slots of all together are never more than there are.
  create function take_call_slots(
    the_destination text, the_worker text, wants integer, uses integer, most integer, keep_ms double precision
  ) returns integer language plpgsql as $$
  declare
    now_at timestamptz;
    held_by_others integer;
    workers integer;
    left_over integer := most;
    share integer;
    mine integer := 0;
    one record;
  begin
    perform pg_advisory_xact_lock(hashtextextended('call_slots ' || the_destination, 0));
    now_at := clock_timestamp();
    delete from call_slots c
     where c.destination = the_destination
       and (c.until < now_at or (c.worker = the_worker and wants = 0 and uses = 0));
    if wants = 0 and uses = 0 then
      return 0;
    end if;
    insert into call_slots as c (destination, worker, slots, wanted, asked_at, until)
    values (the_destination, the_worker, uses, greatest(wants, uses), now_at, now_at)
        on conflict (destination, worker) do update set wanted = excluded.wanted;
    select coalesce(sum(c.slots) filter (where c.worker <> the_worker), 0), count(*)
      into held_by_others, workers
      from call_slots c where c.destination = the_destination;
    if workers > most then
      -- Not enough for all: who had one goes behind those that wait.
      update call_slots c set asked_at = now_at
       where c.destination = the_destination and c.worker = the_worker and c.slots > 0;
    end if;
    -- Who wants less than an equal share leaves the rest to the others.
    for one in
      select c.worker, c.wanted from call_slots c where c.destination = the_destination
       order by case when workers > most then 0 else c.wanted end, c.asked_at, c.worker
    loop
      share := least(one.wanted, ceil(left_over::numeric / workers)::integer);
      left_over := left_over - share;
      workers := workers - 1;
      if one.worker = the_worker then
        mine := share;
      end if;
    end loop;
    mine := greatest(0, least(mine, most - held_by_others));
    update call_slots c set slots = greatest(mine, uses), until = now_at + keep_ms * interval '1 ms'
     where c.destination = the_destination and c.worker = the_worker;
    return mine;
  end $$;`;
