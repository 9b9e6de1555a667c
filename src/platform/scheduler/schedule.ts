import { CronJob } from 'cron';
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

/** An entry of config/schedules.yaml: when, and either a report or mappings to reconcile. */
export interface Schedule {
  readonly name: string;
  /** Five fields. */
  readonly cron: string;
  readonly timeZone: string;
  readonly report?: string;
  /** `all`: every mapping in force; else its name or several. */
  readonly reconcile?: string | readonly string[];
  /** What becomes of what a reconciliation finds; absent: nothing. */
  readonly repair?: ScheduledRepair;
}

/** `write`: what is ours is delivered again; `remove`: and what is not ours, or twice, is taken away there. */
export const SCHEDULED_REPAIRS = ['none', 'write', 'remove'] as const;
export type ScheduledRepair = (typeof SCHEDULED_REPAIRS)[number];

const SCHEDULES_FILE = 'config/schedules.yaml';

/** @throws Error naming the entry that does not hold */
export function loadSchedules(file = SCHEDULES_FILE): Schedule[] {
  const document = (parse(readFileSync(file, 'utf8')) ?? {}) as Record<string, Omit<Schedule, 'name'>>;
  return Object.entries(document).map(([name, entry]) => {
    const { report, reconcile, repair = 'none' } = entry;
    if ((report === undefined) === (reconcile === undefined))
      throw new Error(`${file}: ${name} asks for a report or for mappings to reconcile: one of the two.`);
    if (!SCHEDULED_REPAIRS.includes(repair))
      throw new Error(`${file}: repair of ${name} is one of ${SCHEDULED_REPAIRS.join(', ')}.`);
    return { name, ...entry };
  });
}

const DAY_MS = 86_400_000;

/** The last time at or before `now` at which the schedule strikes; looked for within the last 32 days. */
export function latestSlot(schedule: Pick<Schedule, 'cron' | 'timeZone'>, now: Date): Date {
  for (const days of [0.05, 1, 8, 32]) {
    const job = new CronJob(schedule.cron, () => undefined, null, false, schedule.timeZone);
    let slot: Date | null = null;
    let from = new Date(now.getTime() - days * DAY_MS);
    for (;;) {
      const next = job.cronTime.getNextDateFrom(from, schedule.timeZone).toJSDate();
      if (next > now) break;
      slot = next;
      from = next;
    }
    if (slot) return slot;
  }
  throw new Error(`the schedule ${schedule.cron} did not strike in the last 32 days`);
}
