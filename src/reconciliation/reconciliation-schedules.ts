import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { type Applied, AppliedMappings } from '../pipelines/applied-mappings.js';
import { Destinations } from '../pipelines/destinations.js';
import { LOGGER, type Logger } from '../platform/logger.js';
import { loadSchedules, type Schedule } from '../platform/scheduler/schedule.js';
import { Scheduler } from '../platform/scheduler/scheduler.js';
import { Reconciliations } from './reconciliations.js';

/** Compares both sides when their time comes: each slot once for each mapping, whichever worker is first. */
@Injectable()
export class ReconciliationSchedules implements OnApplicationBootstrap {
  /** Names that were warned of: a slot is looked at many times. */
  private readonly told = new Set<string>();

  constructor(
    private readonly scheduler: Scheduler,
    private readonly reconciliations: Reconciliations,
    private readonly applied: AppliedMappings,
    private readonly destinations: Destinations,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    for (const schedule of loadSchedules()) {
      if (schedule.reconcile !== undefined)
        this.scheduler.add(schedule, (slot) => this.runSlot(schedule, slot));
    }
  }

  /** One mapping after another; nothing is repaired unless the schedule says so. */
  async runSlot(schedule: Schedule, slot: Date): Promise<void> {
    for (const applied of await this.asked(schedule)) {
      try {
        await this.runOne(applied, schedule, slot);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        const told = { schedule: schedule.name, mapping: applied.mapping.name, reason };
        this.logger.error(told, 'a scheduled reconciliation stopped; the next mapping follows');
      }
    }
  }

  private async runOne(applied: Applied, { name, repair = 'none' }: Schedule, slot: Date): Promise<void> {
    const id = await this.reconciliations.runSlot(applied, { schedule: name, slot });
    if (id === null || repair === 'none') return;
    const { repaired, left } = await this.reconciliations.repair(id, { remove: repair === 'remove' });
    if (repaired + left > 0)
      this.logger.info({ mapping: applied.mapping.name, run: id, repaired, left }, 'repaired');
  }

  private async asked({ name, reconcile }: Schedule): Promise<Applied[]> {
    const inForce = (await this.applied.all()).filter(({ mapping }) => this.destinations.isLeaving(mapping));
    if (reconcile === 'all') return inForce.filter((one) => this.reconciliations.canCompare(one));
    const names = [reconcile ?? []].flat();
    for (const mapping of names.filter((one) => inForce.every((known) => known.mapping.name !== one))) {
      if (!this.told.has(mapping))
        this.logger.warn({ schedule: name, mapping }, 'not reconciled: no such mapping is in force');
      this.told.add(mapping);
    }
    return inForce.filter(({ mapping }) => names.includes(mapping.name));
  }
}
