import { advise } from './advice.js';
import type { Crowd } from './crowd.js';
import type { Downstream } from './downstream.js';
import { judgeFairness } from './fairness.js';
import { Histogram } from './histogram.js';
import { holdersMax, judgeEstimates, judgeOrder, waitSeconds } from './judge.js';
import { MANNERS } from './manners.js';
import type { Overshoot, Report, Scenario } from './report.js';
import type { Sample } from './sample.js';
import { seriesOf } from './series.js';
import { FATES, isAcknowledged, type Visit } from './visit.js';

export interface Outcome {
  readonly scenario: Scenario;
  readonly crowd: Crowd;
  readonly samples: readonly Sample[];
  readonly endedMs: number;
  /** Where the lobby's figures can be seen all the time, and not by samples only. */
  readonly peaks?: { readonly activeMax: number; readonly perMinuteMax: number };
  readonly use: number | null;
  readonly target: Report['target'];
  readonly ledger: Report['ledger'];
  readonly downstream: readonly Downstream[];
}

/** Registrations that visitors were told of. */
export function acknowledgedOf({ visits }: Crowd): number {
  return visits.filter(isAcknowledged).length;
}

export function makeReport(outcome: Outcome): Report {
  const { scenario, crowd, samples, endedMs, use, target, ledger, downstream } = outcome;
  const { visits, log, loot } = crowd;
  const latency = log.latencies();
  const errors = log.errorCounts();
  const body = {
    overshoot: overshootOf(outcome),
    order: judgeOrder(visits),
    fairness: judgeFairness(visits),
    estimates: judgeEstimates(visits, scenario.opensAfterMinutes * 60_000),
    errors,
    cheats: loot,
    ledger,
    downstream,
  };
  const broken = brokenPromises(body);
  return {
    kind: target === null ? 'simulated' : 'measured',
    target,
    scenario,
    held: broken.length === 0,
    broken,
    seconds: Math.round(endedMs / 100) / 10,
    visitors: countsOf(visits),
    waitSeconds: waitsOf(visits),
    use: use === null ? null : Math.round(use * 10_000) / 10_000,
    latency,
    generatorLag: log.lag(),
    ...body,
    advice: advise({
      visits,
      samples,
      waitMinutes: scenario.waitMinutes,
      opensAfterMinutes: scenario.opensAfterMinutes,
      set: scenario.lobby,
      registerP99Ms: latency.find(({ ask }) => ask === 'register')?.p99Ms ?? 0,
      hasErrors: errors.length > 0,
      downstream,
    }),
    series: seriesOf(visits, samples, endedMs),
  };
}

function overshootOf({ scenario, crowd, samples, peaks }: Outcome): Overshoot {
  const { maxActive, maxPerMinute, passSeconds } = scenario.lobby;
  const most = (of: (sample: Sample) => number): number =>
    samples.reduce((max, sample) => Math.max(max, of(sample)), 0);
  const activeMax = peaks?.activeMax ?? most(({ active }) => active);
  const perMinuteMax = peaks?.perMinuteMax ?? most(({ releasedLastMinute }) => releasedLastMinute);
  const holders = holdersMax(crowd.visits, passSeconds);
  const over = Math.max(0, activeMax - maxActive, holders - maxActive, perMinuteMax - maxPerMinute);
  return { activeMax, perMinuteMax, holdersMax: holders, over };
}

function brokenPromises({
  overshoot,
  order,
  errors,
  cheats,
  ledger,
  downstream,
}: Pick<Report, 'overshoot' | 'order' | 'errors' | 'cheats' | 'ledger' | 'downstream'>): string[] {
  const gained = Object.values(cheats).reduce((sum, loot) => sum + loot.gained, 0);
  const failed = errors.reduce((sum, { count }) => sum + count, 0);
  const lost = downstream.filter(({ unaccounted }) => unaccounted > 0);
  return [
    ...(overshoot.over > 0 ? [`${overshoot.over} more were let in than allowed.`] : []),
    ...(order.overtaken > 0 ? [`${order.overtaken} were overtaken although they were there.`] : []),
    ...(order.numbersOutOfOrder > 0 ? [`${order.numbersOutOfOrder} numbers were given out of order.`] : []),
    ...(order.placesLost > 0 ? [`${order.placesLost} lost their place.`] : []),
    ...(gained > 0 ? [`Cheats got ${gained} times what was not theirs.`] : []),
    ...(failed > 0 ? [`${failed} requests failed or were refused without reason.`] : []),
    ...(ledger && ledger.acknowledged !== ledger.registered
      ? [`${ledger.acknowledged} registrations were acknowledged and ${ledger.registered} stand there.`]
      : []),
    ...lost.map(({ mapping, unaccounted }) => `${unaccounted} records are unaccounted for at ${mapping}.`),
  ];
}

function countsOf(visits: readonly Visit[]): Report['visitors'] {
  const fates = Object.fromEntries(FATES.map((fate) => [fate, 0])) as Record<(typeof FATES)[number], number>;
  const manners = Object.fromEntries(
    MANNERS.map((manner) => [manner, { arrived: 0, registered: 0 }]),
  ) as Record<(typeof MANNERS)[number], { arrived: number; registered: number }>;
  const refusals: Record<string, number> = {};
  for (const visit of visits) {
    const { fate, manner, refusal } = visit;
    fates[fate]++;
    manners[manner].arrived++;
    if (isAcknowledged(visit)) manners[manner].registered++;
    if (refusal !== null) refusals[refusal] = (refusals[refusal] ?? 0) + 1;
  }
  const straight = visits.filter(({ isStraight }) => isStraight).length;
  return {
    arrived: visits.length,
    straight,
    inLine: visits.filter(({ number }) => number !== null).length,
    admitted: straight + visits.filter(({ passMs }) => passMs !== null).length,
    fates,
    manners,
    refusals,
  };
}

function waitsOf(visits: readonly Visit[]): Report['waitSeconds'] {
  const waits = new Histogram();
  for (const visit of visits) if (visit.passMs !== null && !visit.wasAway) waits.add(waitSeconds(visit));
  if (waits.count === 0) return null;
  const at = (share: number): number => Math.round(waits.percentile(share) * 10) / 10;
  return { p50: at(0.5), p90: at(0.9), p99: at(0.99), max: at(1) };
}
