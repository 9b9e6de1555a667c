/**
 * Of the lobby's functions those that 0026 makes anew: whole, and not as edits of what 0015 says, since whoever judges
 * whether too many can get in reads them as they run.
 */
export const LOBBY_PROOF_SQL = `
  -- Numbers for as many as wait for one. Asked again for the same block after a lost answer, it finds them.
  create function lobby_reserve(p_event uuid, p_replica uuid, p_block uuid, p_size integer)
  returns table (first bigint, at timestamptz) language plpgsql as $$
  declare
    v_first bigint;
    v_at timestamptz;
  begin
    update lobby_lines l set issued = l.issued + p_size where l.event_id = p_event
    returning l.issued - p_size + 1, clock_timestamp() into v_first, v_at;
    if v_first is null then return; end if;
    insert into lobby_blocks as b (event_id, replica, block, first, at)
    values (p_event, p_replica, p_block, v_first, v_at)
    on conflict (event_id, replica) do update set block = excluded.block, first = excluded.first, at = excluded.at
      where b.block <> excluded.block;
    if found then
      return query select v_first, v_at;
    else
      update lobby_lines l set issued = l.issued - p_size where l.event_id = p_event;
      return query select b.first, b.at from lobby_blocks b where b.event_id = p_event and b.replica = p_replica;
    end if;
  end $$;

  -- The newest call of a number; its lease is made as long as the pass lives when that is fetched first.
  create function lobby_claim(p_event uuid, p_number bigint, p_lease interval)
  returns table (state text, turn smallint, until timestamptz) language plpgsql as $$
  declare
    v_call lobby_calls;
    v_now timestamptz;
  begin
    select * into v_call from lobby_calls c where c.event_id = p_event and c.number = p_number
     order by c.turn desc limit 1 for update;
    v_now := clock_timestamp();
    if v_call.event_id is null then
      return query select 'uncalled', null::smallint, null::timestamptz;
    elsif v_call.ending = 'registered' then
      return query select 'spent', v_call.turn, v_call.until;
    elsif v_call.ended_at is not null or v_call.until <= v_now then
      return query select 'lapsed', v_call.turn, v_call.until;
    elsif v_call.passed_at is not null then
      return query select 'called', v_call.turn, v_call.until;
    else
      update lobby_calls c set passed_at = v_now, until = v_now + p_lease
       where c.event_id = p_event and c.number = p_number and c.turn = v_call.turn;
      return query select 'called', v_call.turn, v_now + p_lease;
    end if;
  end $$;

  -- Slots held, and releases of the last 60 s. A slot is held until a statement has ended it: whoever made its lease
  -- longer just now holds it still. A slice counts whole until then, and as much as was used for 60 s after that.
  create function lobby_spent(p_event uuid, p_now timestamptz, out active bigint, out released bigint)
  language sql stable as $$
    select (select count(*) from lobby_calls c where c.event_id = p_event and c.ended_at is null) + s.size,
           (select coalesce(sum(r.released), 0) from lobby_releases r
             where r.event_id = p_event and r.at > p_now - interval '60 s') + s.size
         + (select coalesce(sum(coalesce(e.used, e.size)), 0) from lobby_slices e
             where e.event_id = p_event and e.returned_at > p_now - interval '60 s')
    from (select coalesce(sum(o.size), 0) as size from lobby_slices o
           where o.event_id = p_event and o.returned_at is null) s
  $$;

  -- The line, for the controller. Leases that are over end here, and nowhere else.
  create function lobby_look(p_event uuid) returns table (now timestamptz, active bigint, released bigint,
    present bigint, called bigint, issued bigint, frontier bigint, frontier_at timestamptz) language plpgsql as $$
  declare v_now timestamptz := clock_timestamp();
  begin
    update lobby_calls c set ended_at = c.until, ending = 'lapsed'
     where (c.event_id, c.number, c.turn) in (
       select o.event_id, o.number, o.turn from lobby_calls o
        where o.event_id = p_event and o.ended_at is null and o.until <= v_now
        order by o.number limit 5000 for update skip locked);
    update lobby_slices s set returned_at = s.until
     where s.id in (select o.id from lobby_slices o
        where o.event_id = p_event and o.returned_at is null and o.until <= v_now for update skip locked);
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
    -- A room whose line is locked for long is left for the next round; it holds up no other.
    perform set_config('lock_timeout', '300', true);
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
      -- Who checked in while being called stands here once more, and has their slot.
      delete from lobby_present p using lobby_calls c
       where p.event_id = p_event and c.event_id = p_event and c.number = p.number
         and (c.ended_at is null or c.ending = 'registered');
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
      select p_event, n.number,
             coalesce((select max(c.turn) + 1 from lobby_calls c where c.event_id = p_event and c.number = n.number), 0),
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
`;
