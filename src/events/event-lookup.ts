import { Inject, Injectable } from '@nestjs/common';
import type pg from 'pg';
import { CLOCK, type Clock } from '../platform/clock.js';
import { PG_POOL } from '../platform/database/database.module.js';
import { EVENT_COLUMNS, type EventRow } from './event.js';
import { compileForm, type ConsentText, type Form, NO_QUESTIONS } from './form.js';

const FRESH_MS = 1_000;
const EVENTS_CACHED_MAX = 2_000;
const FORMS_CACHED_MAX = 500;

const COLUMNS = EVENT_COLUMNS.replace(/\b(\w+)\b/g, 'e.$1');

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const SLUG = /^[a-z0-9-]{1,80}$/;

/** What a registration is checked against before the database decides. */
export interface KnownEvent {
  readonly event: EventRow;
  readonly form: Form;
  /** Session ids by code, in the order of the agenda. */
  readonly sessions: ReadonlyMap<string, string>;
}

interface Row extends EventRow {
  readonly form_version: number | null;
  readonly schema: Record<string, unknown> | null;
  readonly consents: ConsentText[] | null;
  /** A list, for the names of an object lose their order where they are numbers. */
  readonly sessions: [code: string, id: string][];
}

/** Finds events by id or slug. What it remembers is at most a second old and never decides about a place. */
@Injectable()
export class EventLookup {
  private readonly known = new Map<string, { found: Promise<KnownEvent | null>; until: number }>();
  private readonly forms = new Map<string, Form>();

  constructor(
    @Inject(PG_POOL) private readonly pool: pg.Pool,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** Null where there is none that people may see: unknown, or a draft. That is always asked anew. */
  async open(event: string): Promise<KnownEvent | null> {
    const now = this.clock.now().getTime();
    const cached = this.known.get(event);
    if (cached && cached.until > now) return cached.found;
    const found = this.read(event);
    if (this.known.size >= EVENTS_CACHED_MAX) this.known.clear();
    this.known.set(event, { found, until: now + FRESH_MS });
    const forget = (): void => void this.known.delete(event);
    const result = await found.catch((error: unknown) => {
      forget();
      throw error;
    });
    if (result === null || result.event.state === 'draft') {
      forget();
      return null;
    }
    return result;
  }

  /** As it is now. */
  async read(event: string): Promise<KnownEvent | null> {
    const column = UUID.test(event) ? 'id' : SLUG.test(event) ? 'slug' : null;
    if (column === null) return null;
    const { rows } = await this.pool.query<Row>({
      name: `event-by-${column}`,
      text: `select ${COLUMNS}, f.version as form_version, f.schema, f.consents, s.sessions
               from events e
               left join lateral (select version, schema, consents from forms where event_id = e.id
                                  order by version desc limit 1) f on true
               cross join lateral (select coalesce(json_agg(json_build_array(code, id) order by starts_at, code), '[]') as sessions
                                   from sessions where event_id = e.id) s
              where e.${column} = $1`,
      values: [event],
    });
    const row = rows[0];
    if (!row) return null;
    return { event: row, form: this.formOf(row), sessions: new Map(row.sessions) };
  }

  /** What was changed here is seen here at once; elsewhere within a second. */
  forget(): void {
    this.known.clear();
  }

  private formOf(row: Row): Form {
    const name = `${row.id}/${row.form_version ?? 0}`;
    const known = this.forms.get(name);
    if (known) return known;
    if (this.forms.size >= FORMS_CACHED_MAX) this.forms.clear();
    const form = compileForm(row.form_version ?? 0, row.schema ?? NO_QUESTIONS, row.consents ?? []);
    this.forms.set(name, form);
    return form;
  }
}
