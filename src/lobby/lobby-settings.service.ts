import { Inject, Injectable } from '@nestjs/common';
import type pg from 'pg';
import { EventLookup } from '../events/event-lookup.js';
import { PG_POOL } from '../platform/database/database.module.js';
import { inTransaction } from '../platform/database/transaction.js';
import { invalidRequest, notFound, type ProblemFault } from '../platform/http/problem.js';
import type { PatchLobbyDto, PutLobbyDto } from './lobby.dto.js';
import { aheadOf, ROOM_COLUMNS, ROOM_TABLES, type RoomRow, stateOf } from './room.js';
import { Rooms } from './rooms.js';

const STANDARD = { passSeconds: 600, claimSeconds: 45, onFailure: 'hold', state: 'open' } as const;
const SECONDS_MIN = { passSeconds: 10, claimSeconds: 5 } as const;
const HISTORY_MAX = 200;

/** A room as operators set it. Every change is written with who made it, in its own transaction. */
@Injectable()
export class LobbySettings {
  constructor(
    @Inject(PG_POOL) private readonly pool: pg.Pool,
    private readonly events: EventLookup,
    private readonly rooms: Rooms,
  ) {}

  /** The whole: what is absent gets its standard, but the line, and the numbers in it, stay. */
  async put(event: string, dto: PutLobbyDto, by: string): Promise<object> {
    return this.write(
      event,
      () => ({ ...STANDARD, opensAt: null, message: null, ...given<PutLobbyDto>(dto) }),
      by,
    );
  }

  /** @throws Problem 404 where the event has no lobby yet */
  async patch(event: string, dto: PatchLobbyDto, by: string): Promise<object> {
    return this.write(
      event,
      (row) => {
        if (!row) throw notFound('This event has no lobby yet; PUT makes one.');
        return { ...settingsOf(row), ...given<PatchLobbyDto>(dto) };
      },
      by,
    );
  }

  /** Live, for operators: what the metrics say, and what is set. */
  async figures(event: string): Promise<object> {
    const { rows } = await this.pool.query<RoomRow & Figures>(
      `select ${ROOM_COLUMNS}, s.active::float8 as active, s.released::float8 as released,
              l.estimate_error::float8 as estimate_error, l.estimates_judged, f.registered, f.lapsed, f.left, f.claimed, clock_timestamp() as now
         from ${ROOM_TABLES} cross join lateral lobby_spent(b.event_id, clock_timestamp()) s
         cross join lateral (
           select count(*) filter (where ending = 'registered')::float8 as registered,
                  count(*) filter (where ending = 'lapsed')::float8 as lapsed,
                  count(*) filter (where ending = 'left')::float8 as left,
                  count(*) filter (where ended_at is null and passed_at is not null)::float8 as claimed
             from lobby_calls c where c.event_id = b.event_id) f
        where b.event_id = $1`,
      [await this.demandId(event)],
    );
    const row = rows[0];
    if (!row) throw notFound('This event has no lobby.');
    return {
      state: stateOf(row, row.now.getTime()),
      settings: settingsOf(row),
      waiting: aheadOf(row.issued + 1, row),
      present: row.present,
      active: row.active,
      registering: row.claimed,
      releasedLastMinute: row.released,
      ratePerMinute: row.rate_per_minute ?? row.max_per_minute,
      abandonment: row.abandonment,
      estimateError:
        row.estimate_error === null ? null : { p90: row.estimate_error, judged: row.estimates_judged },
      issued: row.issued,
      called: row.called,
      endings: { registered: row.registered, lapsed: row.lapsed, left: row.left },
      at: row.now.toISOString(),
    };
  }

  /** Who set what when, newest first. */
  async history(event: string): Promise<object> {
    const { rows } = await this.pool.query<{ at: Date; by: string; settings: object }>(
      'select at, by, settings from lobby_audit where event_id = $1 order by id desc limit $2',
      [await this.demandId(event), HISTORY_MAX],
    );
    return {
      items: rows.map(({ at, by, settings }) => ({ at: at.toISOString(), by, settings })),
      next: null,
    };
  }

  private async write(
    event: string,
    make: (row: RoomRow | undefined) => Chosen,
    by: string,
  ): Promise<object> {
    const id = await this.demandId(event);
    const chosen = await inTransaction(this.pool, async (client) => {
      await client.query('select from events where id = $1 for no key update', [id]);
      const { rows } = await client.query<RoomRow>(
        `select ${ROOM_COLUMNS} from ${ROOM_TABLES} where b.event_id = $1`,
        [id],
      );
      const wanted = make(rows[0]);
      demandSense(wanted);
      await store(client, id, wanted);
      await client.query(
        'insert into lobby_audit (event_id, at, by, settings) values ($1, clock_timestamp(), $2, $3)',
        [id, by, JSON.stringify(wanted)],
      );
      return wanted;
    });
    await this.rooms.refresh();
    await this.showState(id);
    this.events.forget();
    return { ...chosen, links: { self: `/v1/events/${event}/lobby` } };
  }

  private async showState(id: string): Promise<void> {
    const room = this.rooms.of(id);
    if (!room) return;
    await this.pool.query('update events set lobby_state = $2 where id = $1 and lobby_state <> $2', [
      id,
      stateOf(room, this.rooms.nowMs()),
    ]);
  }

  private async demandId(event: string): Promise<string> {
    const known = await this.events.read(event);
    if (!known) throw notFound('There is no such event.');
    return known.event.id;
  }
}

interface Figures {
  readonly estimate_error: number | null;
  readonly estimates_judged: number;
  readonly active: number;
  readonly released: number;
  readonly registered: number;
  readonly lapsed: number;
  readonly left: number;
  readonly claimed: number;
  readonly now: Date;
}

type Chosen = { [Name in keyof PutLobbyDto]-?: PutLobbyDto[Name] };

function settingsOf(row: RoomRow): Chosen {
  return {
    mode: row.mode,
    maxActive: row.max_active,
    maxPerMinute: row.max_per_minute,
    passSeconds: row.pass_seconds,
    claimSeconds: row.claim_seconds,
    opensAt: row.opens_at?.toISOString() ?? null,
    message: row.message,
    onFailure: row.on_failure,
    state: row.state,
  };
}

/** What stands in the request. */
function given<T extends object>(dto: T): { [Name in keyof T]: T[Name] } {
  return Object.fromEntries(Object.entries(dto).filter(([, value]) => value !== undefined)) as T;
}

/** @throws Problem 400 with everything that could let nobody in */
function demandSense({ maxActive, maxPerMinute, passSeconds, claimSeconds }: Chosen): void {
  const errors: ProblemFault[] = [];
  const least = (pointer: string, value: number, min: number): void => {
    if (value < min) errors.push({ pointer, code: 'too-small', message: `must be at least ${min}.` });
  };
  least('/maxActive', maxActive, 1);
  least('/maxPerMinute', maxPerMinute, 1);
  least('/passSeconds', passSeconds, SECONDS_MIN.passSeconds);
  least('/claimSeconds', claimSeconds, SECONDS_MIN.claimSeconds);
  if (errors.length > 0) throw invalidRequest(errors);
}

async function store(client: pg.PoolClient, id: string, chosen: Chosen): Promise<void> {
  await client.query(
    `insert into lobbies as b (event_id, mode, max_active, max_per_minute, pass_seconds, claim_seconds, opens_at, message,
                               on_failure, state, updated_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, clock_timestamp())
     on conflict (event_id) do update set mode = excluded.mode, max_active = excluded.max_active,
       max_per_minute = excluded.max_per_minute, pass_seconds = excluded.pass_seconds,
       claim_seconds = excluded.claim_seconds, opens_at = excluded.opens_at, message = excluded.message,
       on_failure = excluded.on_failure, state = excluded.state, version = b.version + 1,
       updated_at = excluded.updated_at`,
    [
      id,
      chosen.mode,
      chosen.maxActive,
      chosen.maxPerMinute,
      chosen.passSeconds,
      chosen.claimSeconds,
      chosen.opensAt,
      chosen.message,
      chosen.onFailure,
      chosen.state,
    ],
  );
  await client.query('insert into lobby_lines (event_id) values ($1) on conflict do nothing', [id]);
  if (chosen.state !== 'closed') return;
  // Closing frees every slot at once; nobody is called any more.
  await client.query('delete from lobby_present where event_id = $1', [id]);
  await client.query(
    `update lobby_calls set ended_at = clock_timestamp(), ending = 'closed' where event_id = $1 and ended_at is null`,
    [id],
  );
}
