import { Inject, Injectable } from '@nestjs/common';
import type pg from 'pg';
import { PG_POOL } from '../platform/database/database.module.js';
import type { LineFigures, Step } from './controller.js';
import type { Flow } from './flow.js';
import type { Stepped } from './flow-meter.js';
import type { EstimateError } from './forecasts.js';
import { type LobbyState, ROOM_COLUMNS, ROOM_TABLES, type RoomRow } from './room.js';

/** Who checked in so long ago and was never called has gone. */
const PRESENT_SECONDS = 300;
/** A lost answer is asked for again within seconds. */
const BLOCK_MINUTES = 10;
/** A ticket is good for seven days; until then its number may have to be known as used. */
const LEDGER_DAYS = 9;
const SWEEP_ROWS_MAX = 20_000;

interface LineRow {
  event_id: string;
  now: Date;
  active: string;
  released: string;
  present: string;
  called: string;
  issued: string;
  frontier: string;
  frontier_at: Date;
}

/** The releaser's statements. */
@Injectable()
export class LineLedger {
  constructor(@Inject(PG_POOL) private readonly pool: pg.Pool) {}

  /**
   * Takes the lease, or makes it longer. Its epoch changes with the holder; what an earlier one still asks for is
   * refused.
   * @returns null where another one has it
   */
  async lease(owner: string, leaseMs: number): Promise<string | null> {
    const { rows } = await this.pool.query<{ epoch: string }>({
      name: 'lobby-lease',
      text: `update lobby_releaser
                set epoch = epoch + (owner is distinct from $1)::int, owner = $1,
                    until = clock_timestamp() + $2 * interval '1 ms'
              where owner = $1 or until < clock_timestamp() returning epoch`,
      values: [owner, leaseMs],
    });
    return rows[0]?.epoch ?? null;
  }

  async giveUpLease(owner: string): Promise<void> {
    await this.pool.query(`update lobby_releaser set until = '-infinity' where owner = $1`, [owner]);
  }

  /** The lines in which something stands, in one statement, and `also` these. */
  async look(events: readonly string[], also: readonly string[]): Promise<Map<string, LineFigures>> {
    const { rows } = await this.pool.query<LineRow>({
      name: 'lobby-look',
      text: `select l.event_id, f.* from lobby_lines l cross join lateral lobby_look(l.event_id) f
              where l.event_id = any ($1) and (l.event_id = any ($2) or l.called < l.issued
                or exists (select from lobby_present p where p.event_id = l.event_id)
                or exists (select from lobby_calls c where c.event_id = l.event_id and c.ended_at is null)
                or exists (select from lobby_slices s where s.event_id = l.event_id and s.returned_at is null))`,
      values: [events, also],
    });
    return new Map(rows.map((row) => [row.event_id, figuresOf(row)]));
  }

  async step(event: string, epoch: string, { release, called, frontier }: Step): Promise<Stepped> {
    const { rows } = await this.pool.query<{ released: number; passed: string; waited_ms: string }>({
      name: 'lobby-step',
      text: 'select * from lobby_step($1, $2, $3, $4, $5)',
      values: [event, epoch, release, called, frontier],
    });
    const { released, passed, waited_ms } = rows[0]!;
    return { released, passed: Number(passed), waitedMs: Number(waited_ms) };
  }

  async room(event: string): Promise<RoomRow | undefined> {
    const { rows } = await this.pool.query<RoomRow>({
      name: 'lobby-room',
      text: `select ${ROOM_COLUMNS} from ${ROOM_TABLES} where b.event_id = $1`,
      values: [event],
    });
    return rows[0];
  }

  /** @param error null where this replica has not seen any yet: what the one before it saw stays */
  async publish(
    { event_id, version }: RoomRow,
    text: string,
    flow: Flow,
    error: EstimateError | null,
  ): Promise<void> {
    await this.pool.query({
      name: 'lobby-publish',
      text: `update lobby_lines set published = $2, published_version = $3, published_at = clock_timestamp(),
                rate_per_minute = $4, abandonment = $5, estimate_error = coalesce($6, estimate_error),
                estimates_judged = coalesce($7, estimates_judged)
              where event_id = $1 and published is distinct from $2`,
      values: [event_id, text, version, flow.ratePerMinute, flow.abandonment, error?.p90, error?.judged],
    });
  }

  /** The event's row is hot: it is touched when what it says changes, and then only. */
  async showState(event: string, state: LobbyState): Promise<void> {
    await this.pool.query('update events set lobby_state = $2 where id = $1 and lobby_state <> $2', [
      event,
      state,
    ]);
  }

  /** Takes away what nobody asks for any more, so much at a time that nobody waits for it. */
  async sweep(): Promise<void> {
    const old = `now() - interval '${LEDGER_DAYS} days'`;
    await this.some('lobby_present', `at < now() - interval '${PRESENT_SECONDS} s'`);
    await this.some('lobby_blocks', `at < now() - interval '${BLOCK_MINUTES} min'`);
    await this.some(
      'lobby_voids',
      'exists (select from lobby_lines l where l.event_id = t.event_id and t.number <= l.called)',
    );
    await this.some('lobby_calls', `called_at < ${old} and ended_at < ${old}`);
    await this.some('lobby_releases', `at < ${old}`);
    await this.some('lobby_slices', `returned_at < ${old}`);
    await this.some(
      'lobby_places',
      `exists (select from events e where e.id = t.event_id and e.ends_at < ${old})`,
    );
  }

  private async some(table: string, where: string): Promise<void> {
    await this.pool.query(
      `delete from ${table} where ctid = any (array(
         select t.ctid from ${table} t where ${where} limit ${SWEEP_ROWS_MAX}))`,
    );
  }
}

function figuresOf(row: LineRow): LineFigures {
  return {
    nowMs: row.now.getTime(),
    active: Number(row.active),
    released: Number(row.released),
    present: Number(row.present),
    called: Number(row.called),
    issued: Number(row.issued),
    frontier: Number(row.frontier),
    frontierAtMs: row.frontier_at.getTime(),
  };
}
