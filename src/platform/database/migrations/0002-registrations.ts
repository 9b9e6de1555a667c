import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Registrations, the people behind them, and the functions that write them.
 *
 * A registration is decided under its event's row lock, so places are exact. Locks are always taken in one order, so
 * that batches, cancellations and amendments never wait for each other in a circle: events by id, persons by e-mail,
 * registrations, and the head of the change log last.
 */
export class Registrations0002 implements MigrationInterface {
  name = 'registrations0000000000002';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(TABLES);
    await runner.query(SNAPSHOTS);
    await runner.query(APPEND);
    await runner.query(REGISTER);
    await runner.query(CHANGE);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop function raise_capacity, amend_registration, cancel_registration, waitlist_heads, touch_persons,
        register_batch, append_registration_changes, registration_snapshots, person_snapshots, iso;
      drop table enrolments, consents, registrations, persons;
    `);
  }
}

const TABLES = `
  create table persons (
    id uuid primary key,
    email_key text not null unique,
    details jsonb not null,
    version integer not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null
  ) with (fillfactor = 80);

  create table registrations (
    id uuid primary key,
    event_id uuid not null references events (id),
    person_id uuid not null references persons (id),
    email_key text not null,
    status text not null check (status in ('pending', 'confirmed', 'waitlisted', 'offered', 'cancelled', 'erased')),
    waitlist_number integer,
    version integer not null default 1,
    attendee jsonb not null,
    answers json not null,
    source json not null,
    form_version integer,
    token_generation integer not null default 0,
    created_at timestamptz not null,
    updated_at timestamptz not null
  ) with (fillfactor = 80);
  create unique index registrations_living on registrations (event_id, email_key)
    where status in ('pending', 'confirmed', 'waitlisted', 'offered');
  create index registrations_waiting on registrations (event_id, waitlist_number) where status = 'waitlisted';
  create index registrations_by_person on registrations (person_id);

  -- Every answer ever given, the latest counts.
  create table consents (
    person_id uuid not null,
    purpose text not null,
    granted boolean not null,
    text_version text,
    registration_id uuid not null,
    at timestamptz not null,
    primary key (person_id, purpose, at, registration_id)
  );

  create table enrolments (
    registration_id uuid not null references registrations (id),
    session_id uuid not null references sessions (id),
    at timestamptz not null,
    primary key (registration_id, session_id)
  );
`;

const SNAPSHOTS = `
  create function iso(at timestamptz) returns text language sql stable parallel safe
  return to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"');

  create function registration_snapshots(ids uuid[]) returns table (
    key uuid, version integer, person_id uuid, event_id uuid, snapshot json
  ) language sql stable rows 64 as $$
    select r.id, r.version, r.person_id, r.event_id, json_strip_nulls(json_build_object(
      'id', r.id, 'personId', r.person_id,
      'event', json_build_object('id', e.id, 'slug', e.slug, 'name', e.name, 'startsAt', iso(e.starts_at),
                                 'endsAt', iso(e.ends_at), 'timeZone', e.time_zone),
      'status', r.status, 'position', r.waitlist_number, 'version', r.version, 'attendee', r.attendee,
      'answers', r.answers, 'consents', c.list, 'sessions', s.codes, 'source', r.source,
      'createdAt', iso(r.created_at), 'updatedAt', iso(r.updated_at)))
      from unnest(ids) as i (id)
      join registrations r on r.id = i.id
      join events e on e.id = r.event_id
      cross join lateral (
        select coalesce(json_agg(json_build_object('purpose', l.purpose, 'granted', l.granted,
                                                   'textVersion', l.text_version, 'at', iso(l.at)) order by l.purpose), '[]') as list
          from (select distinct on (c.purpose) c.* from consents c
                 where c.person_id = r.person_id and c.registration_id = r.id order by c.purpose, c.at desc) l) c
      cross join lateral (
        select coalesce(json_agg(s.code order by s.code), '[]') as codes
          from enrolments n join sessions s on s.id = n.session_id where n.registration_id = r.id) s
  $$;

  create function person_snapshots(ids uuid[]) returns table (key uuid, version integer, snapshot json)
  language sql stable rows 64 as $$
    select p.id, p.version, json_build_object(
      'person', json_strip_nulls(json_build_object(
        'id', p.id, 'email', p.details -> 'email', 'firstName', p.details -> 'firstName',
        'lastName', p.details -> 'lastName', 'company', p.details -> 'company', 'jobTitle', p.details -> 'jobTitle',
        'country', p.details -> 'country', 'phone', p.details -> 'phone', 'locale', p.details -> 'locale',
        'createdAt', iso(p.created_at))),
      'registrations', r.list, 'consents', c.list, 'attendance', '[]'::json)
      from unnest(ids) as i (id)
      join persons p on p.id = i.id
      cross join lateral (
        select coalesce(json_agg(json_build_object(
                 'id', r.id,
                 'event', json_build_object('id', e.id, 'slug', e.slug, 'name', e.name, 'startsAt', iso(e.starts_at),
                                            'endsAt', iso(e.ends_at), 'timeZone', e.time_zone),
                 'status', r.status, 'answers', r.answers, 'source', r.source,
                 'sessions', (select coalesce(json_agg(s.code order by s.code), '[]') from enrolments n
                                join sessions s on s.id = n.session_id where n.registration_id = r.id),
                 'createdAt', iso(r.created_at), 'updatedAt', iso(r.updated_at)) order by r.created_at, r.id), '[]') as list
          from registrations r join events e on e.id = r.event_id where r.person_id = p.id) r
      cross join lateral (
        select coalesce(json_agg(json_strip_nulls(json_build_object('purpose', l.purpose, 'granted', l.granted,
                                 'textVersion', l.text_version, 'at', iso(l.at))) order by l.purpose), '[]') as list
          from (select distinct on (c.purpose) c.* from consents c where c.person_id = p.id
                 order by c.purpose, c.at desc, c.registration_id desc) l) c
  $$;
`;

const APPEND = `
  -- The last statement of everything that changes registrations: each one's change, then its person's.
  create function append_registration_changes(ids uuid[], topics text[]) returns bigint language plpgsql as $$
  begin
    return (
      select append_changes(array_agg(c.stream order by c.n), array_agg(c.key order by c.n),
               array_agg(c.version order by c.n), array_agg(c.topic order by c.n),
               array_agg(c.person_id order by c.n), array_agg(c.event_id order by c.n),
               array_agg(c.registration_id order by c.n), array_agg(c.snapshot order by c.n))
        from (
          select 'registration' as stream, s.key, s.version, t.topic, s.person_id, s.event_id,
                 s.key as registration_id, s.snapshot, t.n
            from unnest(ids, topics) with ordinality as t (id, topic, n)
            join registration_snapshots(ids) s on s.key = t.id
          union all
          select 'person', p.key, p.version, 'person.updated', p.key, null, null, p.snapshot,
                 cardinality(ids) + row_number() over ()
            from person_snapshots(array(select distinct r.person_id from registrations r where r.id = any(ids))) p
        ) c);
  end $$;
`;

const REGISTER = `
  -- Decides and writes a batch of registrations in the order given. No two items share an e-mail or an
  -- idempotency key; an item that names sessions comes alone.
  create function register_batch(
    ids uuid[], event_ids uuid[], new_person_ids uuid[], email_keys text[], attendees jsonb[], answers json[],
    consents json[], session_codes json[], sources json[], form_versions integer[],
    scopes uuid[], idempotency_keys text[], body_hashes bytea[], at timestamptz
  ) returns table (
    n integer, outcome text, id uuid, status smallint, registration_status text, waitlist_number integer
  ) language plpgsql as $$
  #variable_conflict use_column
  declare
    outcomes text[];
    resources uuid[];
    remembered smallint[];
    numbers integer[];
    accepted integer[];
    person_ids uuid[];
  begin
    perform 1 from events e where e.id = any(event_ids) order by e.id for no key update;

    -- A new statement, which sees what others committed before we had the locks.
    select array_agg(d.outcome order by d.n), array_agg(d.resource order by d.n),
           array_agg(d.remembered order by d.n), array_agg(d.number order by d.n),
           array_agg(d.n order by d.n) filter (where d.outcome in ('confirmed', 'waitlisted'))
      into outcomes, resources, remembered, numbers, accepted
      from (
        select c.n::integer as n, c.resource, c.remembered,
               case when c.verdict <> 'candidate' then c.verdict
                    when c.capacity is null or (c.rank <= c.capacity - c.confirmed and c.waitlisted = 0) then 'confirmed'
                    when c.waitlist_capacity is null
                      or c.rank - greatest(c.capacity - c.confirmed, 0) <= c.waitlist_capacity - c.waitlisted then 'waitlisted'
                    else 'event-full' end as outcome,
               (c.waitlist_last + c.rank - case when c.waitlisted = 0 then greatest(c.capacity - c.confirmed, 0) else 0 end)::integer
                 as number
          from (
            select v.*, row_number() over (partition by v.event_id, v.verdict order by v.n) as rank
              from (
                select i.n, i.event_id, e.capacity, e.confirmed, e.waitlist_capacity, e.waitlisted, e.waitlist_last,
                       k.status as remembered, coalesce(k.resource_id, r.id) as resource,
                       case when k.key is not null and k.body_hash = i.body_hash then 'replayed'
                            when k.key is not null then 'idempotency-key-reused'
                            when e.id is null or e.state = 'draft' then 'not-found'
                            when e.state = 'closed' or e.registration_opens_at > at or e.registration_closes_at <= at
                              then 'registration-closed'
                            when r.id is not null then 'already-registered'
                            when i.codes is not null and json_array_length(i.codes) > 0 and exists (
                              select 1 from json_array_elements_text(i.codes) as w (code)
                                left join sessions s on s.event_id = i.event_id and s.code = w.code
                               where s.id is null or s.seats_taken >= s.capacity) then 'session-full'
                            else 'candidate' end as verdict
                  from unnest(event_ids, email_keys, scopes, idempotency_keys, body_hashes, session_codes)
                       with ordinality as i (event_id, email_key, scope, key, body_hash, codes, n)
                  left join lateral (select * from events e where e.id = i.event_id limit 1) e on true
                  left join lateral (select * from idempotency_keys k
                                      where k.scope = i.scope and k.key = i.key limit 1) k on i.key is not null
                  left join lateral (select r.id from registrations r
                                      where r.event_id = i.event_id and r.email_key = i.email_key
                                        and r.status in ('pending', 'confirmed', 'waitlisted', 'offered')
                                      limit 1) r on true
              ) v
          ) c
      ) d;

    if accepted is not null then
      insert into persons as p (id, email_key, details, created_at, updated_at)
      select new_person_ids[a.n], email_keys[a.n], attendees[a.n], at, at
        from unnest(accepted) as a (n) order by email_keys[a.n]
      on conflict (email_key) do update
         set details = p.details || excluded.details, version = p.version + 1, updated_at = excluded.updated_at;

      select array_agg(p.id order by a.i) into person_ids
        from unnest(accepted) with ordinality as a (n, i)
        cross join lateral (select p.id from persons p where p.email_key = email_keys[a.n] limit 1) p;

      insert into registrations (id, event_id, person_id, email_key, status, waitlist_number, attendee, answers, source,
                                 form_version, created_at, updated_at)
      select ids[a.n], event_ids[a.n], person_ids[a.i], email_keys[a.n], outcomes[a.n],
             case when outcomes[a.n] = 'waitlisted' then numbers[a.n] end,
             attendees[a.n], answers[a.n], sources[a.n], form_versions[a.n], at, at
        from unnest(accepted) with ordinality as a (n, i);

      insert into consents (person_id, purpose, granted, text_version, registration_id, at)
      select person_ids[a.i], c.purpose, c.granted, c."textVersion", ids[a.n], at
        from unnest(accepted) with ordinality as a (n, i)
        cross join lateral json_to_recordset(consents[a.n]) as c (purpose text, granted boolean, "textVersion" text);

      if exists (select 1 from unnest(accepted) as a (n) where json_array_length(session_codes[a.n]) > 0) then
        insert into enrolments (registration_id, session_id, at)
        select distinct ids[a.n], s.id, at
          from unnest(accepted) as a (n)
          cross join lateral json_array_elements_text(session_codes[a.n]) as w (code)
          join sessions s on s.event_id = event_ids[a.n] and s.code = w.code;
        update sessions s set seats_taken = s.seats_taken + 1
         where s.id in (select e.session_id from enrolments e where e.registration_id = any(ids));
      end if;

      update events e
         set confirmed = e.confirmed + c.confirmed, waitlisted = e.waitlisted + c.waitlisted,
             waitlist_last = e.waitlist_last + c.waitlisted
        from (select event_ids[a.n] as event_id, count(*) filter (where outcomes[a.n] = 'confirmed') as confirmed,
                     count(*) filter (where outcomes[a.n] = 'waitlisted') as waitlisted
                from unnest(accepted) as a (n) group by event_ids[a.n]) c
       where e.id = c.event_id;
    end if;

    insert into idempotency_keys (scope, key, body_hash, resource_id, status, created_at)
    select scopes[o.n], idempotency_keys[o.n], body_hashes[o.n], coalesce(resources[o.n], ids[o.n]),
           case when o.outcome = 'already-registered' then 409 else 201 end, at
      from unnest(outcomes) with ordinality as o (outcome, n)
     where idempotency_keys[o.n] is not null and o.outcome in ('confirmed', 'waitlisted', 'already-registered')
    on conflict do nothing;

    return query
      select o.n::integer, o.outcome, coalesce(resources[o.n], ids[o.n]), remembered[o.n], r.status, r.waitlist_number
        from unnest(outcomes) with ordinality as o (outcome, n)
        left join lateral (select r.status, r.waitlist_number from registrations r
                            where r.id = coalesce(resources[o.n], ids[o.n]) limit 1) r on true;

    if accepted is not null then
      perform append_registration_changes(array(select ids[a.n] from unnest(accepted) as a (n)),
                                          array(select 'registration.' || outcomes[a.n] from unnest(accepted) as a (n)));
    end if;
  end $$;
`;

const CHANGE = `
  -- Locks the persons in their order and counts their versions up; before any registration is touched.
  create function touch_persons(ids uuid[], at timestamptz) returns void language sql as $$
    select 1 from persons p where p.id = any(ids) order by p.email_key for update;
    update persons p set version = p.version + 1, updated_at = at where p.id = any(ids);
  $$;

  -- Who is next on the waitlist. Under the event's lock, which every change of the waitlist takes.
  create function waitlist_heads(the_event uuid, places bigint) returns table (id uuid, person_id uuid)
  language sql stable as $$
    select r.id, r.person_id from registrations r
     where r.event_id = the_event and r.status = 'waitlisted' order by r.waitlist_number limit greatest(places, 0)
  $$;

  -- Cancels, gives the place to the head of the waitlist, says so in the log. Null where there is no such registration;
  -- again is no change.
  create function cancel_registration(the_id uuid, at timestamptz) returns boolean language plpgsql as $$
  declare
    the_event uuid;
    was text;
    promoted uuid[] := '{}';
    persons uuid[];
  begin
    select r.event_id into the_event from registrations r where r.id = the_id;
    if the_event is null then
      return null;
    end if;
    perform 1 from events e where e.id = the_event for no key update;
    select r.status, array[r.person_id] into was, persons from registrations r where r.id = the_id;
    if was in ('cancelled', 'erased') then
      return false;
    end if;
    if was in ('confirmed', 'pending', 'offered') then
      select coalesce(array_agg(h.id), '{}'), persons || coalesce(array_agg(h.person_id), '{}')
        into promoted, persons
        from events e cross join lateral waitlist_heads(e.id, coalesce(e.capacity - (e.confirmed - 1), 1)) h
       where e.id = the_event;
    end if;
    perform touch_persons(persons, at);
    update registrations r set status = 'cancelled', waitlist_number = null, version = r.version + 1, updated_at = at
     where r.id = the_id;
    update registrations r set status = 'confirmed', waitlist_number = null, version = r.version + 1, updated_at = at
     where r.id = any(promoted);
    update sessions s set seats_taken = s.seats_taken - 1
      from enrolments n where n.registration_id = the_id and s.id = n.session_id;
    delete from enrolments n where n.registration_id = the_id;
    update events e
       set confirmed = e.confirmed - (was <> 'waitlisted')::integer + cardinality(promoted),
           waitlisted = e.waitlisted - (was = 'waitlisted')::integer - cardinality(promoted)
     where e.id = the_event;
    perform append_registration_changes(the_id || promoted,
      'registration.cancelled'::text || array_fill('registration.promoted'::text, array[cardinality(promoted)]));
    return true;
  end $$;

  -- Writes what an amendment made of a registration, if it still has the version that was amended.
  create function amend_registration(
    the_id uuid, the_version integer, new_attendee jsonb, new_answers json, new_consents json, at timestamptz
  ) returns text language plpgsql as $$
  declare
    the_person uuid;
    found_version integer;
    found_status text;
  begin
    select r.person_id into the_person from registrations r where r.id = the_id;
    if the_person is null then
      return 'not-found';
    end if;
    perform 1 from persons p where p.id = the_person for update;
    select r.version, r.status into found_version, found_status from registrations r where r.id = the_id for update;
    if found_status in ('cancelled', 'erased') then
      return 'gone';
    end if;
    if found_version <> the_version then
      return 'stale';
    end if;
    update persons p
       set details = case when new_attendee is null then p.details else (p.details || new_attendee) end,
           version = p.version + 1, updated_at = at
     where p.id = the_person;
    update registrations r
       set attendee = coalesce(new_attendee, r.attendee), answers = coalesce(new_answers, r.answers),
           version = r.version + 1, updated_at = at
     where r.id = the_id;
    insert into consents (person_id, purpose, granted, text_version, registration_id, at)
    select the_person, c.purpose, c.granted, c."textVersion", the_id, at
      from json_to_recordset(new_consents) as c (purpose text, granted boolean, "textVersion" text);
    perform append_registration_changes(array[the_id], array['registration.updated']);
    return 'amended';
  end $$;

  -- Fills places that an operator added from the waitlist, in its order. The event's row is locked by the caller.
  create function raise_capacity(the_event uuid, at timestamptz) returns integer language plpgsql as $$
  declare
    promoted uuid[];
    persons uuid[];
  begin
    select coalesce(array_agg(h.id), '{}'), coalesce(array_agg(h.person_id), '{}') into promoted, persons
      from events e cross join lateral waitlist_heads(e.id, coalesce(e.capacity - e.confirmed, e.waitlisted)) h
     where e.id = the_event;
    if cardinality(promoted) = 0 then
      return 0;
    end if;
    perform touch_persons(persons, at);
    update registrations r set status = 'confirmed', waitlist_number = null, version = r.version + 1, updated_at = at
     where r.id = any(promoted);
    update events e set confirmed = e.confirmed + cardinality(promoted), waitlisted = e.waitlisted - cardinality(promoted)
     where e.id = the_event;
    perform append_registration_changes(promoted,
      array_fill('registration.promoted'::text, array[cardinality(promoted)]));
    return cardinality(promoted);
  end $$;
`;
