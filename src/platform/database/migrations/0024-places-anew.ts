import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Where an event asks for sign-on, one identity has one place in its line. Whoever registered with it, and then cancelled
 * or gave the registration on, would have stood in line with a used place for ever: they get another.
 */
export class PlacesAnew0024 implements MigrationInterface {
  name = 'placesAnew0000000000024';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create or replace function lobby_identify(p_event uuid, p_identity text, p_number bigint, p_at timestamptz)
      returns table (number bigint, issued_at timestamptz) language plpgsql as $$
      declare
        v_place lobby_places;
      begin
        insert into lobby_places as p (event_id, identity, number, issued_at)
        values (p_event, p_identity, p_number, p_at)
        on conflict (event_id, identity) do update set identity = excluded.identity
        returning p.* into v_place;
        if v_place.number <> p_number
          and exists (select from lobby_calls c where c.event_id = p_event and c.number = v_place.number
                        and c.ending = 'registered')
          and own_registration(p_event, p_identity::uuid, '00000000-0000-0000-0000-000000000000') is null
        then
          update lobby_places p set number = p_number, issued_at = p_at
          where p.event_id = p_event and p.identity = p_identity returning p.* into v_place;
        end if;
        return query select v_place.number, v_place.issued_at;
      end $$;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create or replace function lobby_identify(p_event uuid, p_identity text, p_number bigint, p_at timestamptz)
      returns table (number bigint, issued_at timestamptz) language sql as $$
        insert into lobby_places as p (event_id, identity, number, issued_at)
        values (p_event, p_identity, p_number, p_at)
        on conflict (event_id, identity) do update set identity = excluded.identity
        returning p.number, p.issued_at
      $$;
    `);
  }
}
