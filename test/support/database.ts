import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { demandSchema, testServers } from './environment.js';

export const TEMPLATE = 'foyer_template';

/**
 * A new database with the current schema, for this test alone: about 70 ms. Dropped at the end of the run.
 * @returns postgres://…
 */
export async function freshDatabase(): Promise<string> {
  demandSchema();
  const { databaseUrl, run } = testServers();
  const name = `${run}${randomBytes(6).toString('hex')}`;
  await onServer(databaseUrl, `create database ${name} template ${TEMPLATE}`);
  return urlOfDatabase(databaseUrl, name);
}

/** A new database without any table, for tests of the migrations themselves. */
export async function emptyDatabase(): Promise<string> {
  const { databaseUrl, run } = testServers();
  const name = `${run}${randomBytes(6).toString('hex')}`;
  await onServer(databaseUrl, `create database ${name}`);
  return urlOfDatabase(databaseUrl, name);
}

/** Drops every database that this run created, and the template. */
export async function dropDatabases(): Promise<void> {
  const { databaseUrl, run } = testServers();
  const { rows } = await onServer<{ name: string }>(
    databaseUrl,
    `select datname as name from pg_database where starts_with(datname, '${run}') or datname = '${TEMPLATE}'`,
  );
  for (const { name } of rows) await onServer(databaseUrl, `drop database if exists ${name} with (force)`);
}

/** One statement on a connection of its own: CREATE DATABASE wants neither a transaction nor company. */
export async function onServer<Row extends pg.QueryResultRow>(
  url: string,
  text: string,
): Promise<pg.QueryResult<Row>> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await client.query<Row>(text);
  } finally {
    await client.end();
  }
}

export function urlOfDatabase(url: string, name: string): string {
  const other = new URL(url);
  other.pathname = `/${name}`;
  return other.href;
}
