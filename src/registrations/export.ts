import type pg from 'pg';

/** Everything that is held about the person of a registration, at all events, from one snapshot. */
const EXPORT = `
  with me as (select person_id from registrations where id = $1), mine as (
    select r.id from registrations r join me on me.person_id = r.person_id
  )
  select
    (select s.snapshot -> 'person' from me cross join lateral person_snapshots(array[me.person_id]) s) as person,
    (select coalesce(json_agg(s.snapshot order by s.snapshot ->> 'createdAt'), '[]')
       from registration_snapshots(array(select id from mine)) s) as registrations,
    (select coalesce(json_agg(json_build_object('registration', c.registration_id, 'purpose', c.purpose,
        'granted', c.granted, 'textVersion', c.text_version, 'at', iso_time(c.at)) order by c.at), '[]')
       from consents c join me on me.person_id = c.person_id) as consents,
    (select coalesce(json_agg(s.snapshot -> 'attendance' order by s.key), '[]')
       from attendance_snapshots(array(select a.id from attendance a join me on me.person_id = a.person_id)) s
    ) as attendance,
    (select coalesce(json_agg(s.snapshot -> 'interaction' order by s.snapshot -> 'interaction' ->> 'at'), '[]')
       from interaction_snapshots(array(select i.id from interactions i join me on me.person_id = i.person_id)) s
    ) as interactions,
    (select coalesce(json_agg(json_build_object('registration', s.registration_id, 'source', s.source,
        'type', s.type, 'at', iso_time(s.at), 'until', iso_time(s.until), 'data', s.data) order by s.at), '[]')
       from signals s where s.registration_id in (select id from mine)) as signals,
    (select coalesce(json_agg(json_build_object('mapping', d.mapping, 'record', d.key, 'state', d.state,
        'targetId', d.target_id, 'fields', d.shadow::json, 'at', iso_time(d.updated_at)) order by d.mapping, d.key), '[]')
       from deliveries d where d.sent and d.key in (
         select person_id from me union all select id from mine
         union all select a.id from attendance a join me on me.person_id = a.person_id
         union all select i.id from interactions i join me on me.person_id = i.person_id)) as deliveries,
    (select coalesce(json_agg(json_build_object('url', e.url, 'topic', m.topic, 'state', m.state,
        'at', iso_time(m.updated_at)) order by m.seq), '[]')
       from messages m join webhook_endpoints e on e.id = m.endpoint
      where m.registration_id in (select id from mine)) as messages`;

export interface PersonExport {
  readonly person: object;
  readonly registrations: readonly object[];
  /** Every act of consenting and refusing. */
  readonly consents: readonly object[];
  readonly attendance: readonly object[];
  readonly interactions: readonly object[];
  /** As platforms told them. */
  readonly signals: readonly object[];
  /** What is known to stand at which backend. */
  readonly deliveries: readonly object[];
  /** To which webhooks something was sent. */
  readonly messages: readonly object[];
}

export async function exportPerson(pool: pg.Pool, registration: string): Promise<PersonExport> {
  const { rows } = await pool.query<PersonExport>(EXPORT, [registration]);
  return rows[0]!;
}
