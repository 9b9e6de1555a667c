/** Joining, checking in, fetching a pass and leaving. */
export const LOBBY_LINE_SQL = `
  -- Numbers for as many as wait for one. Asked again with the same block after a lost answer, it finds them.
  create function lobby_reserve(p_event uuid, p_block uuid, p_size integer)
  returns table (first bigint, at timestamptz) language plpgsql as $$
  declare
    v_first bigint;
    v_at timestamptz := clock_timestamp();
  begin
    update lobby_lines l set issued = l.issued + p_size
     where l.event_id = p_event and not exists (select from lobby_blocks b where b.id = p_block)
    returning l.issued - p_size + 1 into v_first;
    if v_first is null then
      return query select b.first, b.at from lobby_blocks b where b.id = p_block;
      return;
    end if;
    insert into lobby_blocks (id, event_id, first, size, at) values (p_block, p_event, v_first, p_size, v_at);
    return query select v_first, v_at;
  end $$;

  create function lobby_check_in(p_event uuid, p_numbers bigint[], p_waited bigint[]) returns void
  language sql as $$
    insert into lobby_present (event_id, number, waited_ms, at)
    select p_event, i.number, i.waited, clock_timestamp()
    from (select distinct on (number) number, waited from unnest(p_numbers, p_waited) i (number, waited) order by number) i
    where not exists (select from lobby_calls c where c.event_id = p_event and c.number = i.number
      and (c.ended_at is null and c.until > clock_timestamp() or c.ending = 'registered'))
    on conflict (event_id, number) do update set at = excluded.at
  $$;

  -- The number that an identity has already, else the given one.
  create function lobby_identify(p_event uuid, p_identity text, p_number bigint, p_at timestamptz)
  returns table (number bigint, issued_at timestamptz) language sql as $$
    insert into lobby_places as p (event_id, identity, number, issued_at)
    values (p_event, p_identity, p_number, p_at)
    on conflict (event_id, identity) do update set identity = excluded.identity
    returning p.number, p.issued_at
  $$;

  -- The newest call of a number; its lease is made as long as the pass lives when that is fetched first.
  create function lobby_claim(p_event uuid, p_number bigint, p_lease interval)
  returns table (state text, turn smallint, until timestamptz) language plpgsql as $$
  declare
    v_call lobby_calls;
    v_now timestamptz := clock_timestamp();
  begin
    select * into v_call from lobby_calls c where c.event_id = p_event and c.number = p_number
     order by c.turn desc limit 1 for update;
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

  create function lobby_leave(p_event uuid, p_number bigint) returns void language sql as $$
    delete from lobby_present where event_id = p_event and number = p_number;
    update lobby_calls set ended_at = clock_timestamp(), ending = 'left'
     where event_id = p_event and number = p_number and ended_at is null and until > clock_timestamp();
  $$;
`;
