import { Inject, Injectable } from '@nestjs/common';
import type pg from 'pg';
import { uuidv7 } from 'uuidv7';
import type { Connector, ObjectTarget } from '../connectors/connector.js';
import type { CompiledMapping } from '../mapping/compiled-mapping.js';
import { CLOCK, type Clock } from '../platform/clock.js';
import { Settings } from '../platform/config/settings.js';
import { PG_POOL } from '../platform/database/database.module.js';
import { hashOf } from './activate.js';
import { AllCalls } from './all-calls.js';
import { type Applied, AppliedMappings } from './applied-mappings.js';
import { Destinations } from './destinations.js';
import { callsFor, limitsOf, type LimitStanding, type PlanCalls, type PlanCounts } from './plan-counts.js';
import { type Planned, planRecords } from './plan-mapping.js';
import { type Given, Proposals } from './proposals.js';
import type { Reader } from './read-unknown.js';

/** What applying a proposal would do, as the API tells it. */
export interface Plan extends Omit<Planned, 'writes'> {
  readonly id: string;
  readonly mapping: string;
  /** The version in force; null where none ever was. */
  readonly from: { readonly version: number; readonly hash: string } | null;
  readonly to: { readonly hash: string; readonly file: string };
  /** The number in the log that it is pinned to. */
  readonly position: number;
  readonly counts: PlanCounts;
  /** Null where the destination is not set up here. */
  readonly calls: PlanCalls | null;
  readonly limits: readonly LimitStanding[];
  readonly createdAt: string;
}

/** Plans that nobody applied are forgotten after so long: a plan this old is out of date in any case. */
const KEPT_DAYS = 30;
/** For one reading of what nobody knows, its turn included. */
const READ_TIMEOUT_MS = 60_000;

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

  /**
   * @param options.read asks the backend for fields of which nobody knows what stands there
   * @throws Problem where the proposal does not hold
   */
  async plan(
    name: string,
    given: Given,
    options: { readonly read: boolean; readonly by: string },
  ): Promise<Plan> {
    await this.applied.refresh();
    const from = await this.applied.current(name);
    const to = this.proposals.propose(name, from, given);
    return this.inOneSnapshot((client) => this.planned(client, from, to, options));
  }

  private async planned(
    client: pg.ClientBase,
    from: Applied | null,
    to: CompiledMapping,
    { read, by }: { read: boolean; by: string },
  ): Promise<Plan> {
    const id = uuidv7();
    const createdAt = this.clock.now();
    const { rows } = await client.query<{ seq: string }>('select seq from change_head');
    const position = rows[0]!.seq;
    const hash = hashOf(to.source);
    await client.query(
      `insert into plans (id, mapping, from_version, file, source, hash, position, counts, created_by, created_at)
       values ($1, $2, $3, $4, $5, $6, $7, '{}', $8, $9)`,
      [id, to.name, from?.version ?? null, to.file, to.source, hash, position, by, createdAt],
    );
    const backend = this.backend(to);
    const writesWhole = backend?.connector.writesWhole?.(backend.target) ?? false;
    const reader = read && !writesWhole && backend ? { ...backend, options: this.reading(to) } : null;
    const { writes, ...planned } = await planRecords(client, {
      id,
      position,
      from: from?.mapping ?? null,
      to,
      writesWhole,
      canRemove: backend?.connector.remove !== undefined,
      needs: await this.applied.needsOf(to),
      undone: from?.undone ?? [],
      now: createdAt,
      reader,
    });
    const calls = backend && callsFor(writes, backend.connector, backend.target, this.settings.pipelines);
    const limits = limitsOf(to, planned.counts, from === null);
    await client.query('update plans set counts = $2, calls = $3, limits = $4 where id = $1', [
      id,
      JSON.stringify(planned.counts),
      calls && JSON.stringify(calls),
      JSON.stringify(limits),
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

  private reading({ destination }: CompiledMapping): Reader['options'] {
    return () => this.calls.to(destination).inTurn(READ_TIMEOUT_MS);
  }

  /** The destination may not be set up where the plan is made; then its costs are not known. */
  private backend(mapping: CompiledMapping): { connector: Connector; target: ObjectTarget } | null {
    const { object, operation, keyField } = mapping;
    try {
      const connector = this.destinations.connector(mapping.destination);
      return { connector, target: { object, operation, keyField } };
    } catch {
      return null;
    }
  }

  /** One snapshot of log and deliveries, however long it takes; what is written in it is the plan alone. */
  private async inOneSnapshot<T>(work: (client: pg.ClientBase) => Promise<T>): Promise<T> {
    const client = await this.pool.connect();
    let broken: Error | undefined;
    try {
      await client.query('begin isolation level repeatable read');
      await client.query(
        `delete from plans where applied_at is null and undoes is null and created_at < now() - $1 * interval '1 day'`,
        [KEPT_DAYS],
      );
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
