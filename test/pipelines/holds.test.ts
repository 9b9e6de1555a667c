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

describe('A permission that is missing', () => {
  const FORBIDDEN: readonly Outcome[] = [{ kind: 'unauthorised', isOfKind: true, reason: REASON }];
  const heldOf = (holds: Holds, kind: string, now = NOW): number =>
    Math.max(0, holds.until('crm', now, kind) - now.getTime());

  it('holds what it is for, whatever else gets through', () => {
    const holds = new Holds();
    holds.learn('crm', FORBIDDEN, NOW, 'upsert events');
    holds.learn('crm', DONE, NOW, 'upsert contacts');
    expect(heldOf(holds, 'upsert events')).toBe(60_000);
    expect(heldOf(holds, 'upsert contacts')).toBe(0);
    expect(heldOf(holds, 'upsert events', after(60_000))).toBe(0);
    expect(holds.isTrying('crm', 'upsert events')).toBe(true);
    expect(holds.isTrying('crm', 'upsert contacts')).toBe(false);
    holds.learn('crm', DONE, after(60_000), 'upsert events');
    expect(heldOf(holds, 'upsert events', after(60_000))).toBe(0);
  });

  it('is another thing than credentials that are not accepted at all: those hold everything', () => {
    const holds = new Holds();
    holds.learn('crm', [{ kind: 'unauthorised', reason: REASON }], NOW, 'upsert events');
    expect(heldOf(holds, 'upsert contacts')).toBe(60_000);
  });
});
