/**
 * The appending of what 0009 brought: each function is the last statement of the transaction that changed the records.
 *
 * Attendance carries its person and their consents, so it is a new version whenever these change: a consent that is
 * withdrawn must reach it. Persons of version 1 were made in this very transaction and have none; they are not asked.
 */
export const ACTIVITY_CHANGES_SQL = `
  create function append_event_changes(ids uuid[], p_topic text) returns bigint language plpgsql as $$
  declare
    v_keys uuid[];
    v_versions integer[];
    v_snapshots json[];
    v_none uuid[];
  begin
    select array_agg(s.key), array_agg(s.version), array_agg(s.snapshot) into v_keys, v_versions, v_snapshots
    from event_snapshots(ids) s;
    v_none := array_fill(null::uuid, array[coalesce(cardinality(v_keys), 0)]);
    return append_changes(array_fill('event'::text, array[cardinality(v_none)]), coalesce(v_keys, '{}'), v_versions,
      array_fill(p_topic, array[cardinality(v_none)]), v_none, v_keys, v_none, v_snapshots);
  end $$;

  create function append_session_changes(ids uuid[], p_topic text) returns bigint language plpgsql as $$
  declare
    v_keys uuid[];
    v_versions integer[];
    v_events uuid[];
    v_snapshots json[];
    v_none uuid[];
  begin
    select array_agg(s.key), array_agg(s.version), array_agg(s.event_id), array_agg(s.snapshot)
    into v_keys, v_versions, v_events, v_snapshots
    from session_snapshots(ids) s;
    v_none := array_fill(null::uuid, array[coalesce(cardinality(v_keys), 0)]);
    return append_changes(array_fill('session'::text, array[cardinality(v_none)]), coalesce(v_keys, '{}'), v_versions,
      array_fill(p_topic, array[cardinality(v_none)]), v_none, v_events, v_none, v_snapshots);
  end $$;

  create function append_person_changes(ids uuid[]) returns bigint language plpgsql as $$
  declare
    v_keys uuid[];
    v_versions integer[];
    v_snapshots json[];
    v_none uuid[];
  begin
    select array_agg(s.key), array_agg(s.version), array_agg(s.snapshot) into v_keys, v_versions, v_snapshots
    from person_snapshots(ids) s;
    v_none := array_fill(null::uuid, array[coalesce(cardinality(v_keys), 0)]);
    return append_changes(array_fill('person'::text, array[cardinality(v_none)]), coalesce(v_keys, '{}'), v_versions,
      array_fill('person.updated'::text, array[cardinality(v_none)]), v_keys, v_none, v_none, v_snapshots);
  end $$;

  -- Attendance, then interactions, in the order in which they are given.
  create function append_activity_changes(p_attendance uuid[], p_topic text, p_interactions uuid[]) returns bigint
  language plpgsql as $$
  declare
    v_keys uuid[];
    v_versions integer[];
    v_streams text[];
    v_persons uuid[];
    v_events uuid[];
    v_registrations uuid[];
    v_snapshots json[];
  begin
    select array_agg(s.stream order by s.n), array_agg(s.key order by s.n), array_agg(s.version order by s.n),
           array_agg(s.person_id order by s.n), array_agg(s.event_id order by s.n),
           array_agg(s.registration_id order by s.n), array_agg(s.snapshot order by s.n)
    into v_streams, v_keys, v_versions, v_persons, v_events, v_registrations, v_snapshots
    from (
      select 'attendance' as stream, a.*, array_position(p_attendance, a.key) as n from attendance_snapshots(p_attendance) a
      union all
      select 'interaction', i.*, cardinality(p_attendance) + array_position(p_interactions, i.key)
      from interaction_snapshots(p_interactions) i
    ) s;
    return append_changes(v_streams, coalesce(v_keys, '{}'), v_versions,
      array(select case s when 'attendance' then p_topic else 'interaction.recorded' end
            from unnest(v_streams) with ordinality as u (s, n) order by n),
      v_persons, v_events, v_registrations, v_snapshots);
  end $$;

  -- The last statement of whatever changed these registrations: theirs and their persons' changes, and those of the
  -- attendance that carries them. Signals that waited for somebody to register find them here.
  create or replace function append_registration_changes(ids uuid[], topics text[]) returns bigint
  language plpgsql set plan_cache_mode = 'force_generic_plan' as $$
  declare
    v_keys uuid[];
    v_versions integer[];
    v_topics text[];
    v_persons uuid[];
    v_events uuid[];
    v_snapshots json[];
    v_people uuid[];
    v_people_versions integer[];
    v_people_snapshots json[];
    v_activity activity_outcome;
    v_known uuid[];
    v_refreshed uuid[];
    v_seq bigint;
  begin
    select array_agg(s.key), array_agg(s.version), array_agg(topics[array_position(ids, s.key)]),
           array_agg(s.person_id), array_agg(s.event_id), array_agg(s.snapshot)
    into v_keys, v_versions, v_topics, v_persons, v_events, v_snapshots
    from registration_snapshots(ids) s;

    if exists (select from signals w where w.event_id = any (v_events) and w.registration_id is null) then
      v_activity := resolve_signals(ids);
    end if;

    select array_agg(s.key), array_agg(s.version), array_agg(s.snapshot)
    into v_people, v_people_versions, v_people_snapshots
    from person_snapshots(array(select distinct person from unnest(v_persons) person)) s;
    v_known := array(select k.id from unnest(v_people, v_people_versions) k (id, version) where k.version > 1);
    if cardinality(v_known) > 0 then
      v_refreshed := refresh_attendance(v_known, coalesce(v_activity.attendance, '{}'));
    end if;

    v_seq := append_changes(
      array_fill('registration'::text, array[cardinality(v_keys)])
        || array_fill('person'::text, array[cardinality(v_people)]),
      v_keys || v_people,
      v_versions || v_people_versions,
      v_topics || array_fill('person.updated'::text, array[cardinality(v_people)]),
      v_persons || v_people,
      v_events || array_fill(null::uuid, array[cardinality(v_people)]),
      v_keys || array_fill(null::uuid, array[cardinality(v_people)]),
      v_snapshots || v_people_snapshots);
    if v_activity.attendance is not null then
      v_seq := append_activity_changes(v_activity.attendance, 'attendance.changed', v_activity.interactions);
    end if;
    if v_refreshed is not null then
      v_seq := append_activity_changes(v_refreshed, 'attendance.refreshed', '{}');
    end if;
    return v_seq;
  end $$;
`;
