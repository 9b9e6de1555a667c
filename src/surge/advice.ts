import type { Downstream } from './downstream.js';
import type { Sample } from './sample.js';
import { isAcknowledged, type Visit } from './visit.js';

/** Above the slots that Little's law asks for: forms take longer on some days. */
const RESERVE = 1.1;
/** A registration that takes longer than this for one in a hundred says that the instance is at its limit. */
const SLOW_MS = 1_000;
const MARGIN_AT_LIMIT = 0.8;

/** What to set, and why. */
export interface Advice {
  /** How long a slot is held, in the mean: from the call to the registration, leavers and latecomers included. */
  readonly slotSeconds: number | null;
  readonly maxActive: number | null;
  readonly maxPerMinute: number | null;
  /** From the opening until the line is gone, at these settings. */
  readonly openMinutesBefore: number | null;
  readonly reasons: readonly string[];
}

export interface Findings {
  readonly visits: readonly Visit[];
  readonly samples: readonly Sample[];
  readonly waitMinutes: number;
  readonly opensAfterMinutes: number;
  readonly set: { readonly maxActive: number; readonly maxPerMinute: number };
  readonly registerP99Ms: number;
  readonly hasErrors: boolean;
  readonly downstream: readonly Downstream[];
}

export function advise(findings: Findings): Advice {
  const slotSeconds = slotSecondsOf(findings);
  if (slotSeconds === null)
    return {
      slotSeconds,
      maxActive: null,
      maxPerMinute: null,
      openMinutesBefore: null,
      reasons: ['Nobody had to wait: what is set suffices for this many, and more visitors would tell more.'],
    };
  const needed = neededPerMinute(findings);
  const limits = limitsOf(findings);
  const limit = Math.min(...limits.map(({ perMinute }) => perMinute));
  const maxPerMinute = Math.max(1, Math.ceil(Math.min(needed, limit)));
  const maxActive = Math.max(1, Math.ceil((maxPerMinute / 60) * slotSeconds * RESERVE));
  const openMinutesBefore = Math.ceil(lineGoneMinutes(findings, maxPerMinute));
  const { maxActive: hadActive, maxPerMinute: hadPerMinute } = findings.set;
  return {
    slotSeconds: Math.round(slotSeconds * 10) / 10,
    maxActive,
    maxPerMinute,
    openMinutesBefore,
    reasons: [
      `maxPerMinute ${maxPerMinute} (was ${hadPerMinute}): to let everyone of this run in within ${waitText(findings.waitMinutes)} of coming, ${Math.ceil(needed)} a minute must be let through.`,
      ...limits.filter(({ perMinute }) => perMinute < needed).map(({ why }) => why),
      `maxActive ${maxActive} (was ${hadActive}): a slot was held for ${slotSeconds.toFixed(1)} s in the mean, and by Little’s law ${maxPerMinute} a minute × ${slotSeconds.toFixed(1)} s ÷ 60 people are inside at once; a tenth more is for slower days.`,
      `Open registration at least ${openMinutesBefore} minutes before everyone must be in: that long it takes at ${maxPerMinute} a minute until the line is gone.`,
    ],
  };
}

/** Little's law, solved for the time: the area under the slots held, per call. */
function slotSecondsOf({ visits, samples }: Findings): number | null {
  const calls = visits.filter(({ passMs }) => passMs !== null).length;
  if (calls === 0) return null;
  let area = 0;
  samples.forEach(({ atMs, active }, i) => (area += active * ((samples[i + 1]?.atMs ?? atMs) - atMs)));
  return area / 1000 / calls;
}

/** The least rate at which everyone who stayed is called within the time: each of the first n, n ÷ (their time + wait). */
function neededPerMinute(findings: Findings): number {
  let needed = 0;
  comeMinutes(findings).forEach((minutes, i) => {
    needed = Math.max(needed, (i + 1) / (minutes + findings.waitMinutes));
  });
  return needed;
}

function lineGoneMinutes(findings: Findings, perMinute: number): number {
  let free = 0;
  for (const minutes of comeMinutes(findings)) free = Math.max(free, minutes) + 1 / perMinute;
  return free;
}

/** When each of those who stayed could be let in first: minutes since the opening. */
function comeMinutes({ visits, opensAfterMinutes }: Findings): number[] {
  return visits
    .filter(({ fate }) => fate !== 'left' && fate !== 'refused')
    .map(({ arrivedMs }) => Math.max(0, arrivedMs / 60_000 - opensAfterMinutes));
}

function limitsOf({
  visits,
  registerP99Ms,
  hasErrors,
  downstream,
}: Findings): { perMinute: number; why: string }[] {
  const limits: { perMinute: number; why: string }[] = [];
  const perMinute = busiestMinute(visits);
  if (registerP99Ms > SLOW_MS || hasErrors) {
    const most = perMinute * MARGIN_AT_LIMIT;
    const what = hasErrors
      ? 'requests failed'
      : `one registration in a hundred took ${(registerP99Ms / 1000).toFixed(1)} s`;
    limits.push({
      perMinute: most,
      why: `But ${what} when ${perMinute} a minute registered, so no more than ${Math.floor(most)} a minute until the instance is larger.`,
    });
  }
  for (const { mapping, perMinute: settles } of downstream)
    if (settles !== null)
      limits.push({
        perMinute: settles,
        why: `But ${mapping} settles ${Math.floor(settles)} a minute: beyond that its backlog grows (nothing is lost; it comes later).`,
      });
  return limits;
}

/** The most registrations in any 60 seconds. */
function busiestMinute(visits: readonly Visit[]): number {
  const times = visits
    .filter(isAcknowledged)
    .map(({ endedMs }) => endedMs!)
    .sort((a, b) => a - b);
  let [perMinute, from] = [0, 0];
  times.forEach((ms, i) => {
    while (ms - times[from]! >= 60_000) from++;
    perMinute = Math.max(perMinute, i - from + 1);
  });
  return perMinute;
}

function waitText(minutes: number): string {
  return minutes < 2 ? `${Math.round(minutes * 60)} seconds` : `${minutes} minutes`;
}
