/**
 * Releasing. What is held and what was released is counted here, under the lock of the line's row, in the statement
 * before the one that spends it: whatever the caller believed, never more than both budgets leave is released.
 */
export const LOBBY_RELEASE_SQL = `
  -- Slots held, and releases of the last 60 s. A slice counts whole from its booking until it is given back or its
  -- lease is over, and as much as was used for 60 s after that.
  create function lobby_spent(p_event uuid, p_now timestamptz, out active bigint, out released bigint)
  language sql stable as $$
    select (select count(*) from lobby_calls c where c.event_id = p_event and c.ended_at is null and c.until > p_now)
         + coalesce(sum(s.size) filter (where s.returned_at is null and s.until > p_now), 0),
           (select coalesce(sum(r.released), 0) from lobby_releases r
             where r.event_id = p_event and r.at > p_now - interval '60 s')
         + coalesce(sum(coalesce(s.used, s.size)), 0)
    from lobby_slices s
    where s.event_id = p_event and coalesce(s.returned_at, s.until) > p_now - interval '60 s'
  $$;

  -- The line, for the controller. Leases that are over end here.
  create function lobby_look(p_event uuid) returns table (now timestamptz, active bigint, released bigint,
    present bigint, called bigint, issued bigint, frontier bigint, frontier_at timestamptz) language plpgsql as $$
  declare v_now timestamptz := clock_timestamp();
  begin
    update lobby_calls c set ended_at = c.until, ending = 'lapsed'
     where (c.event_id, c.number, c.turn) in (
       select o.event_id, o.number, o.turn from lobby_calls o
        where o.event_id = p_event and o.ended_at is null and o.until <= v_now
        order by o.number limit 5000 for update skip locked);
    return query
      select v_now, s.active, s.released, (select count(*) from lobby_present p where p.event_id = p_event),
             l.called, l.issued, l.frontier, l.frontier_at
      from lobby_lines l cross join lobby_spent(p_event, v_now) s where l.event_id = p_event;
  end $$;

  -- Calls the first of those present and moves the front and the frontier; by the elected releaser only.
  create function lobby_step(p_event uuid, p_epoch bigint, p_release integer, p_called bigint, p_frontier bigint)
  returns table (released integer, passed bigint, waited_ms bigint) language plpgsql as $$
  declare
    v_line lobby_lines;
    v_room lobbies;
    v_spent record;
    v_take integer;
    v_now timestamptz;
    v_numbers bigint[];
    v_waited bigint;
    v_called bigint;
  begin
    select * into v_line from lobby_lines l where l.event_id = p_event for update;
    if not exists (select from lobby_releaser r where r.epoch = p_epoch) then
      return query select 0, 0::bigint, 0::bigint;
      return;
    end if;
    v_now := clock_timestamp();
    select * into v_room from lobbies where event_id = p_event;
    select * into v_spent from lobby_spent(p_event, v_now);
    v_take := least(p_release, v_room.max_active - v_spent.active, v_room.max_per_minute - v_spent.released);
    if v_room.mode = 'off' or v_room.state in ('paused', 'closed') or v_room.opens_at > v_now then v_take := 0; end if;

    if v_take > 0 then
      with gone as (
        delete from lobby_present p where p.event_id = p_event and p.number in (
          select number from lobby_present where event_id = p_event order by number limit v_take)
        returning p.number, p.waited_ms)
      select array_agg(number order by number), avg(gone.waited_ms)::bigint into v_numbers, v_waited from gone;
    end if;
    v_called := greatest(v_line.called, p_called, v_numbers[array_upper(v_numbers, 1)]);
    if v_numbers is not null then
      insert into lobby_releases (event_id, seq, at, released)
      values (p_event, v_line.release_last + 1, v_now, cardinality(v_numbers));
      insert into lobby_calls (event_id, number, turn, seq, called_at, until)
      select p_event, n.number, (select count(*) from lobby_calls c where c.event_id = p_event and c.number = n.number),
             v_line.release_last + 1, v_now, v_now + v_room.claim_seconds * interval '1 s'
      from unnest(v_numbers) n (number) order by n.number;
    end if;
    if v_numbers is not null or v_called > v_line.called or p_frontier > v_line.frontier then
      update lobby_lines l set called = v_called, frontier = greatest(l.frontier, p_frontier),
        frontier_at = case when p_frontier > l.frontier then v_now else l.frontier_at end,
        release_last = l.release_last + (v_numbers is not null)::integer
       where l.event_id = p_event;
    end if;
    return query select coalesce(cardinality(v_numbers), 0), v_called - v_line.called, coalesce(v_waited, 0);
  end $$;

  -- Books up to so many of both budgets for a replica; 0 where there is no room, or someone waits.
  create function lobby_book(p_event uuid, p_slice uuid, p_wanted integer, p_lease interval) returns integer
  language plpgsql as $$
  declare
    v_line lobby_lines;
    v_room lobbies;
    v_spent record;
    v_take integer;
    v_now timestamptz;
  begin
    select * into v_line from lobby_lines l where l.event_id = p_event for update;
    v_now := clock_timestamp();
    select * into v_room from lobbies where event_id = p_event;
    if v_room.mode is distinct from 'auto' or v_room.state <> 'open' or v_room.opens_at > v_now
      or v_line.called < v_line.issued or exists (select from lobby_present where event_id = p_event) then return 0; end if;
    select * into v_spent from lobby_spent(p_event, v_now);
    v_take := least(p_wanted, v_room.max_active - v_spent.active, v_room.max_per_minute - v_spent.released);
    if v_take <= 0 then return 0; end if;
    insert into lobby_slices (id, event_id, size, booked_at, until)
    values (p_slice, p_event, v_take, v_now, v_now + p_lease);
    return v_take;
  end $$;

  -- What was not used is free at once; what was, counts for the minute from now on.
  create function lobby_give_back(p_slices uuid[], p_used integer[]) returns void language sql as $$
    update lobby_slices s set used = least(g.used, s.size), returned_at = least(clock_timestamp(), s.until)
    from unnest(p_slices, p_used) g (id, used) where s.id = g.id and s.returned_at is null
  $$;
`;
