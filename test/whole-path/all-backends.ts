/** The product with every destination switched on and all its mappings, before a twin of each backend and a folder. */
import type { INestApplicationContext } from '@nestjs/common';
import { mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { vi } from 'vitest';
import { dataverse } from '../../sandbox/dataverse/dataverse.js';
import { hubspot } from '../../sandbox/hubspot/hubspot.js';
import { mailchimp } from '../../sandbox/mailchimp/mailchimp.js';
import { marketo } from '../../sandbox/marketo/marketo.js';
import { salesforce } from '../../sandbox/salesforce/salesforce.js';
import { startTwin, type Twin } from '../../sandbox/twin.js';
import { AttendanceClosings } from '../../src/activity/attendance-closings.js';
import { type Ledger, ledgerOf } from '../../src/pipelines/ledger.js';
import { Bell } from '../../src/changes/bell.js';
import type { Clock } from '../../src/platform/clock.js';
import { Settings } from '../../src/platform/config/settings.js';
import { LOGGER } from '../../src/platform/logger.js';
import { type AnswerBody, TestApp } from '../http/app.js';
import { control } from '../sandbox/twins.js';
import { freshDatabase } from '../support/database.js';
import { NO_DAYS_END } from '../support/no-days-end.js';
import { freshRedis } from '../support/redis.js';
import { waitFor } from '../support/wait-for.js';
import { startWorker } from '../support/worker.js';

const vendors = { dataverse, hubspot, mailchimp, marketo, salesforce };
export type Backend = keyof typeof vendors;

/** Every mapping that ships. */
export const MAPPINGS = readdirSync('mappings')
  .filter((name) => name.endsWith('.yaml'))
  .map((name) => name.replace(/\.yaml$/, ''));

const DAY_MS = 86_400_000;
const PATIENCE_MS = 15_000;

/** As an operator sets them; config/destinations.yaml is the one that ships. */
const settings = (urls: Record<Backend, string>): Record<string, string> => ({
  HUBSPOT_BASE_URL: urls.hubspot,
  HUBSPOT_TOKEN: 'pat-twin-0000',
  HUBSPOT_MAPPINGS: '',
  HUBSPOT_CALLS_PER_SECOND: '',
  SALESFORCE_BASE_URL: urls.salesforce,
  SALESFORCE_CLIENT_ID: 'twin-client',
  SALESFORCE_CLIENT_SECRET: 'twin-secret',
  SALESFORCE_MAPPINGS: '',
  MARKETO_ENABLED: 'true',
  MARKETO_BASE_URL: urls.marketo,
  MARKETO_CLIENT_ID: 'twin-client',
  MARKETO_CLIENT_SECRET: 'twin-secret',
  MARKETO_CALLS_PER_WINDOW: '',
  DATAVERSE_ENABLED: 'true',
  DATAVERSE_BASE_URL: urls.dataverse,
  DATAVERSE_LOGIN_URL: urls.dataverse,
  DATAVERSE_TENANT_ID: 'twin-tenant',
  DATAVERSE_CLIENT_ID: 'twin-client',
  DATAVERSE_CLIENT_SECRET: 'twin-secret',
  MAILCHIMP_ENABLED: 'true',
  MAILCHIMP_BASE_URL: `${urls.mailchimp}/3.0`,
  MAILCHIMP_API_KEY: 'twin-key-us1',
  MAILCHIMP_LIST: 'twin-list',
  STORAGE_ENABLED: 'true',
  STORAGE_FOLDER: mkdtempSync(path.join(tmpdir(), 'foyer-drops-')),
});

export interface Stored {
  readonly id: string;
  readonly key: string | null;
  readonly fields: Readonly<Record<string, unknown>>;
}

export interface JournalItem {
  readonly n: number;
  readonly path: string;
  readonly object: string;
  readonly key: string | null;
  readonly outcome: string;
  readonly request: Readonly<Record<string, unknown>>;
}

export class AllBackends {
  private constructor(
    readonly app: TestApp,
    private readonly worker: INestApplicationContext,
    private readonly twins: Record<Backend, Twin>,
  ) {}

  static async start(): Promise<AllBackends> {
    const names = Object.keys(vendors) as Backend[];
    const started = await Promise.all(
      names.map(async (name) => {
        const twin = await startTwin(vendors[name](NO_DAYS_END));
        await control(twin, 'PUT', '/faults', { faults: [], limits: false });
        return [name, twin] as const;
      }),
    );
    const twins = Object.fromEntries(started) as Record<Backend, Twin>;
    const urls = Object.fromEntries(started.map(([name, { url }]) => [name, url])) as Record<Backend, string>;
    for (const [name, value] of Object.entries(settings(urls))) vi.stubEnv(name, value);

    const [databaseUrl, redisUrl] = [await freshDatabase(), await freshRedis()];
    const app = await TestApp.start({ databaseUrl, settings: { redis: { url: redisUrl } } });
    const worker = await startWorker({ databaseUrl, redisUrl });
    return new AllBackends(app, worker, twins);
  }

  async stop(): Promise<void> {
    await this.worker.close();
    await this.app.stop();
    await Promise.all(Object.values(this.twins).map((twin) => twin.stop()));
    vi.unstubAllEnvs();
  }

  /** What one twin has of an object, in the order in which it was made. */
  async records(backend: Backend, object: string): Promise<Stored[]> {
    const { body } = await control<{ items: Stored[] }>(
      this.twins[backend],
      'GET',
      `/records/${object}?limit=1000`,
    );
    return body.items;
  }

  async journal(backend: Backend): Promise<JournalItem[]> {
    return (await control<{ items: JournalItem[] }>(this.twins[backend], 'GET', '/journal?limit=10000')).body
      .items;
  }

  /** As a worker does it a week later: whoever was not seen is a no-show, and attendance is closed. */
  async closeAttendance(): Promise<void> {
    const { nest, pool } = this.app;
    const later: Clock = { now: () => new Date(Date.now() + 7 * DAY_MS) };
    await new AttendanceClosings(pool, later, nest.get(LOGGER), nest.get(Settings), nest.get(Bell)).close();
  }

  async signals(event: string, signals: readonly object[]): Promise<AnswerBody> {
    return (await this.app.operator('POST', `/v1/events/${event}/signals`, signals)).body;
  }

  /** All ledgers, once no change waits for its answer and nothing is under way or still to be looked at. */
  settled(): Promise<ReadonlyMap<string, Ledger>> {
    return waitFor(
      async () => {
        const ledgers = await Promise.all(MAPPINGS.map((mapping) => ledgerOf(this.app.pool, mapping)));
        return new Map(ledgers.map((ledger) => [ledger.mapping, ledger]));
      },
      (ledgers) =>
        [...ledgers.values()].every(
          ({ changes, states: { pending, sending, retrying, inDoubt } }) =>
            changes.waiting + pending + sending + retrying + inDoubt === 0,
        ),
      PATIENCE_MS,
    );
  }
}
