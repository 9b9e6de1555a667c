/**
 * Erasure reaches every copy, in one transaction: rows, what was derived from them, signals and hooks, idempotency
 * records, plans, the log's snapshots and the shadows. What stays are rows without a person, so that counts and the
 * ledger still add up. Living places are freed first, and go to the head of each waitlist.
 *
 * The last versions go out to the destinations as any change does: what was sent is withdrawn as \`whenNot\` says, and
 * the delivery ends as erased, which takes its shadow and key with it.
 */
export const ERASE_PERSON_SQL = `
  create function erase_person(p_registration uuid, p_at timestamptz) returns text language plpgsql as $$
  declare
    v_person uuid;
    v_email text;
    v_event uuid;
    v_registrations uuid[];
    v_attendance uuid[];
    v_interactions uuid[];
    v_keys uuid[];
  begin
    select r.person_id, p.email_key into v_person, v_email
    from registrations r join persons p on p.id = r.person_id where r.id = p_registration;
    if not found then
      return 'unknown';
    end if;
    perform from events where id in (select event_id from registrations where person_id = v_person)
      order by id for no key update;
    for v_event in
      select event_id from registrations
      where person_id = v_person and status not in ('cancelled', 'erased') order by event_id
    loop
      perform release_places(v_event,
        array(select id from registrations where person_id = v_person and event_id = v_event), p_at);
    end loop;
    perform from persons where id = v_person for no key update;
    perform from registrations where person_id = v_person order by id for no key update;
    if exists (select from persons where id = v_person and erased_at is not null) then
      return 'erased';
    end if;
    if not exists (select from registrations where id = p_registration and person_id = v_person) then
      -- It was given on to somebody else in between: begin again.
      raise exception 'the registration was transferred' using errcode = '40001';
    end if;
    v_registrations := array(select id from registrations where person_id = v_person);
    v_attendance := array(select id from attendance where person_id = v_person);
    v_interactions := array(select id from interactions where person_id = v_person);
    v_keys := v_person || v_registrations || v_attendance || v_interactions;

    delete from enrolments where registration_id = any (v_registrations);
    delete from consents where person_id = v_person or registration_id = any (v_registrations);
    delete from signals where registration_id = any (v_registrations);
    delete from signals where registration_id is null and (email_key = v_email or (event_id, source, external_id) in (
      select x.event_id, x.source, x.external_id from external_ids x where x.email_key = v_email));
    delete from external_ids where email_key = v_email;
    delete from idempotency_keys where resource_id = any (v_registrations);
    delete from mails where registration_id = any (v_registrations);
    delete from redeliveries where key = any (v_keys);
    update plan_records set known = null where key = any (v_keys) and known is not null;
    update platform_hooks set body = null, state = 'kept', reason = 'erased'
    where body is not null and strpos(lower(body), v_email) > 0;
    update interactions set data = null, until = null where id = any (v_interactions);
    update attendance set mode = null, first_seen_at = null, last_seen_at = null, seconds = 0
    where id = any (v_attendance);
    update registrations set status = 'erased', attendee = '{}', answers = '{}', source = null,
      waitlist_number = null, version = version + 1, updated_at = p_at
    where id = any (v_registrations);
    update persons set email_key = 'erased:' || id, email = '', first_name = '', last_name = '', company = null,
      job_title = null, country = null, phone = null, locale = null, erased_at = p_at, version = version + 1,
      updated_at = p_at
    where id = v_person;

    perform append_registration_changes(v_registrations,
      array_fill('registration.erased'::text, array[cardinality(v_registrations)]));

    update changes c set snapshot = s.snapshot from registration_snapshots(v_registrations) s
    where c.key = s.key and c.stream = 'registration';
    update changes c set snapshot = s.snapshot from person_snapshots(array[v_person]) s
    where c.key = s.key and c.stream = 'person';
    update changes c set snapshot = s.snapshot from attendance_snapshots(v_attendance) s
    where c.key = s.key and c.stream = 'attendance';
    update changes c set snapshot = s.snapshot from interaction_snapshots(v_interactions) s
    where c.key = s.key and c.stream = 'interaction';

    -- What was appended somewhere stays there and is counted as erased here; what was not yet, has lost its consent.
    update deliveries set shadow = null where key = any (v_keys);
    update deliveries set state = 'erased', next_attempt_at = null
    where key = any (v_interactions) and state not in ('pending', 'sending', 'retrying', 'inDoubt');
    return 'done';
  end $$;

  create function forget_shadow() returns trigger language plpgsql as $$
  begin
    new.shadow := null;
    new.target_key := null;
    return new;
  end $$;
  create trigger deliveries_forget before update on deliveries
    for each row when (new.state = 'erased' and (new.shadow is not null or new.target_key is not null))
    execute function forget_shadow();
`;
