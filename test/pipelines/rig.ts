import type { INestApplicationContext } from '@nestjs/common';
import pg from 'pg';
import { hubspot } from '../../sandbox/hubspot/hubspot.js';
import { startTwin, type Twin } from '../../sandbox/twin.js';
import { type Ledger, ledgerOf } from '../../src/pipelines/ledger.js';
import { freshDatabase } from '../support/database.js';
import { destinationsFor } from '../support/destinations.js';
import { NO_DAYS_END } from '../support/no-days-end.js';
import { People } from '../support/people.js';
import { freshRedis } from '../support/redis.js';
import { waitFor } from '../support/wait-for.js';
import { startWorker } from '../support/worker.js';

export const MAPPING = 'hubspot.contact';

export interface Contact {
  readonly key: string;
  readonly writes: number;
  readonly fields: Readonly<Record<string, string>>;
}

/** One database, one twin of HubSpot and as many workers as a test starts. */
export class Rig {
  private readonly workers: INestApplicationContext[] = [];

  private constructor(
    readonly databaseUrl: string,
    readonly redisUrl: string,
    readonly pool: pg.Pool,
    readonly people: People,
    readonly twin: Twin,
  ) {}

  static async start(): Promise<Rig> {
    const databaseUrl = await freshDatabase();
    const pool = new pg.Pool({ connectionString: databaseUrl });
    const twin = await startTwin(hubspot(NO_DAYS_END));
    const rig = new Rig(databaseUrl, await freshRedis(), pool, new People(pool), twin);
    await rig.faults([]);
    return rig;
  }

  async startWorker(pipelines: Readonly<Record<string, unknown>> = {}): Promise<INestApplicationContext> {
    const worker = await startWorker({
      databaseUrl: this.databaseUrl,
      redisUrl: this.redisUrl,
      destinationsFile: destinationsFor({ hubspot: this.twin.url }, 1_000),
      pipelines: { callTimeoutMs: 1_000, ...pipelines },
    });
    this.workers.push(worker);
    return worker;
  }

  async stop(): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.close()));
    await this.twin.stop();
    await this.pool.end();
  }

  /** Replaces the twin's faults. */
  async faults(faults: readonly object[]): Promise<void> {
    const answer = await fetch(`${this.twin.url}/_twin/faults`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ faults, limits: false }),
    });
    if (answer.status !== 200) throw new Error(await answer.text());
  }

  async contacts(): Promise<Contact[]> {
    const answer = await fetch(`${this.twin.url}/_twin/records/contacts?limit=10000`);
    return ((await answer.json()) as { items: Contact[] }).items;
  }

  async contactOf(email: string): Promise<Contact | undefined> {
    const found = (await this.contacts()).filter(({ fields }) => fields.email === email);
    if (found.length > 1) throw new Error(`${found.length} contacts of one e-mail`);
    return found[0];
  }

  ledger(): Promise<Ledger> {
    return ledgerOf(this.pool, MAPPING);
  }

  /** Waits until no record is under way or waits. */
  settled(): Promise<Ledger> {
    return waitFor(
      () => this.ledger(),
      ({ states, changes }) =>
        changes.waiting === 0 && states.pending + states.sending + states.retrying + states.sent === 0,
    );
  }

  /** Lets the time of a parked record come. */
  async makeDue(): Promise<void> {
    await this.pool.query(
      `with parked as (
         update deliveries set next_attempt_at = clock_timestamp() where next_attempt_at is not null
       )
       update lanes set due = clock_timestamp()`,
    );
  }

  /** Gives or withdraws the consent by an amendment, as the API does. */
  async consent(registration: string, granted: boolean): Promise<void> {
    await this.pool.query(
      `select amend_registration(id, version, now(), attendee, answers, null, array['marketing'], array[$2::boolean],
         array['1'], null) from registrations where id = $1`,
      [registration, granted],
    );
  }
}
