/** The ledger of 0007, with the records of every stream. */
export const LEDGER_OF_STREAMS_SQL = `
  create or replace function mapping_ledger(the_mapping text) returns table (
    as_of timestamptz, stream text, states json, records bigint, unaccounted bigint,
    total bigint, settled bigint, superseded bigint, waiting bigint, oldest_open_at timestamptz
  ) language sql stable as $$
    with lane as materialized (
      select l.lane, l.lanes, l.stream, l.cursor, l.settled, l.superseded from lanes l where l.mapping = the_mapping
    ), named as (
      select max(lane.stream) as stream from lane
    ), record as (
      select p.id as key from persons p, named where named.stream = 'person'
      union all
      select r.id from registrations r, named where named.stream = 'registration'
      union all
      select e.id from events e, named where named.stream = 'event'
      union all
      select s.id from sessions s, named where named.stream = 'session'
      union all
      select a.id from attendance a, named where named.stream = 'attendance'
      union all
      select i.id from interactions i, named where named.stream = 'interaction'
    ), under_way as materialized (
      select distinct unnest(i.keys) as key from intents i where i.mapping = the_mapping
    ), unread as materialized (
      select c.key, c.version, c.at
        from named, changes c
        join lane l on c.slot % l.lanes = l.lane
       where c.stream = named.stream and c.seq > (select min(lane.cursor) from lane) and c.seq > l.cursor
    ), standing as (
      select case when u.key is not null then 'sending'
                  when d.key is not null then d.state
                  when n.key is not null then 'pending'
                  else 'unaccounted' end as state
        from record r
        left join deliveries d on d.mapping = the_mapping and d.key = r.key
        left join under_way u on u.key = r.key
        left join (select distinct unread.key from unread) n on n.key = r.key
    ), counted as (
      select s.state, count(*) as n from standing s group by s.state
    ), open as (
      select c.version, c.at
        from unread c left join deliveries d on d.mapping = the_mapping and d.key = c.key
       where c.version > coalesce(d.version, 0)
      union all
      select c.version, c.at
        from named, deliveries d
        join lane l on d.slot % l.lanes = l.lane
        join changes c on c.key = d.key and c.version > d.version and c.seq <= l.cursor
       where d.mapping = the_mapping and d.wanted > d.version and c.stream = named.stream
    )
    select clock_timestamp(), named.stream,
           (select coalesce(json_object_agg(c.state, c.n) filter (where c.state <> 'unaccounted'), '{}')
              from counted c),
           (select count(*) from record),
           (select coalesce(sum(c.n), 0)::bigint from counted c where c.state = 'unaccounted'),
           (select count(*) from changes c where c.stream = named.stream),
           (select coalesce(sum(lane.settled), 0)::bigint from lane),
           (select coalesce(sum(lane.superseded), 0)::bigint from lane),
           (select count(*) from open),
           (select min(open.at) from open)
      from named
  $$;
`;
