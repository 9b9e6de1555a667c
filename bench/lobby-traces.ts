import type { LineFigures } from '../src/lobby/controller.js';

/** The controller, as the releaser runs it; built or as source, as the caller has it. */
export type Controller = typeof import('../src/lobby/controller.js') &
  typeof import('../src/lobby/flow.js') &
  typeof import('../src/lobby/flow-meter.js');

const STEP_MS = 500;
const BUDGETS = { maxActive: 200, maxPerMinute: 300 };
const FORM_MEAN_MS = 50_000;
/** Share of those waiting that leaves, per second: one in ten in three minutes. */
const LEAVE_PER_SECOND = 0.0006;
const HOUR_MS = 3_600_000;

/** People a second, by the time since the start. */
export const TRACES: Record<string, (ms: number) => number> = {
  steady: (ms) => (ms < 1_800_000 ? 7 : 3),
  spike: (ms) => (ms < 60_000 ? 60 : 3.5),
  ramp: (ms) => Math.max(0, 9 * (1 - ms / 2_400_000)),
};

interface Visitor {
  readonly number: number;
  readonly joinedMs: number;
  readonly leavesMs: number;
  /** What was told on joining, by our formula and by people ÷ rate; in ms. */
  readonly told: number;
  readonly plain: number;
}

export interface Outcome {
  readonly ours: number[];
  readonly plain: number[];
  readonly activeMax: number;
  readonly perMinuteMax: number;
}

/** An hour of a trace through the controller on a simulated clock; the same for the same seed. */
export function runTrace(controller: Controller, trace: (ms: number) => number, seed: number): Outcome {
  const { decide, expectedWaitSeconds, FlowMeter, freeOf, isAnyoneWaiting } = controller;
  const random = mulberry(seed);
  const exponential = (mean: number): number => -Math.log(1 - random()) * mean;
  const meter = new FlowMeter();
  const waiting: Visitor[] = [];
  let holds: number[] = [];
  let releases: { atMs: number; n: number }[] = [];
  let line = { called: 0, issued: 0, frontier: 0, frontierAtMs: 0 };
  const outcome = { ours: [] as number[], plain: [] as number[], activeMax: 0, perMinuteMax: 0 };
  for (let nowMs = 0; nowMs < HOUR_MS; nowMs += STEP_MS) {
    holds = holds.filter((until) => until > nowMs);
    releases = releases.filter(({ atMs }) => atMs > nowMs - 60_000);
    const flow = meter.flow(BUDGETS);
    for (let n = poisson((trace(nowMs) * STEP_MS) / 1000, random); n > 0; n--) {
      const number = ++line.issued;
      const ahead = number - line.called - 1;
      waiting.push({
        number,
        joinedMs: nowMs,
        leavesMs: nowMs + exponential(1000 / LEAVE_PER_SECOND),
        told: expectedWaitSeconds(ahead, flow) * 1000,
        plain: (ahead / flow.ratePerMinute) * 60_000,
      });
    }
    const present: Visitor[] = [];
    for (const visitor of waiting) {
      if (visitor.number > line.frontier) break;
      if (visitor.leavesMs > nowMs) present.push(visitor);
    }
    const figures: LineFigures = {
      nowMs,
      active: holds.length,
      released: releases.reduce((sum, { n }) => sum + n, 0),
      present: present.length,
      ...line,
    };
    const next = decide(figures, BUDGETS, flow.ratePerMinute);
    const called = present.slice(0, Math.min(next.release, freeOf(figures, BUDGETS)));
    const front = Math.max(next.called, called.at(-1)?.number ?? 0);
    meter.observe(figures, {
      released: called.length,
      passed: front - line.called,
      waitedMs: meanWait(called, nowMs),
    });
    for (const { joinedMs, told, plain } of called) {
      const actual = nowMs - joinedMs;
      // The first minutes have no measured rate yet, and short waits no estimate worth a word.
      if (joinedMs > 240_000 && told > 30_000 && actual > 0) {
        outcome.ours.push(Math.abs(actual - told) / told);
        outcome.plain.push(Math.abs(actual - plain) / plain);
      }
      holds.push(nowMs + exponential(FORM_MEAN_MS));
    }
    if (called.length > 0) releases.push({ atMs: nowMs, n: called.length });
    const isMoved = next.frontier > line.frontier;
    line = {
      called: front,
      issued: line.issued,
      frontier: next.frontier,
      frontierAtMs: isMoved ? nowMs : line.frontierAtMs,
    };
    const taken = new Set(called);
    for (let i = waiting.length - 1; i >= 0; i--) {
      const visitor = waiting[i]!;
      if (visitor.number <= line.frontier && (taken.has(visitor) || visitor.leavesMs <= nowMs))
        waiting.splice(i, 1);
    }
    outcome.activeMax = Math.max(outcome.activeMax, holds.length);
    outcome.perMinuteMax = Math.max(
      outcome.perMinuteMax,
      releases.reduce((sum, { n }) => sum + n, 0),
    );
    if (nowMs > HOUR_MS / 2 && !isAnyoneWaiting({ ...line, present: 0 }) && waiting.length === 0) break;
  }
  return outcome;
}

function meanWait(called: readonly Visitor[], nowMs: number): number {
  if (called.length === 0) return 0;
  return called.reduce((sum, { joinedMs }) => sum + nowMs - joinedMs, 0) / called.length;
}

/** Knuth's method in logarithms. */
function poisson(mean: number, random: () => number): number {
  let n = -1;
  for (let left = mean; left >= 0; n++) left += Math.log(1 - random());
  return n;
}

function mulberry(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
