import { Inject, Injectable } from '@nestjs/common';
import type pg from 'pg';
import { uuidv7 } from 'uuidv7';
import { PG_POOL } from '../platform/database/database.module.js';
import { inTransaction } from '../platform/database/transaction.js';
import { type Endpoint, type EndpointState, laneName, MESSAGE_STREAMS } from './endpoint.js';
import { newKeys } from './signature.js';

const FRESH_MS = 1_000;

const COLUMNS = `id, url, topics, event_id as "eventId", payload, filter, state, secret, private_key as "privateKey",
                 case when previous_secret_until > clock_timestamp() then previous_secret end as "previousSecret",
                 case when previous_secret_until > clock_timestamp() then previous_secret_until end
                   as "previousSecretUntil",
                 created_at as "createdAt"`;

export interface NewEndpoint {
  readonly url: string;
  readonly topics: readonly string[];
  readonly eventId: string | null;
  readonly payload: Endpoint['payload'];
  readonly filter?: Endpoint['filter'];
}

/** The receivers. One starts to read the log where it stood when it was created. */
@Injectable()
export class Endpoints {
  private readonly cache = new Map<string, { endpoint: Endpoint | null; at: number }>();

  constructor(@Inject(PG_POOL) private readonly pool: pg.Pool) {}

  async create(given: NewEndpoint): Promise<Endpoint> {
    return insert(this.pool, uuidv7(), given);
  }

  /**
   * The same for a request that may be repeated.
   * @param claim says in the same transaction which endpoint an earlier request made, null where this is the first
   */
  async createOnce(
    given: NewEndpoint,
    claim: (client: pg.PoolClient, id: string) => Promise<string | null>,
  ): Promise<{ endpoint: Endpoint | null; replayed: boolean }> {
    const id = uuidv7();
    const outcome = await inTransaction(this.pool, async (client) => {
      return (await claim(client, id)) ?? (await insert(client, id, given));
    });
    if (typeof outcome !== 'string') return { endpoint: outcome, replayed: false };
    return { endpoint: await this.find(outcome), replayed: true };
  }

  async change(id: string, given: NewEndpoint): Promise<Endpoint | null> {
    this.cache.delete(id);
    const { rows } = await this.pool.query<Endpoint>(
      `update webhook_endpoints set url = $2, topics = $3, event_id = $4, payload = $5, filter = $6,
              updated_at = clock_timestamp() where id = $1 returning ${COLUMNS}`,
      [id, given.url, given.topics, given.eventId, given.payload, filterOf(given)],
    );
    return rows[0] ?? null;
  }

  /** A new secret; messages are signed with both while the one before is still good. */
  async rotate(id: string, keepMs: number): Promise<Endpoint | null> {
    this.cache.delete(id);
    const { rows } = await this.pool.query<Endpoint>(
      `update webhook_endpoints set previous_secret = secret, secret = $2,
              previous_secret_until = clock_timestamp() + $3 * interval '1 ms', updated_at = clock_timestamp()
        where id = $1 returning ${COLUMNS}`,
      [id, newKeys().secret, keepMs],
    );
    return rows[0] ?? null;
  }

  /** Has a message made that says nothing. @returns its number */
  async test(id: string): Promise<string> {
    const { rows } = await this.pool.query<{ seq: string }>(
      `with lane as (update lanes set due = clock_timestamp() where mapping = $2)
       insert into messages (endpoint, seq, stream, slot, person_id, registration_id, version, sequence, topic,
                             snapshot, made_at)
       select $1, coalesce(min(seq) filter (where seq < 0), 0) - 1, 'test', 0, $3, $3, 1, 0, 'webhook.test',
              json_build_object('endpoint', $4::text), clock_timestamp()
         from messages where endpoint = $1 returning seq`,
      [id, laneName(id), uuidv7(), id],
    );
    return rows[0]!.seq;
  }

  /** Has the messages of that time sent again, under their ids, each person's in their order. @returns how many */
  async replay(id: string, since: Date, until: Date): Promise<number> {
    const { rowCount } = await this.pool.query(
      `with lane as (update lanes set due = clock_timestamp() where mapping = $2)
       update messages m set state = 'pending', tries = 0, next_attempt_at = null, reason = null,
              updated_at = clock_timestamp()
         from changes c
        where m.endpoint = $1 and m.state in ('sent', 'rejected') and c.stream = m.stream and c.seq = m.seq
          and c.at >= $3 and c.at < $4`,
      [id, laneName(id), since, until],
    );
    return rowCount ?? 0;
  }

  /** From active to failing and back, as its last calls went; a pause or an end that came in between stays. */
  async note(id: string, from: 'active' | 'failing', to: 'active' | 'failing'): Promise<void> {
    this.cache.delete(id);
    await this.pool.query(
      `update webhook_endpoints set state = $3, updated_at = clock_timestamp() where id = $1 and state = $2`,
      [id, from, to],
    );
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

async function insert(client: pg.Pool | pg.ClientBase, id: string, given: NewEndpoint): Promise<Endpoint> {
  const keys = newKeys();
  const { rows } = await client.query<Endpoint>(
    `with lane as (
       insert into lanes (mapping, lane, lanes, stream, cursor)
       select $2, 0, 1, $10, seq from change_head
     )
     insert into webhook_endpoints (id, url, topics, event_id, payload, filter, secret, private_key)
     values ($1, $3, $4, $5, $6, $7, $8, $9) returning ${COLUMNS}`,
    [
      id,
      laneName(id),
      given.url,
      given.topics,
      given.eventId,
      given.payload,
      filterOf(given),
      keys.secret,
      keys.privateKey,
      MESSAGE_STREAMS,
    ],
  );
  return rows[0]!;
}

function filterOf({ filter }: NewEndpoint): string | null {
  return filter ? JSON.stringify(filter) : null;
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
