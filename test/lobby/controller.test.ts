import { describe, expect, it } from 'vitest';
import { runTrace, TRACES } from '../../bench/lobby-traces.js';
import * as controller from '../../src/lobby/controller.js';
import * as flow from '../../src/lobby/flow.js';
import * as flowMeter from '../../src/lobby/flow-meter.js';

const { decide, horizonOf } = controller;
const { expectedWaitSeconds, waitInterval } = flow;
type LineFigures = controller.LineFigures;
const BUDGETS = { maxActive: 10, maxPerMinute: 100 };
const LINE: LineFigures = {
  nowMs: 100_000,
  active: 4,
  released: 50,
  present: 3,
  called: 20,
  issued: 500,
  frontier: 60,
  frontierAtMs: 99_000,
};

describe('The controller', () => {
  it('releases those present, up to the smaller of what both budgets leave', () => {
    expect(decide(LINE, BUDGETS, 60).release).toBe(3);
    expect(decide({ ...LINE, present: 30 }, BUDGETS, 60).release).toBe(6);
    expect(decide({ ...LINE, present: 30, released: 98 }, BUDGETS, 60).release).toBe(2);
    expect(decide({ ...LINE, present: 30, active: 12 }, BUDGETS, 60).release).toBe(0);
  });

  it('opens check-in about a minute ahead, and never past the last number', () => {
    expect(decide(LINE, BUDGETS, 60).frontier).toBe(20 + horizonOf(BUDGETS, 60));
    expect(decide({ ...LINE, issued: 70 }, BUDGETS, 60).frontier).toBe(70);
  });

  it('moves past those who are absent only once they had their chance', () => {
    expect(decide({ ...LINE, present: 0 }, BUDGETS, 60).called).toBe(20);
    expect(decide({ ...LINE, present: 0, frontierAtMs: 90_000 }, BUDGETS, 60).called).toBe(60);
    expect(decide({ ...LINE, present: 30, frontierAtMs: 90_000 }, BUDGETS, 60).called).toBe(20);
  });

  it('corrects the wait for those who leave', () => {
    expect(expectedWaitSeconds(600, { ratePerMinute: 60, abandonment: 0 })).toBe(600);
    const corrected = expectedWaitSeconds(600, { ratePerMinute: 60, abandonment: 0.001 });
    expect(corrected).toBeCloseTo(Math.log(1.6) / 0.001, 6);
    const { low, high } = waitInterval(600, { ratePerMinute: 60, abandonment: 0.001 });
    expect(low).toBeLessThan(corrected);
    expect(high).toBeGreaterThan(corrected);
    expect(waitInterval(0, { ratePerMinute: 60, abandonment: 0 })).toEqual({ low: 0, high: 1 });
  });

  it('runs an hour the same way for the same seed, within both budgets', () => {
    const once = runTrace({ ...controller, ...flow, ...flowMeter }, TRACES.spike!, 3);
    expect(runTrace({ ...controller, ...flow, ...flowMeter }, TRACES.spike!, 3)).toEqual(once);
    expect(once.ours.length).toBeGreaterThan(1_000);
    expect(once.activeMax).toBeLessThanOrEqual(200);
    expect(once.perMinuteMax).toBeLessThanOrEqual(300);
  });
});
