/** How the set-up of the whole run tells every test where its servers are. */
const DATABASE = 'FOYER_TESTS_DATABASE';
const REDIS = 'FOYER_TESTS_REDIS';
const RUN = 'FOYER_TESTS_RUN';
const FAULT = 'FOYER_TESTS_FAULT';

export interface TestServers {
  /** A database of the cluster in which databases may be created; the template is beside it. */
  readonly databaseUrl: string;
  readonly redisUrl: string;
  /** Begins the name of each database that this run creates. */
  readonly run: string;
}

export function announce(servers: TestServers): void {
  process.env[DATABASE] = servers.databaseUrl;
  process.env[REDIS] = servers.redisUrl;
  process.env[RUN] = servers.run;
}

/** The schema could not be made: tests without a database still run, the others say why they cannot. */
export function announceFault(error: unknown): void {
  process.env[FAULT] = error instanceof Error ? error.message : String(error);
}

/** @throws Error where the schema could not be made */
export function demandSchema(): void {
  const fault = process.env[FAULT];
  if (fault) throw new Error(`The template database could not be migrated: ${fault}`);
}

export function testServers(): TestServers {
  return { databaseUrl: read(DATABASE), redisUrl: read(REDIS), run: read(RUN) };
}

/** True for `npm run test:deep`: the long form of a test is asked for. */
export const isDeep = process.env.FOYER_TEST_DEEP === '1';

function read(name: string): string {
  const value = process.env[name];
  if (!value)
    throw new Error(`${name} is set by test/support/global-setup.ts; run the tests with vitest or npm test.`);
  return value;
}
