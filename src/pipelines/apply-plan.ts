import { Inject, Injectable } from '@nestjs/common';
import type pg from 'pg';
import { uuidv7 } from 'uuidv7';
import { Bell } from '../changes/bell.js';
import { Settings } from '../platform/config/settings.js';
import { PG_POOL } from '../platform/database/database.module.js';
import { inTransaction } from '../platform/database/transaction.js';
import { notFound, Problem } from '../platform/http/problem.js';
import { activate } from './activate.js';
import { AppliedMappings } from './applied-mappings.js';
import { compileStored } from './mapping-files.js';
import type { LimitStanding } from './plan-counts.js';
import { redeliverMoved, redeliverPlanned, redeliverUndone } from './redeliveries.js';
import { forgetDisplaced, takeBack, type Unrestored, unrestored } from './undo.js';

/** What an apply did. */
export interface AppliedPlan {
  readonly mapping: string;
  readonly plan: string;
  /** The version that is in force from now on. */
  readonly version: number;
  /** Records that the plan named and that are delivered again. */
  readonly redelivered: number;
  /** Records that changed or were written since the plan was made: they are delivered by the new version as they are. */
  readonly moved: number;
  /** The plan that undoes this one; null where there was no version before. */
  readonly inverse: string | null;
  /** Of an undo: what it cannot put back as it stood before the version that it undoes. */
  readonly unrestored: readonly Unrestored[];
}

interface PlanRow {
  id: string;
  from_version: number | null;
  file: string;
  source: string;
  hash: string;
  position: string;
  limits: LimitStanding[] | null;
  counts: object;
  /** The plan whose records it names; it undoes that one, or does it once more. */
  undoes: string | null;
  applied_version: number | null;
}

/** Puts a planned version in force and has its records delivered again. */
@Injectable()
export class ApplyPlan {
  constructor(
    @Inject(PG_POOL) private readonly pool: pg.Pool,
    private readonly settings: Settings,
    private readonly applied: AppliedMappings,
    private readonly bell: Bell,
  ) {}

  /**
   * One transaction. A batch in flight ends on the version that it began with, and what it writes is asked for again.
   * @param options.force also past the mapping's `limits`
   * @throws Problem `not-found`, or `conflict` where it was applied already, is out of date or goes past the limits
   */
  async apply(
    name: string,
    id: string,
    options: { readonly force: boolean; readonly by: string },
  ): Promise<AppliedPlan> {
    const done = await inTransaction(this.pool, (client) => this.inForce(client, name, id, options));
    await this.applied.refresh();
    const lanes = (await this.applied.current(name))?.mapping.lanes ?? 0;
    for (let lane = 0; lane < lanes; lane++) this.bell.ringLane(name, lane);
    return done;
  }

  private async inForce(
    client: pg.PoolClient,
    name: string,
    id: string,
    { force, by }: { force: boolean; by: string },
  ): Promise<AppliedPlan> {
    const { rows } = await client.query<PlanRow>(
      `select id, from_version, file, source, hash, position, limits, counts, undoes, applied_version
         from plans where id = $1 and mapping = $2 for update`,
      [id, name],
    );
    const plan = rows[0];
    if (!plan) throw notFound('There is no such plan of this mapping.');
    demandOpen(plan);
    if (!force && plan.undoes === null) demandWithinLimits(plan);
    const mapping = compileStored(this.settings.pipelines.mappingsDir, plan);
    if (!(await activate(client, mapping, plan.from_version, by))) throw outOfDate(plan);
    if (plan.undoes === null) await forgetDisplaced(client, name);
    else await takeBack(client, name, plan.undoes, plan.hash);
    const redelivered = await redeliverPlanned(client, name, { id, records: plan.undoes ?? id });
    const written = plan.undoes === null ? 0 : await redeliverUndone(client, name, id);
    const moved = written + (await redeliverMoved(client, name, mapping.stream, plan.position, id));
    const version = (plan.from_version ?? 0) + 1;
    await client.query(
      'update plans set applied_version = $2, applied_at = clock_timestamp() where id = $1',
      [id, version],
    );
    const inverse = plan.from_version === null ? null : await keepInverse(client, plan, name, version, by);
    const lost = plan.undoes === null ? [] : await unrestored(client, name);
    return { mapping: name, plan: id, version, redelivered, moved, inverse, unrestored: lost };
  }
}

/** The version before, for the same records and for those that changed since. */
async function keepInverse(
  client: pg.ClientBase,
  plan: PlanRow,
  name: string,
  version: number,
  by: string,
): Promise<string> {
  const id = uuidv7();
  await client.query(
    `insert into plans (id, mapping, from_version, file, source, hash, position, counts, undoes, created_by)
     select $1, $2, $3, v.file, v.source, v.hash, $4, $5, $6, $7
       from mapping_versions v where v.mapping = $2 and v.version = $8`,
    [
      id,
      name,
      version,
      plan.position,
      JSON.stringify(plan.counts),
      plan.undoes ?? plan.id,
      by,
      plan.from_version,
    ],
  );
  return id;
}

function demandOpen({ applied_version: version }: PlanRow): void {
  if (version !== null)
    throw new Problem('conflict', `This plan was applied already, as version ${version}.`);
}

function outOfDate({ from_version: from }: PlanRow): Problem {
  const was = from === null ? 'before any version was applied' : `when version ${from} was in force`;
  return new Problem('conflict', `This plan was made ${was}; another one is now. Plan again.`);
}

function demandWithinLimits({ limits }: PlanRow): void {
  const exceeded = (limits ?? []).filter(({ isExceeded }) => isExceeded);
  if (exceeded.length === 0) return;
  const told = exceeded.map(({ limit, max, records, share }) => {
    const allowed = 'share' in max ? `${percent(max.share)} of the records` : `${max.count} records`;
    const which = limit === 'created' ? 'of the stream' : 'that stand there';
    return `${limit} allows ${allowed} ${which}, and this is ${records} (${percent(share)})`;
  });
  throw new Problem(
    'conflict',
    `The plan goes past the mapping's limits: ${told.join('; ')}. Apply it with force.`,
    {
      members: { limits: exceeded },
    },
  );
}

function percent(share: number): string {
  return `${Math.round(share * 1000) / 10} %`;
}
