import { Inject, Injectable } from '@nestjs/common';
import type pg from 'pg';
import { uuidv7 } from 'uuidv7';
import type { ObjectTarget } from '../connectors/connector.js';
import type { Claim } from '../identity/idempotency.js';
import { AllCalls } from '../pipelines/all-calls.js';
import { type Applied, AppliedMappings } from '../pipelines/applied-mappings.js';
import { Destinations } from '../pipelines/destinations.js';
import { CLOCK, type Clock } from '../platform/clock.js';
import { Settings } from '../platform/config/settings.js';
import { PG_POOL } from '../platform/database/database.module.js';
import { inTransaction } from '../platform/database/transaction.js';
import { type LongWork, UNATTENDED } from '../platform/http/long-answer.js';
import { notFound, Problem } from '../platform/http/problem.js';
import { LOGGER, type Logger } from '../platform/logger.js';
import { certify } from './certificate.js';
import { CertificateKey, type PublicKey } from './certificate-key.js';
import { claimRun, type RunSlot } from './claim-run.js';
import { DISCREPANCY_KINDS, type DiscrepancyKind } from './discrepancy.js';
import { keepDiscrepancies } from './keep-discrepancies.js';
import { canList } from './listing.js';
import { findNotes, keepNotes } from './notes.js';
import { reconcile, type Reconciled } from './reconcile.js';
import { reconcileSince } from './reconcile-since.js';
import type { Reconciling, RunProgress } from './reconciling.js';
import { type FoundDiscrepancy, removeThere, writeAgain } from './repair.js';
import type { Seeing } from './seen.js';
import { atRest, knownKeys, stillTooMuch, withoutDelivery } from './second-look.js';

const CALL_TIMEOUT_MS = 60_000;
const ALIVE_EVERY_MS = 2_000;
const SNAPSHOT_MAX_MS = 30 * 60_000;

/** Compares both sides of mappings, one run of a mapping at a time. */
@Injectable()
export class Reconciliations {
  private readonly running = new Set<Promise<boolean>>();
  private readonly key: CertificateKey;

  constructor(
    @Inject(PG_POOL) private readonly pool: pg.Pool,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly applied: AppliedMappings,
    private readonly destinations: Destinations,
    private readonly calls: AllCalls,
    private readonly settings: Settings,
  ) {
    this.key = new CertificateKey(settings.identity.secret);
  }

  /** What others check certificates by. */
  publicKeys(): readonly PublicKey[] {
    return [this.key.published];
  }

  /**
   * Begins a run; it goes on after the answer.
   * @param isFull compares all field by field, whatever an earlier run saw
   * @param claim of a request that may be repeated: then it tells the run of the first
   * @throws Problem where the mapping is not in force, or a run of it is under way
   */
  async begin(
    mapping: string,
    by: string,
    isFull = false,
    claim: Claim | null = null,
  ): Promise<{ id: string; replayed: boolean }> {
    const applied = await this.applied.current(mapping);
    if (!applied || !this.destinations.isLeaving(applied.mapping)) {
      throw notFound('There is no mapping of this name in force.');
    }
    const id = uuidv7();
    const earlier = await inTransaction(this.pool, async (client) => {
      const known = await claim?.(client, id);
      if (known) return known;
      if ((await claimRun(client, mapping, by, null, id)) !== null) return null;
      throw new Problem('conflict', 'A run of this mapping is under way already.');
    });
    if (earlier) return { id: earlier, replayed: true };
    void this.started(id, applied, isFull);
    return { id, replayed: false };
  }

  /**
   * Runs the slot of a schedule to its end, if nobody did or does.
   * @returns the run's id; null where there was nothing to run, or it failed
   */
  async runSlot(applied: Applied, of: RunSlot): Promise<string | null> {
    const id = await claimRun(this.pool, applied.mapping.name, `schedule ${of.schedule}`, of);
    return id !== null && (await this.started(id, applied, false)) ? id : null;
  }

  /** Whether the backend lets anybody see what stands there: what is appended to some, nobody reads again. */
  canCompare(applied: Applied): boolean {
    const [connector, target] = [this.destinations.connector(applied.mapping.destination), targetOf(applied)];
    return canList(connector, target) || connector.readBackMax(target) > 0;
  }

  /** Resolves when no run of this process is under way. */
  async quiet(): Promise<void> {
    await Promise.all(this.running);
  }

  /**
   * Mends what a run found: writes what is ours; takes away what is not only where that is asked for.
   * @returns how many are mended or on their way, and how many are left to people
   */
  async repair(
    id: string,
    asked: { kinds?: readonly DiscrepancyKind[] | undefined; remove?: boolean | undefined },
    work: LongWork = UNATTENDED,
  ): Promise<{ repaired: number; left: number }> {
    const { rows: runs } = await this.pool.query<{ mapping: string; state: string }>(
      'select mapping, state from reconciliations where id = $1',
      [id],
    );
    const applied = runs[0] && (await this.applied.current(runs[0].mapping));
    if (!applied) throw notFound('There is no such run.');
    if (runs[0]!.state !== 'done')
      throw new Problem('conflict', 'The run is not done, so nothing can be repaired.');
    const { rows } = await this.pool.query<FoundDiscrepancy & { repair: string }>(
      `select place, kind, key, target_key, target_id, fields, repair, seen_sha256
         from discrepancies
        where run = $1 and repaired_at is null and ($2::text[] is null or kind = any($2)) order by place`,
      [id, asked.kinds ?? null],
    );
    const writing = rows.filter(({ repair }) => repair === 'write');
    await writeAgain(this.pool, applied.mapping, writing);
    const tooMuch = asked.remove === true ? rows.filter(({ repair }) => repair === 'remove') : [];
    const needs = await this.applied.needsOf(applied.mapping);
    // The run may be old: what has become a record of ours since is not taken away.
    const removing = await stillTooMuch(this.pool, applied.mapping, needs, tooMuch);
    work.outOf(() => Promise.resolve(rows.length));
    const removed = await removeThere(this.backend(applied), removing, (done) =>
      work.note(writing.length + done),
    );
    const places = [...writing.map(({ place }) => place), ...removed];
    await this.pool.query(
      'update discrepancies set repaired_at = clock_timestamp() where run = $1 and place = any($2)',
      [id, places],
    );
    return { repaired: places.length, left: rows.length - places.length };
  }

  private started(id: string, applied: Applied, isFull: boolean): Promise<boolean> {
    const run = this.run(id, applied, isFull).finally(() => this.running.delete(run));
    this.running.add(run);
    return run;
  }

  /** @returns whether it came to its end */
  private async run(id: string, applied: Applied, isFull: boolean): Promise<boolean> {
    const startedAt = this.clock.now();
    const name = applied.mapping.name;
    // By the clock and not from call to call: one call, or the reading of our side, may take longer than it may be silent.
    let progress: RunProgress | null = null;
    const heart = setInterval(() => void this.beat(id, progress), ALIVE_EVERY_MS);
    try {
      const found = await this.compared(id, applied, isFull, (now) => (progress = now));
      await keepDiscrepancies(this.pool, id, found.discrepancies);
      const run = {
        id,
        mapping: name,
        mappingVersion: applied.version,
        startedAt,
        finishedAt: this.clock.now(),
      };
      const certificate = certify(run, found, DISCREPANCY_KINDS, this.key);
      await this.pool.query(
        `update reconciliations set state = 'done', finished_at = clock_timestamp(), certificate = $2 where id = $1`,
        [id, JSON.stringify(certificate)],
      );
      const { kind, discrepancies } = found;
      const { notLookedFor } = certificate;
      const told = { mapping: name, run: id, kind, discrepancies: discrepancies.length, notLookedFor };
      if (discrepancies.length === 0) this.logger.info(told, 'reconciled');
      else this.logger.warn({ ...told, kinds: certificate.discrepancies }, 'reconciled: both sides differ');
      return true;
    } catch (error) {
      const failure = error instanceof Error ? error.message : 'unknown';
      this.logger.warn({ mapping: name, run: id, reason: failure }, 'a reconciliation failed');
      await this.pool
        .query(
          `update reconciliations set state = 'failed', finished_at = clock_timestamp(), failure = $2 where id = $1`,
          [id, failure],
        )
        .catch(() => undefined); // Nobody sees it alive any more, so it counts as failed in a minute.
      return false;
    } finally {
      clearInterval(heart);
    }
  }

  private async beat(id: string, progress: RunProgress | null): Promise<void> {
    await this.pool
      .query('update reconciliations set seen_at = clock_timestamp(), progress = $2 where id = $1', [
        id,
        progress && JSON.stringify(progress),
      ])
      .catch(() => undefined); // The next one tells; without any for a minute the run counts as failed.
  }

  /** What moved since a full run, where there was one lately and little moved; else in full. */
  private async compared(
    id: string,
    applied: Applied,
    isFull: boolean,
    note: Reconciling['note'],
  ): Promise<Reconciled> {
    const by = await this.reconciling(applied, note);
    const { mapping, version: mappingVersion } = applied;
    const { fullEvery } = this.settings.reconciliation;
    const notes = isFull ? null : await findNotes(this.pool, mapping.name, mappingVersion, fullEvery);
    const since = notes && (await this.inOneSnapshot((client) => reconcileSince(client, by, notes)));
    if (since) return since;
    const { notes: taken, ...found } = await this.inOneSnapshot((client) => reconcile(client, by));
    const { position } = found;
    await keepNotes(this.pool, { run: id, mapping: mapping.name, mappingVersion, position }, taken);
    return found;
  }

  private async reconciling(applied: Applied, note: Reconciling['note']): Promise<Reconciling> {
    const { mapping } = applied;
    const needs = await this.applied.needsOf(mapping);
    return {
      note,
      needs,
      ...this.backend(applied),
      again: (keys) => atRest(this.pool, mapping, needs, keys),
      known: (targetKeys) => knownKeys(this.pool, mapping, needs, targetKeys),
      unaccounted: (keys) => withoutDelivery(this.pool, mapping, keys),
    };
  }

  private backend(applied: Applied): Seeing {
    const { mapping } = applied;
    return {
      mapping,
      connector: this.destinations.connector(mapping.destination),
      target: targetOf(applied),
      inTurn: this.calls.to(mapping.destination).inTurn(CALL_TIMEOUT_MS),
    };
  }

  private async inOneSnapshot<T>(work: (client: pg.ClientBase) => Promise<T>): Promise<T> {
    const client = await this.pool.connect();
    let broken: Error | undefined;
    try {
      await client.query(
        `begin isolation level repeatable read read only; set local statement_timeout = 0;
         set local idle_in_transaction_session_timeout = ${SNAPSHOT_MAX_MS}`,
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

function targetOf({ mapping }: Applied): ObjectTarget {
  const { object, operation, keyField } = mapping;
  return { object, operation, keyField };
}
