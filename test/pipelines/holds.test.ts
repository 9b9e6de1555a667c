import { describe, expect, it } from 'vitest';
import type { Outcome } from '../../src/connectors/connector.js';
import { Holds } from '../../src/pipelines/holds.js';

const NOW = new Date('2026-03-01T12:00:00Z');
const REASON = { code: 'timeout', message: 'No answer came in time.', owner: 'backend' } as const;
const SILENCE: readonly Outcome[] = [{ kind: 'unanswered', reason: REASON }];
const DONE: readonly Outcome[] = [{ kind: 'written', targetId: '1', created: true }];

const after = (ms: number): Date => new Date(NOW.getTime() + ms);

/** How long a destination is left alone, seen from now. */
function heldMs(holds: Holds, now = NOW): number {
  const until = holds.until('crm', now);
  return until === 0 ? 0 : until - now.getTime();
}

describe('A destination that falls silent', () => {
  it('is left alone for a moment, and for longer each time it is found silent again', () => {
    const holds = new Holds();
    holds.learn('crm', SILENCE, NOW);
    const first = heldMs(holds);
    const later = after(first);
    expect(heldMs(holds, later)).toBe(0);
    holds.learn('crm', SILENCE, later);
    expect(heldMs(holds, later)).toBe(2 * first);
  });

  it('counts as silent once, however many calls were under way when it did', () => {
    const holds = new Holds();
    holds.learn('crm', SILENCE, NOW);
    const once = heldMs(holds);
    for (let call = 0; call < 16; call++) holds.learn('crm', SILENCE, NOW);
    expect(heldMs(holds)).toBe(once);
  });

  it('is free as soon as anything gets through', () => {
    const holds = new Holds();
    holds.learn('crm', SILENCE, NOW);
    holds.learn('crm', DONE, NOW);
    expect(heldMs(holds)).toBe(0);
  });

  it('is left alone as long as it asks for', () => {
    const holds = new Holds();
    holds.learn('crm', [{ kind: 'throttled', untilMs: after(7_000).getTime(), reason: REASON }], NOW);
    expect(heldMs(holds)).toBe(7_000);
  });
});
