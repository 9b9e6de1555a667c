import type pg from 'pg';
import type { Report, ReportTable } from './report.js';

// One long table, so that both halves come from one snapshot and fit one spreadsheet.
const QUERY = `
  select 'registrations' as section, e.slug as name, r.status as measure, count(*)::int as value
    from registrations r join events e on e.id = r.event_id
   where $1::uuid is null or e.id = $1
   group by e.slug, r.status
  union all
  select 'ledger', m.name, s.key, s.value::int
    from mappings m, lateral mapping_ledger(m.name) l, lateral json_each_text(l.states) s
  union all
  select 'ledger', m.name, c.measure, c.value::int
    from mappings m, lateral mapping_ledger(m.name) l,
         lateral (values ('records', l.records), ('unaccounted', l.unaccounted), ('changes', l.total),
                         ('changes settled', l.settled), ('changes superseded', l.superseded),
                         ('changes waiting', l.waiting)) c (measure, value)
  order by 1 desc, 2, 3`;

async function query(client: pg.ClientBase, eventId: string | null): Promise<ReportTable> {
  const { rows } = await client.query<[string, string, string, number]>({
    text: QUERY,
    values: [eventId],
    rowMode: 'array',
  });
  return { columns: ['section', 'name', 'measure', 'value'], rows };
}

/** How many registrations each event has by status, and the conservation ledger of every mapping. */
export const registrationsAndLedger: Report = {
  name: 'registrations-and-ledger',
  title: 'Registrations by status, and the ledger of each mapping',
  query,
};
