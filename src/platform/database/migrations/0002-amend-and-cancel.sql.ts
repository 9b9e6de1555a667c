/**
 * Places given back, places given on, details mended. Promotion happens in the transaction that frees the place, so
 * nobody new can slip in before the head of the waitlist.
 */
export const AMEND_AND_CANCEL_SQL = `
  -- Cancels these registrations of the event and promotes as many from its waitlist as now fit.
  create function release_places(p_event uuid, p_cancel uuid[], p_at timestamptz) returns uuid[]
  language plpgsql as $$
  declare
    v_event events;
    v_cancel uuid[];
    v_freed integer;
    v_left integer;
    v_promote uuid[] := '{}';
    v_changed uuid[];
  begin
    select * into v_event from events where id = p_event for no key update;

    select coalesce(array_agg(id), '{}'), count(*) filter (where status = 'confirmed'),
           count(*) filter (where status = 'waitlisted')
    into v_cancel, v_freed, v_left
    from registrations
    where id = any (p_cancel) and (event_id = p_event) is true and status not in ('cancelled', 'erased');

    if p_at < v_event.ends_at then
      v_promote := array(
        select id from registrations
        where event_id = p_event and status = 'waitlisted' and id <> all (v_cancel)
        order by waitlist_number
        limit case when v_event.capacity is not null
                   then greatest(v_event.capacity - v_event.confirmed + v_freed, 0) end);
    end if;
    v_changed := v_cancel || v_promote;
    if cardinality(v_changed) = 0 then
      return v_promote;
    end if;

    perform from persons where id in (select person_id from registrations where id = any (v_changed))
      order by email_key for no key update;
    perform from registrations where id = any (v_changed) order by id for no key update;

    with gone as (
      delete from enrolments where registration_id = any (v_cancel) returning session_id, seated
    )
    update sessions s set seats_taken = s.seats_taken - g.n
    from (select session_id, count(*) as n from gone where seated group by session_id) g
    where s.id = g.session_id;

    -- A wish becomes a seat where one is left, in the order of the waitlist.
    with wish as materialized (
      select n.registration_id, n.session_id,
             s.capacity is null or s.seats_taken + row_number() over (partition by s.id order by r.waitlist_number)
               <= s.capacity as fits
      from enrolments n join sessions s on s.id = n.session_id join registrations r on r.id = n.registration_id
      where n.registration_id = any (v_promote)
    ), kept as (
      update enrolments n set seated = true from wish w
      where w.fits and n.registration_id = w.registration_id and n.session_id = w.session_id
    ), lost as (
      delete from enrolments n using wish w
      where not w.fits and n.registration_id = w.registration_id and n.session_id = w.session_id
    )
    update sessions s set seats_taken = s.seats_taken + t.n
    from (select session_id, count(*) as n from wish where fits group by session_id) t
    where s.id = t.session_id;

    update registrations
    set status = case when id = any (v_cancel) then 'cancelled' else 'confirmed' end,
        waitlist_number = null, version = version + 1, updated_at = p_at
    where id = any (v_changed);
    update persons set version = version + 1, updated_at = p_at
    where id in (select person_id from registrations where id = any (v_changed));
    update events set confirmed = confirmed - v_freed + cardinality(v_promote),
                      waitlisted = waitlisted - v_left - cardinality(v_promote)
    where id = p_event;

    perform append_registration_changes(v_changed,
      array_fill('registration.cancelled'::text, array[cardinality(v_cancel)])
        || array_fill('registration.promoted'::text, array[cardinality(v_promote)]));
    return v_promote;
  end $$;

  create function cancel_registration(p_id uuid, p_at timestamptz) returns boolean language plpgsql as $$
  declare
    v_event uuid;
  begin
    select event_id into v_event from registrations where id = p_id;
    if not found then
      return false;
    end if;
    perform release_places(v_event, array[p_id], p_at);
    return true;
  end $$;

  -- Returns amended, stale, cancelled, session-full or unknown. A null list of sessions leaves them as they are.
  create function amend_registration(
    p_id uuid, p_version integer, p_at timestamptz, p_attendee json, p_answers json, p_form_version integer,
    p_purposes text[], p_granted boolean[], p_text_versions text[], p_session_ids uuid[]
  ) returns text language plpgsql as $$
  declare
    v_registration registrations;
    v_seated boolean;
  begin
    select * into v_registration from registrations where id = p_id;
    if not found then
      return 'unknown';
    end if;
    perform from events where id = v_registration.event_id for no key update;
    perform from persons where id = v_registration.person_id for no key update;
    select * into v_registration from registrations where id = p_id for no key update;
    if v_registration.version <> p_version then
      return 'stale';
    end if;
    if v_registration.status in ('cancelled', 'erased') then
      return 'cancelled';
    end if;
    v_seated := v_registration.status = 'confirmed';

    if p_session_ids is not null then
      if v_seated and exists (
        select from sessions s where s.id = any (p_session_ids) and s.seats_taken >= s.capacity
          and not exists (select from enrolments n where n.registration_id = p_id and n.session_id = s.id)) then
        return 'session-full';
      end if;
      with gone as (
        delete from enrolments where registration_id = p_id and session_id <> all (p_session_ids)
        returning session_id, seated
      ), come as (
        insert into enrolments (registration_id, session_id, seated, created_at)
        select p_id, c.id, v_seated, p_at from unnest(p_session_ids) c (id)
        on conflict do nothing returning session_id, seated
      )
      update sessions s set seats_taken = s.seats_taken + t.n
      from (select session_id, sum(n) as n
            from (select session_id, -1 as n from gone where seated
                  union all select session_id, 1 from come where seated) m
            group by session_id) t
      where s.id = t.session_id;
    end if;

    update persons set
      email = p_attendee ->> 'email', first_name = p_attendee ->> 'firstName', last_name = p_attendee ->> 'lastName',
      company = p_attendee ->> 'company', job_title = p_attendee ->> 'jobTitle', country = p_attendee ->> 'country',
      phone = p_attendee ->> 'phone', locale = p_attendee ->> 'locale', version = version + 1, updated_at = p_at
    where id = v_registration.person_id;
    update registrations set attendee = p_attendee, answers = p_answers, form_version = p_form_version,
      version = version + 1, updated_at = p_at
    where id = p_id;
    insert into consents (person_id, registration_id, purpose, granted, text_version, at)
    select v_registration.person_id, p_id, c.purpose, c.granted, c.text_version, p_at
    from unnest(p_purposes, p_granted, p_text_versions) c (purpose, granted, text_version);

    perform append_registration_changes(array[p_id], array['registration.updated']);
    return 'amended';
  end $$;
`;
