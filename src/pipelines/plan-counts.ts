import type { CallLimits, Connector, ObjectTarget } from '../connectors/connector.js';
import type { Bound, CompiledMapping, LimitName } from '../mapping/compiled-mapping.js';
import type { PipelineSettings } from '../platform/config/settings.js';
import { CHANGE_KINDS, type ChangeKind, type PlannedRecord } from './compare-record.js';

/** Every record is counted in one kind; what stands below `standing` is counted beside it. */
export type PlanCounts = Record<ChangeKind, number> & {
  /** All records of the stream. */
  records: number;
  /** Those of them that were sent before. */
  standing: number;
  /** Those in which a field is emptied. */
  nulled: number;
  /** Fields that are written though nobody knows what stands there. */
  unknownFields: number;
  /** Records that claim a key at the target which another one claims as well. */
  duplicates: number;
  /** Those whose newest change has no answer yet: whichever version is in force then delivers it. */
  underWay: number;
};

export function noCounts(): PlanCounts {
  const kinds = Object.fromEntries(CHANGE_KINDS.map((kind) => [kind, 0])) as Record<ChangeKind, number>;
  return {
    records: 0,
    ...kinds,
    standing: 0,
    nulled: 0,
    unknownFields: 0,
    duplicates: 0,
    underWay: 0,
  };
}

/** What one record adds to the counts. */
export interface PlanContribution {
  readonly kind: ChangeKind;
  readonly isNulled: boolean;
  readonly unknownFields: number;
}

export function contributionOf({ kind, fields }: PlannedRecord): PlanContribution {
  if (kind === 'unchanged' || kind === 'created') return { kind, isNulled: false, unknownFields: 0 };
  return {
    kind,
    isNulled: fields.some(({ to, from }) => to === null && from !== null),
    unknownFields: fields.filter(({ from }) => from === undefined).length,
  };
}

export function count(counts: PlanCounts, record: PlannedRecord): void {
  add(counts, contributionOf(record), 1);
}

/** It was counted for what its mapping makes of it, and is left as it is. */
export function discount(counts: PlanCounts, contribution: PlanContribution): void {
  add(counts, contribution, -1);
  counts.unchanged += 1;
}

function add(counts: PlanCounts, { kind, isNulled, unknownFields }: PlanContribution, sign: 1 | -1): void {
  counts[kind] += sign;
  counts.nulled += isNulled ? sign : 0;
  counts.unknownFields += sign * unknownFields;
}

/** What applying it would cost at the backend; an estimate, since live traffic shares the calls. */
export interface PlanCalls {
  /** Records that are written. */
  readonly writes: number;
  readonly send: number;
  readonly readBack: number;
  readonly total: number;
  /** What the destination allows a day, and how much of it this takes; null where nothing is known. */
  readonly quota: { readonly perDay: number; readonly share: number } | null;
  /** How long it takes at the pace that the destination allows; null where it sets none. */
  readonly seconds: number | null;
}

/** @param writes how many records are written in each lane */
export function callsFor(
  writes: readonly number[],
  connector: Connector,
  target: ObjectTarget,
  settings: PipelineSettings,
): PlanCalls {
  const max = Math.min(connector.batchMax(target), settings.batchMax);
  // A round takes so many of what was asked for again, and each round fills its own batches.
  const inRound = Math.ceil(settings.roundMax / 4);
  const readMax = connector.readBackMax(target);
  let send = 0;
  let readBack = 0;
  for (const records of writes) {
    for (let left = records; left > 0; left -= inRound) {
      for (let inCalls = Math.min(left, inRound); inCalls > 0; inCalls -= max) {
        send += 1;
        if (readMax > 0) readBack += Math.ceil(Math.min(inCalls, max) / readMax);
      }
    }
  }
  const total = send + readBack;
  return {
    writes: writes.reduce((sum, n) => sum + n, 0),
    send,
    readBack,
    total,
    quota: quotaOf(total, connector.limits),
    seconds: secondsOf(total, connector.limits),
  };
}

function quotaOf(calls: number, limits: CallLimits | undefined): PlanCalls['quota'] {
  const perDay = limits?.callsPerDay;
  return perDay ? { perDay, share: calls / perDay } : null;
}

function secondsOf(calls: number, limits: CallLimits | undefined): number | null {
  const paces = [
    ...(limits?.callsPerSecond ? [limits.callsPerSecond] : []),
    ...(limits?.window ? [(limits.window.calls * 1000) / limits.window.ms] : []),
  ];
  return paces.length === 0 ? null : Math.ceil(calls / Math.min(...paces));
}

/** One of the mapping's `limits`, and where the plan stands to it. */
export interface LimitStanding {
  readonly limit: LimitName;
  readonly max: Bound;
  readonly records: number;
  /** Of those that stand there; of what is sent for the first time, of all records of the stream. */
  readonly share: number;
  readonly isExceeded: boolean;
}

/**
 * `changed` bounds everything that is written over what stands there: a field of which nobody knows what stands there
 * may be as wrong as one that changes. So may a version that refuses what the one before sent.
 * @param isFirst no version is in force yet: whatever is sent is sent for the first time, as it is meant to be
 */
export function limitsOf(
  { limits }: Pick<CompiledMapping, 'limits'>,
  counts: PlanCounts,
  isFirst: boolean,
): LimitStanding[] {
  const { changed, unknown, rekeyed, retained, removed, rejected, nulled, created, standing, records } =
    counts;
  const touched = changed + unknown + rekeyed + retained + removed + rejected;
  return [
    ...standingTo('changed', limits.changed, touched, standing),
    ...standingTo('nulled', limits.nulled, nulled, standing),
    ...(isFirst ? [] : standingTo('created', limits.created, created, records)),
  ];
}

function standingTo(limit: LimitName, max: Bound | null, records: number, of: number): LimitStanding[] {
  if (max === null) return [];
  const share = of === 0 ? 0 : records / of;
  const isExceeded = 'share' in max ? share > max.share : records > max.count;
  return [{ limit, max, records, share, isExceeded }];
}
