import { Inject, Injectable } from '@nestjs/common';
import type pg from 'pg';
import { isConnectionLost } from '../platform/database/connection-lost.js';
import { PG_POOL } from '../platform/database/database.module.js';
import { GroupCommit } from '../platform/group-commit.js';
import { unavailable } from '../platform/http/problem-filter.js';
import type { RoomRow } from './room.js';
import { Rooms } from './rooms.js';
import type { Claims } from './token.js';

const CHECK_INS_MAX = 2_000;
const WAITING_MAX = 50_000;

interface Presence {
  readonly eventId: string;
  readonly number: number;
  readonly waitedMs: number;
}

/** Check-ins: who is there, in one statement for all that come at a time. */
@Injectable()
export class Presences {
  private readonly list: GroupCommit<Presence, undefined>;

  constructor(
    @Inject(PG_POOL) private readonly pool: pg.Pool,
    private readonly rooms: Rooms,
  ) {
    this.list = new GroupCommit(
      (list) => this.write(list),
      () => [],
      () => CHECK_INS_MAX,
      WAITING_MAX,
      () => unavailable('too many are checking in'),
    );
  }

  note(room: RoomRow, { number, atMs }: Claims): Promise<void> {
    const waitedMs = Math.max(0, Math.round(this.rooms.nowMs() - atMs));
    return this.list.submit({ eventId: room.event_id, number, waitedMs });
  }

  private async write(list: Presence[]): Promise<undefined[]> {
    for (const event of new Set(list.map(({ eventId }) => eventId))) {
      const of = list.filter(({ eventId }) => eventId === event);
      const values = [event, of.map(({ number }) => number), of.map(({ waitedMs }) => waitedMs)];
      try {
        await this.pool.query('select lobby_check_in($1, $2, $3)', values);
      } catch (error) {
        throw isConnectionLost(error) ? unavailable(error) : error;
      }
    }
    return list.map(() => undefined);
  }
}
