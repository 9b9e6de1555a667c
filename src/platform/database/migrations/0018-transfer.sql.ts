/**
 * A place given on to somebody else. The registration, its sessions and its place on the waitlist stay; answers,
 * consents and the manage token were the other person's, and end. Locks: the event, both persons by e-mail, the
 * registration.
 */
export const TRANSFER_SQL = `
  -- transferred, repeated, reused, stale, cancelled, already, over, attended or unknown. A null version: whichever.
  create function transfer_registration(
    p_id uuid, p_version integer, p_at timestamptz, p_person_id uuid, p_email_key text, p_attendee json,
    p_scope uuid, p_key text, p_hash bytea, p_keep interval
  ) returns text language plpgsql as $$
  declare
    v_registration registrations;
    v_event events;
    v_old persons;
    v_new uuid;
    v_known idempotency_keys;
  begin
    select * into v_registration from registrations where id = p_id;
    if not found then
      return 'unknown';
    end if;
    select * into v_event from events where id = v_registration.event_id for no key update;
    select * into v_known from idempotency_keys
    where scope = p_scope and key = p_key and created_at > p_at - p_keep;
    if found then
      return case when v_known.body_hash = p_hash then 'repeated' else 'reused' end;
    end if;
    select * into v_registration from registrations where id = p_id;
    if p_version is not null and v_registration.version <> p_version then
      return 'stale';
    end if;
    if v_registration.status in ('cancelled', 'erased') then
      return 'cancelled';
    end if;
    if p_at >= v_event.ends_at then
      return 'over';
    end if;
    if exists (select from attendance where registration_id = p_id and status = 'attended') then
      return 'attended';
    end if;
    if exists (select from registrations r join persons p on p.id = r.person_id
               where p.email_key = p_email_key and r.event_id = v_event.id and r.status not in ('cancelled', 'erased')) then
      return 'already';
    end if;

    select * into v_old from persons where id = v_registration.person_id;
    perform from persons where email_key in (v_old.email_key, p_email_key) order by email_key for no key update;
    insert into persons as p (id, email_key, email, first_name, last_name, company, job_title, country, phone, locale,
                              version, created_at, updated_at)
    values (p_person_id, p_email_key, p_attendee ->> 'email', p_attendee ->> 'firstName', p_attendee ->> 'lastName',
            p_attendee ->> 'company', p_attendee ->> 'jobTitle', p_attendee ->> 'country', p_attendee ->> 'phone',
            p_attendee ->> 'locale', 1, p_at, p_at)
    on conflict (email_key) do update set
      email = excluded.email, first_name = excluded.first_name, last_name = excluded.last_name,
      company = coalesce(excluded.company, p.company), job_title = coalesce(excluded.job_title, p.job_title),
      country = coalesce(excluded.country, p.country), phone = coalesce(excluded.phone, p.phone),
      locale = coalesce(excluded.locale, p.locale), version = p.version + 1, updated_at = p_at
    returning id into v_new;

    perform from registrations where id = p_id for no key update;
    update registrations set person_id = v_new, attendee = p_attendee, answers = '{}', form_version = null,
      generation = generation + 1, version = version + 1, updated_at = p_at
    where id = p_id;
    delete from consents where registration_id = p_id;
    delete from attendance where registration_id = p_id;
    update persons set version = version + 1, updated_at = p_at where id = v_old.id;
    if p_key is not null then
      insert into idempotency_keys (scope, key, body_hash, resource_id, status, created_at)
      values (p_scope, p_key, p_hash, p_id, 200, p_at)
      on conflict (scope, key) do update set body_hash = excluded.body_hash, resource_id = excluded.resource_id,
        status = excluded.status, created_at = excluded.created_at;
    end if;
    perform append_person_changes(array[v_old.id]);
    perform append_registration_changes(array[p_id], array['registration.transferred']);
    return 'transferred';
  end $$;
`;
