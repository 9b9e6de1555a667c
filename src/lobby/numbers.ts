import { Inject, Injectable } from '@nestjs/common';
import type pg from 'pg';
import { uuidv7 } from 'uuidv7';
import { isConnectionLost } from '../platform/database/connection-lost.js';
import { PG_POOL } from '../platform/database/database.module.js';
import { GroupCommit } from '../platform/group-commit.js';
import { unavailable } from '../platform/http/problem-filter.js';

const BLOCK_MAX = 5_000;
const WAITING_MAX = 50_000;
const TRIES_MAX = 3;

export interface Place {
  readonly number: number;
  readonly issuedAtMs: number;
}

interface Asked {
  /** Has whoever asked gone meanwhile? */
  readonly isGone: () => boolean;
}

/**
 * Numbers come in blocks reserved durably, each as large as the number of those who ask at that moment: who joins
 * while a block is being reserved forms the next one. So order across replicas is exact to one reservation (a few
 * milliseconds), and numbers are left over only where those who asked had gone.
 */
@Injectable()
export class Numbers {
  private readonly lines = new Map<string, GroupCommit<Asked, Place>>();
  private readonly replica = uuidv7();

  constructor(@Inject(PG_POOL) private readonly pool: pg.Pool) {}

  next(eventId: string, isGone: () => boolean = () => false): Promise<Place> {
    let line = this.lines.get(eventId);
    if (!line) {
      line = new GroupCommit(
        (asked) => this.reserve(eventId, asked),
        () => [],
        () => BLOCK_MAX,
        WAITING_MAX,
        () => unavailable('too many are joining'),
      );
      this.lines.set(eventId, line);
    }
    return line.submit({ isGone });
  }

  /** A number that was drawn and that nobody holds. */
  giveUp(eventId: string, number: number): void {
    this.publish(eventId, [number]);
  }

  private async reserve(eventId: string, asked: Asked[]): Promise<Place[]> {
    const { first, at } = await this.block(eventId, uuidv7(), asked.length);
    const voids = asked.flatMap(({ isGone }, i) => (isGone() ? [first + i] : []));
    if (voids.length > 0) this.publish(eventId, voids);
    return asked.map((_, i) => ({ number: first + i, issuedAtMs: at.getTime() }));
  }

  /** After a lost answer the same block is asked for again, so that no number is lost with it. */
  private async block(eventId: string, block: string, size: number): Promise<{ first: number; at: Date }> {
    for (let tries = 1; ; tries++) {
      try {
        const { rows } = await this.pool.query<{ first: number; at: Date }>({
          name: 'lobby-reserve',
          text: 'select first::float8 as first, at from lobby_reserve($1, $2, $3, $4)',
          values: [eventId, this.replica, block, size],
        });
        if (!rows[0]) throw unavailable('the room is gone');
        return rows[0];
      } catch (error) {
        if (!isConnectionLost(error)) throw error;
        if (tries >= TRIES_MAX) throw unavailable(error);
      }
    }
  }

  /** Only an estimate depends on it, so nobody waits for it, nor for its failure. */
  private publish(eventId: string, voids: number[]): void {
    void this.pool
      .query('insert into lobby_voids (event_id, number) select $1, unnest($2::bigint[])', [eventId, voids])
      .catch(() => undefined);
  }
}
