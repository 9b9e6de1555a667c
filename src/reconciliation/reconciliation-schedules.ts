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
      const id = await this.reconciliations.runSlot(applied, { schedule: schedule.name, slot });
      const { repair = 'none' } = schedule;
      if (id === null || repair === 'none') continue;
      const { repaired, left } = await this.reconciliations.repair(id, { remove: repair === 'remove' });
      if (repaired + left > 0)
        this.logger.info({ mapping: applied.mapping.name, run: id, repaired, left }, 'repaired');
    }
  }

  private async asked({ name, reconcile }: Schedule): Promise<Applied[]> {
    const inForce = (await this.applied.all()).filter(({ mapping }) => this.destinations.isLeaving(mapping));
    if (reconcile === 'all') return inForce.filter((one) => this.reconciliations.canCompare(one));
    const names = [reconcile ?? []].flat();
    for (const mapping of names.filter((one) => inForce.every((known) => known.mapping.name !== one)))
      this.logger.warn({ schedule: name, mapping }, 'not reconciled: no such mapping is in force');
    return inForce.filter(({ mapping }) => names.includes(mapping.name));
  }
}
