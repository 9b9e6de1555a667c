import { Inject, Injectable } from '@nestjs/common';
import type pg from 'pg';
import { uuidv7 } from 'uuidv7';
import { PG_POOL } from '../platform/database/database.module.js';
import { type Endpoint, type EndpointState, laneName } from './endpoint.js';
import { newKeys } from './signature.js';

const FRESH_MS = 1_000;

const COLUMNS = `id, url, topics, event_id as "eventId", payload, state, secret, private_key as "privateKey",
                 created_at as "createdAt"`;

export interface NewEndpoint {
  readonly url: string;
  readonly topics: readonly string[];
  readonly eventId: string | null;
  readonly payload: Endpoint['payload'];
}

/** The receivers. One starts to read the log where it stood when it was created. */
@Injectable()
export class Endpoints {
  private readonly cache = new Map<string, { endpoint: Endpoint | null; at: number }>();

  constructor(@Inject(PG_POOL) private readonly pool: pg.Pool) {}

  async create({ url, topics, eventId, payload }: NewEndpoint): Promise<Endpoint> {
    const id = uuidv7();
    const keys = newKeys();
    const { rows } = await this.pool.query<Endpoint>(
      `with lane as (
         insert into lanes (mapping, lane, lanes, stream, cursor)
         select $2, 0, 1, 'registration', seq from change_head
       )
       insert into webhook_endpoints (id, url, topics, event_id, payload, secret, private_key)
       values ($1, $3, $4, $5, $6, $7, $8) returning ${COLUMNS}`,
      [id, laneName(id), url, topics, eventId, payload, keys.secret, keys.privateKey],
    );
    return rows[0]!;
  }

  /** At most a second old; null where there is none, or it takes nothing at present. */
  async receiving(id: string): Promise<Endpoint | null> {
    const known = this.cache.get(id);
    if (known && performance.now() - known.at < FRESH_MS) return known.endpoint;
    const endpoint = await this.find(id);
    const receives = endpoint?.state === 'active' || endpoint?.state === 'failing' ? endpoint : null;
    this.cache.set(id, { endpoint: receives, at: performance.now() });
    return receives;
  }

  async find(id: string): Promise<Endpoint | null> {
    const { rows } = await this.pool.query<Endpoint>(
      `select ${COLUMNS} from webhook_endpoints where id = $1`,
      [id],
    );
    return rows[0] ?? null;
  }

  async list(limit: number, after: string | null): Promise<Endpoint[]> {
    const { rows } = await this.pool.query<Endpoint>(
      `select ${COLUMNS} from webhook_endpoints where ($1::uuid is null or id > $1) order by id limit $2`,
      [after, limit],
    );
    return rows;
  }

  /** A lane that does not deliver is paused: what happens meanwhile waits in the log. */
  async setState(id: string, state: EndpointState): Promise<Endpoint | null> {
    this.cache.delete(id);
    const { rows } = await this.pool.query<Endpoint>(
      `with lane as (update lanes set paused = $3 where mapping = $4)
       update webhook_endpoints set state = $2, updated_at = clock_timestamp() where id = $1 returning ${COLUMNS}`,
      [id, state, state === 'paused' || state === 'disabled', laneName(id)],
    );
    return rows[0] ?? null;
  }

  async delete(id: string): Promise<boolean> {
    this.cache.delete(id);
    const { rowCount } = await this.pool.query(
      `with lane as (delete from lanes where mapping = $2), m as (delete from messages where endpoint = $1)
       delete from webhook_endpoints where id = $1`,
      [id, laneName(id)],
    );
    return rowCount === 1;
  }

  /** The attempts at an endpoint, newest first. */
  async attempts(id: string, limit: number, before: string | null): Promise<AttemptRow[]> {
    const { rows } = await this.pool.query<AttemptRow>(
      `select a.id, a.at, a.status, a.outcome, a.message, m.topic, m.sequence, m.registration_id as "registration",
              m.seq
         from message_attempts a join messages m on m.endpoint = a.endpoint and m.seq = a.seq
        where a.endpoint = $1 and ($2::uuid is null or a.id < $2) order by a.id desc limit $3`,
      [id, before, limit],
    );
    return rows;
  }
}

export interface AttemptRow {
  readonly id: string;
  readonly at: Date;
  readonly status: number | null;
  readonly outcome: string;
  readonly message: string | null;
  readonly topic: string;
  readonly sequence: number;
  readonly registration: string;
  readonly seq: string;
}
