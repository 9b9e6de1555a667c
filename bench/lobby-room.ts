import type pg from 'pg';

export interface LobbyRoom {
  readonly mode: 'auto' | 'always';
  readonly maxActive: number;
  readonly maxPerMinute: number;
  readonly passSeconds: number;
  readonly state?: 'open' | 'paused';
}

/** A lobby before an event that is there. The program sees it within a second. */
export async function openRoom(pool: pg.Pool, event: string, room: LobbyRoom): Promise<void> {
  const { mode, maxActive, maxPerMinute, passSeconds, state = 'open' } = room;
  await pool.query(
    `insert into lobbies (event_id, mode, max_active, max_per_minute, pass_seconds, claim_seconds, on_failure, state, updated_at)
     values ($1, $2, $3, $4, $5, 45, 'hold', $6, now())`,
    [event, mode, maxActive, maxPerMinute, passSeconds, state],
  );
  await pool.query('insert into lobby_lines (event_id) values ($1)', [event]);
}
