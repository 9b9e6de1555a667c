import type { MigrationInterface, QueryRunner } from 'typeorm';
import { LOBBY_PROOF_SQL } from './0026-lobby-proof.sql.js';

/**
 * The releaser looks at a line up to fifty times a second, and each look went over every slot that is held twice: for
 * leases that are over, and to count them. With 6,000 held that was 4 ms of PostgreSQL a look; once is enough.
 */
export class LobbyLook0035 implements MigrationInterface {
  name = 'lobbyLook0000000000035';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(LOOK_SQL);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(
      `${functionOf('lobby_spent')} ${functionOf('lobby_look')} drop function lobby_let_through(uuid, timestamptz);`,
    );
  }
}

const LOOK_SQL = `
  -- What slices hold, and releases of the last 60 s with theirs. A slice counts whole until it is given back, and as
  -- much as was used for 60 s after that.
  create function lobby_let_through(p_event uuid, p_now timestamptz, out booked bigint, out released bigint)
  language sql stable as $$
    select s.size,
           (select coalesce(sum(r.released), 0) from lobby_releases r
             where r.event_id = p_event and r.at > p_now - interval '60 s') + s.size
         + (select coalesce(sum(coalesce(e.used, e.size)), 0) from lobby_slices e
             where e.event_id = p_event and e.returned_at > p_now - interval '60 s')
    from (select coalesce(sum(o.size), 0) as size from lobby_slices o
           where o.event_id = p_event and o.returned_at is null) s
  $$;

  -- Slots held, and releases of the last 60 s. A slot is held until a statement has ended it: whoever made its lease
  -- longer just now holds it still.
  create or replace function lobby_spent(p_event uuid, p_now timestamptz, out active bigint, out released bigint)
  language sql stable as $$
    select (select count(*) from lobby_calls c where c.event_id = p_event and c.ended_at is null) + t.booked, t.released
    from lobby_let_through(p_event, p_now) t
  $$;

  -- The line, for the controller. Leases that are over end here, and nowhere else.
  create or replace function lobby_look(p_event uuid) returns table (now timestamptz, active bigint, released bigint,
    present bigint, called bigint, issued bigint, frontier bigint, frontier_at timestamptz) language plpgsql as $$
  declare
    v_now timestamptz := clock_timestamp();
    v_held bigint;
    v_over bigint;
    v_ended bigint;
  begin
    select count(*), count(*) filter (where c.until <= v_now) into v_held, v_over
      from lobby_calls c where c.event_id = p_event and c.ended_at is null;
    if v_over > 0 then
      update lobby_calls c set ended_at = c.until, ending = 'lapsed'
       where (c.event_id, c.number, c.turn) in (
         select o.event_id, o.number, o.turn from lobby_calls o
          where o.event_id = p_event and o.ended_at is null and o.until <= v_now
          order by o.number limit 5000 for update skip locked);
      get diagnostics v_ended = row_count;
      v_held := v_held - v_ended;
    end if;
    update lobby_slices s set returned_at = s.until
     where s.id in (select o.id from lobby_slices o
        where o.event_id = p_event and o.returned_at is null and o.until <= v_now for update skip locked);
    return query
      select v_now, v_held + t.booked, t.released, (select count(*) from lobby_present p where p.event_id = p_event),
             l.called, l.issued, l.frontier, l.frontier_at
      from lobby_lines l cross join lobby_let_through(p_event, v_now) t where l.event_id = p_event;
  end $$;
`;

/** As it stood before. */
function functionOf(name: string): string {
  const begins = LOBBY_PROOF_SQL.indexOf(`create function ${name}(`);
  const ends = LOBBY_PROOF_SQL.indexOf('\n\n', begins);
  return `create or replace ${LOBBY_PROOF_SQL.slice(begins, ends).slice('create '.length)}`;
}
