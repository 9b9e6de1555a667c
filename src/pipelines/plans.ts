import { Inject, Injectable } from '@nestjs/common';
import type pg from 'pg';
import { uuidv7 } from 'uuidv7';
import type { Connector, ObjectTarget } from '../connectors/connector.js';
import type { Claim } from '../identity/idempotency.js';
import type { CompiledMapping } from '../mapping/compiled-mapping.js';
import { CLOCK, type Clock } from '../platform/clock.js';
import { Settings } from '../platform/config/settings.js';
import { PG_POOL } from '../platform/database/database.module.js';
import { type LongWork, UNATTENDED } from '../platform/http/long-answer.js';
import { Problem } from '../platform/http/problem.js';
import { hashOf } from './activate.js';
import { AllCalls } from './all-calls.js';
import { type Applied, AppliedMappings } from './applied-mappings.js';
import { Destinations } from './destinations.js';
import { compileStored } from './mapping-files.js';
import { callsFor, limitsOf } from './plan-counts.js';
import type { Plan } from './plan.js';
import { type Shown, toldAgain } from './plan-again.js';
import { type Comparison, planRecords } from './plan-mapping.js';
import { type Given, Proposals } from './proposals.js';
import type { Reader } from './read-unknown.js';
import { countRecords } from './stream-records.js';

interface Backend {
  readonly connector: Connector;
  readonly target: ObjectTarget;
}

/** Plans that nobody applied are forgotten after so long: a plan this old is out of date in any case. */
const KEPT_DAYS = 30;
/** For one reading of what nobody knows, its turn included. */
const READ_TIMEOUT_MS = 60_000;
/** What a snapshot from before another transaction's commit says to that one's row. */
const SERIALIZATION_FAILURE = '40001';

/** Who asks for a plan, and how. */
export interface Asking {
  /** Asks the backend for fields of which nobody knows what stands there. */
  readonly read: boolean;
  readonly by: string;
  readonly work?: LongWork;
}

/** Says what another version of a mapping would do to every record, without a call to the backend. */
@Injectable()
export class Plans {
  constructor(
    @Inject(PG_POOL) private readonly pool: pg.Pool,
    @Inject(CLOCK) private readonly clock: Clock,
    private readonly settings: Settings,
    private readonly applied: AppliedMappings,
    private readonly destinations: Destinations,
    private readonly calls: AllCalls,
    private readonly proposals: Proposals,
  ) {}

  /** @throws Problem where the proposal does not hold, or nobody waits for it any more */
  async plan(name: string, given: Given, asking: Asking): Promise<Plan> {
    return (await this.planOnce(name, given, asking, null)).plan;
  }

  /** @param claim of a request that may be repeated: then it is told the plan of the first */
  async planOnce(
    name: string,
    given: Given,
    asking: Asking,
    claim: Claim | null,
  ): Promise<{ plan: Plan; replayed: boolean }> {
    await this.applied.refresh();
    const from = await this.applied.current(name);
    const to = this.proposals.propose(name, from, given);
    asking.work?.outOf(() => countRecords(this.pool, to.stream));
    const id = uuidv7();
    const made = await this.once(
      (client) => claim?.(client, id),
      (client) => this.planned(client, id, from, to, asking),
    );
    if (typeof made !== 'string') return { plan: made, replayed: false };
    const plan = await this.toldAgain(made);
    if (!plan) throw new Problem('gone', 'The plan is not kept any more.');
    return { plan, replayed: true };
  }

  private async planned(
    client: pg.ClientBase,
    id: string,
    from: Applied | null,
    to: CompiledMapping,
    { read, by, work = UNATTENDED }: Asking,
  ): Promise<Plan> {
    const createdAt = this.clock.now();
    await client.query(
      `delete from plans where applied_at is null and undoes is null and created_at < now() - $1 * interval '1 day'`,
      [KEPT_DAYS],
    );
    const { rows } = await client.query<{ seq: string }>('select seq from change_head');
    const position = rows[0]!.seq;
    const hash = hashOf(to.source);
    await client.query(
      `insert into plans (id, mapping, from_version, file, source, hash, position, counts, created_by, created_at)
       values ($1, $2, $3, $4, $5, $6, $7, '{}', $8, $9)`,
      [id, to.name, from?.version ?? null, to.file, to.source, hash, position, by, createdAt],
    );
    const backend = this.backend(to);
    const comparison = await this.comparison(from?.mapping ?? null, to, from?.undone ?? [], createdAt);
    const isReading = read && !comparison.writesWhole && backend !== null;
    const reader = isReading ? this.reader(to, backend, work.signal) : null;
    const { writes, ...planned } = await planRecords(client, { id, position, ...comparison, reader }, work);
    const calls = backend && callsFor(writes, backend.connector, backend.target, this.settings.pipelines);
    const limits = limitsOf(to, planned.counts, from === null);
    const { counts, samples, reasons, duplicates } = planned;
    const shown: Shown = { samples: samples.map(({ key, kind }) => [key, kind]), reasons, duplicates };
    await client.query('update plans set counts = $2, calls = $3, limits = $4, shown = $5 where id = $1', [
      id,
      JSON.stringify(counts),
      calls && JSON.stringify(calls),
      JSON.stringify(limits),
      JSON.stringify(shown),
    ]);
    return {
      id,
      mapping: to.name,
      from: from && { version: from.version, hash: hashOf(from.mapping.source) },
      to: { hash, file: to.file },
      position: Number(position),
      ...planned,
      calls,
      limits,
      createdAt: createdAt.toISOString(),
    };
  }

  /** The plan as it was told first; its samples as far as they still say the same. */
  private toldAgain(id: string): Promise<Plan | null> {
    return toldAgain(this.pool, id, {
      compile: (stored) => compileStored(this.settings.pipelines.mappingsDir, stored),
      comparison: async (from, to) => {
        const current = await this.applied.current(to.name);
        return this.comparison(from, to, current?.undone ?? [], this.clock.now());
      },
      backend: (to) => this.backend(to),
    });
  }

  private async comparison(
    from: CompiledMapping | null,
    to: CompiledMapping,
    undone: readonly number[],
    now: Date,
  ): Promise<Comparison> {
    const backend = this.backend(to);
    return {
      from,
      to,
      writesWhole: backend?.connector.writesWhole?.(backend.target) ?? false,
      canRemove: backend?.connector.remove !== undefined,
      needs: await this.applied.needsOf(to),
      undone,
      now,
    };
  }

  private reader({ destination }: CompiledMapping, backend: Backend, ended: AbortSignal): Reader {
    return { ...backend, inTurn: this.calls.to(destination).inTurn(READ_TIMEOUT_MS, ended) };
  }

  /** The destination may not be set up where the plan is made; then its costs are not known. */
  private backend(mapping: CompiledMapping): Backend | null {
    const { object, operation, keyField } = mapping;
    try {
      const connector = this.destinations.connector(mapping.destination);
      return { connector, target: { object, operation, keyField } };
    } catch {
      return null;
    }
  }

  /** @returns what the work made, or the id of what an earlier request made */
  private async once<T>(
    claim: (client: pg.PoolClient) => Promise<string | null> | undefined,
    work: (client: pg.PoolClient) => Promise<T>,
  ): Promise<T | string> {
    const claimed = async (client: pg.PoolClient): Promise<T | string> =>
      (await claim(client)) ?? (await work(client));
    try {
      return await this.inOneSnapshot(claimed);
    } catch (error) {
      // The first request ended while this one waited for it: a later snapshot sees what it made.
      if ((error as { code?: string }).code !== SERIALIZATION_FAILURE) throw error;
      return this.inOneSnapshot(claimed);
    }
  }

  /** One snapshot of log and deliveries, however long it takes; what is written in it is the plan alone. */
  private async inOneSnapshot<T>(work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
    const client = await this.pool.connect();
    let broken: Error | undefined;
    try {
      await client.query('begin isolation level repeatable read');
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
}
