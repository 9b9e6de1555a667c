import type pg from 'pg';
import { uuidv7 } from 'uuidv7';

export interface PutRoom {
  readonly slug: string;
  readonly mode?: 'always' | 'auto';
  readonly maxActive: number;
  readonly maxPerMinute: number;
  readonly passSeconds: number;
  readonly claimSeconds: number;
  readonly state?: 'open' | 'paused';
  /** So many stand in its line already. */
  readonly issued?: number;
}

/** An open event with a lobby, written where no program runs yet; it asks everyone for a pass where no mode is given. @returns the event's id */
export async function putRoom(on: pg.Pool | pg.Client, room: PutRoom): Promise<string> {
  const { slug, mode = 'always', maxActive, maxPerMinute, passSeconds, claimSeconds } = room;
  const { state = 'open', issued = 0 } = room;
  const event = uuidv7();
  await on.query(
    `insert into events (id, slug, name, starts_at, ends_at, time_zone, state, created_at, updated_at)
     values ($1, $2, 'Rush', now() + interval '30 days', now() + interval '31 days', 'UTC', 'open', now(), now())`,
    [event, slug],
  );
  await on.query(
    `insert into lobbies (event_id, mode, max_active, max_per_minute, pass_seconds, claim_seconds, on_failure, state,
       updated_at) values ($1, $7, $2, $3, $4, $5, 'hold', $6, now())`,
    [event, maxActive, maxPerMinute, passSeconds, claimSeconds, state, mode],
  );
  await on.query('insert into lobby_lines (event_id, issued) values ($1, $2)', [event, issued]);
  return event;
}
