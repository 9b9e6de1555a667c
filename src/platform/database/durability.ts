import type pg from 'pg';

export class UnsafeDurabilityError extends Error {
  readonly code = 'unsafe-durability';
}

/**
 * An acknowledged registration must survive the loss of power: a server that only says it wrote is refused.
 * @throws UnsafeDurabilityError naming the setting to change
 */
export async function refuseUnsafeDurability(pool: Pick<pg.Pool, 'query'>): Promise<void> {
  const { rows } = await pool.query<{ name: string; setting: string }>(
    `select name, setting from pg_settings where name in ('fsync', 'synchronous_commit', 'full_page_writes')`,
  );
  const off = rows.filter((row) => row.setting === 'off').map((row) => row.name);
  if (off.length === 0) return;
  throw new UnsafeDurabilityError(
    `PostgreSQL runs with ${off.join(' and ')} off, so a crash could lose what we acknowledged. ` +
      `Set ${off.map((name) => `${name} = on`).join(', ')} and start again.`,
  );
}
