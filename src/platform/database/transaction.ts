import type pg from 'pg';

const TRIES_MAX = 3;
const IDLE_MAX_MS = 5_000;
const DEADLOCK = '40P01';
const SERIALIZATION = '40001';

/** Did the database undo it only because of others, so that doing it again is right? */
export function isWorthAnotherTry(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code;
  return code === DEADLOCK || code === SERIALIZATION;
}

/** One transaction. Should this process freeze inside it, the server ends it rather than let others wait for us. */
export async function inTransaction<T>(
  pool: pg.Pool,
  work: (client: pg.PoolClient) => Promise<T>,
): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await once(pool, work);
    } catch (error) {
      if (tries >= TRIES_MAX || !isWorthAnotherTry(error)) throw error;
    }
  }
}

async function once<T>(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    await client.query(`begin; set local idle_in_transaction_session_timeout = ${IDLE_MAX_MS}`);
    const result = await work(client);
    await client.query('commit');
    return result;
  } catch (error) {
    await client.query('rollback').catch((reason: unknown) => (broken = reason as Error));
    throw error;
  } finally {
    client.release(broken);
  }
}
