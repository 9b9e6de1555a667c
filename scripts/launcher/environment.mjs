import { existsSync } from 'node:fs';
import path from 'node:path';
import { inRoot } from './root.mjs';
import { readTwinNames } from './sandbox-twins.mjs';

/** Settings with a customary and a long name; the program prefers the long one, so we hand on only what we decided. */
const NAMES = {
  role: ['FOYER_PROCESS_ROLE', 'FOYER_ROLE'],
  host: ['FOYER_HTTP_HOST', 'FOYER_HOST'],
  port: ['FOYER_HTTP_PORT', 'PORT'],
  databaseUrl: ['FOYER_DATABASE_URL', 'DATABASE_URL'],
  redisUrl: ['FOYER_REDIS_URL', 'REDIS_URL'],
  secret: ['FOYER_IDENTITY_SECRET', 'FOYER_SECRET'],
  operatorKey: ['FOYER_IDENTITY_OPERATOR_KEY', 'FOYER_OPERATOR_KEY'],
  identityEnabled: ['SANDBOX_IDENTITY_ENABLED'],
  identityUrl: ['SANDBOX_IDENTITY_URL'],
  identityClientSecret: ['SANDBOX_IDENTITY_CLIENT_SECRET'],
  publicUrl: ['FOYER_HTTP_PUBLIC_URL'],
  varDir: ['FOYER_VAR_DIR'],
};
const ROLES = ['api', 'worker', 'all'];

/**
 * What was given to the launcher, by the environment or a file `.env` beside package.json.
 * @returns {{ [name in keyof typeof NAMES]?: string } & { varDir: string, host: string, wantedPort?: number, twins: string[] }}
 */
export function readEnvironment() {
  if (existsSync(inRoot('.env'))) process.loadEnvFile(inRoot('.env'));
  const given = Object.fromEntries(
    Object.entries(NAMES).map(([name, variables]) => [
      name,
      variables.map((variable) => process.env[variable]).find(Boolean),
    ]),
  );
  if (given.role && !ROLES.includes(given.role)) {
    throw new Error(`FOYER_ROLE is "${given.role}"; it is one of ${ROLES.join(', ')}.`);
  }
  const wantedPort = given.port === undefined ? undefined : Number(given.port);
  if (wantedPort !== undefined && !(Number.isInteger(wantedPort) && wantedPort >= 0 && wantedPort < 65_536)) {
    throw new Error(`PORT is "${given.port}"; it is a number from 0 (any free one) to 65535.`);
  }
  const varDir = path.resolve(inRoot(), given.varDir ?? 'var');
  const twins = readTwinNames(process.env.FOYER_TWINS);
  return { ...given, wantedPort, varDir, host: given.host ?? '127.0.0.1', twins };
}

/** The environment of the program, from what was given and what the launcher found or made. */
export function programEnvironment(values) {
  const entries = Object.entries(NAMES).flatMap(([name, variables]) => {
    if (name === 'varDir') return [];
    const customary = variables.at(-1);
    return variables.map((variable) => [variable, variable === customary ? values[name] : undefined]);
  });
  return Object.fromEntries(entries);
}

/** An address of this machine that no other machine reaches. */
export function isLoopback(host) {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}
