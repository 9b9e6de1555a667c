import { describe, expect, it } from 'vitest';
import type { Outcome } from '../../src/connectors/connector.js';
import type { Calls } from '../../src/pipelines/calls.js';
import { checkBatch } from '../../src/pipelines/check-batch.js';
import type { Check } from '../../src/pipelines/decide.js';
import type { Delivering } from '../../src/pipelines/delivering.js';
import type { Settlement } from '../../src/pipelines/delivery.js';
import { ScriptedBackend } from './scripted-backend.js';
import { STANDING, taken } from './standing.js';

const TARGET = { object: 'Lead', operation: 'upsert', keyField: 'ref' } as const;
const NOW = new Date('2026-03-01T12:00:00Z');
const [SECOND_MS, HOUR_MS] = [1_000, 3_600_000];
const REASON = { code: 'away', message: 'Away.', owner: 'backend', status: 503 } as const;
const AWAY: Outcome = { kind: 'retry', afterMs: null, reason: REASON };
const untilMs = NOW.getTime() + 7 * SECOND_MS;
const THROTTLED: Outcome = { kind: 'throttled', untilMs, reason: { ...REASON, status: 429 } };

/** A record that was written and verified, and is looked at once more. */
function check(tries: number): Check {
  return {
    kind: 'check',
    taken: taken(STANDING.version, {}, { tries, nextAttemptAt: NOW, recheckAt: NOW }),
    key: 'a',
  };
}

/** What comes of a look that the backend, or our own share of its calls, does not let through. */
async function looked(tries: number, how: { read?: Outcome; turn?: Outcome }): Promise<Settlement> {
  const backend = new ScriptedBackend('crm');
  backend.readBack = (_target, records) =>
    Promise.resolve({
      records: records.map(() => undefined),
      requestId: null,
      ...(how.read ? { failure: how.read as Exclude<Outcome, { kind: 'written' | 'unchanged' }> } : {}),
    });
  const by: Delivering = {
    connector: backend,
    target: TARGET,
    settings: {
      callTimeoutMs: SECOND_MS,
      retryFirstMs: SECOND_MS,
      retryMaxMs: HOUR_MS,
      giveUpAfterMs: 24 * HOUR_MS,
      verifyDelaysMs: [0],
    } as unknown as Delivering['settings'],
    calls: {
      enter: () => Promise.resolve(() => undefined),
      open: () => Promise.resolve(how.turn ?? (() => Promise.resolve())),
      heard: () => undefined,
      heardRead: () => undefined,
    } as unknown as Calls,
    now: () => NOW,
    lost: new AbortController().signal,
    assertMine: () => undefined,
  };
  return (await checkBatch([check(tries)], by))[0]!;
}

const waitMs = ({ nextAttemptAt }: Settlement): number => nextAttemptAt!.getTime() - NOW.getTime();

describe('A look at what was written that the backend does not answer', () => {
  it('comes again less and less often, and the record stays what it was', async () => {
    let tries = 0;
    for (const nominal of [1, 2, 4, 8].map((seconds) => seconds * SECOND_MS)) {
      const settled = await looked(tries, { read: AWAY });
      expect(settled).toMatchObject({ state: 'verified', recheckAt: NOW });
      expect(waitMs(settled)).toBeGreaterThanOrEqual(0.8 * nominal);
      expect(waitMs(settled)).toBeLessThanOrEqual(1.2 * nominal);
      tries = settled.tries;
    }
  });

  it('never counts towards an end, however many days it takes', async () => {
    let tries = 0;
    for (let i = 0; i < 200; i++) tries = (await looked(tries, { read: AWAY })).tries;
    expect(tries).toBe(13);
    const settled = await looked(tries, { read: AWAY });
    expect(settled.state).toBe('verified');
    expect(waitMs(settled)).toBeLessThanOrEqual(1.2 * HOUR_MS);
  });

  it.each([
    ['the backend asks for a pause', { read: THROTTLED }],
    ['our share of its calls is used up', { turn: THROTTLED }],
  ])('comes again when the pause is over where %s', async (_why, how) => {
    expect(await looked(5, how)).toMatchObject({
      state: 'verified',
      tries: 5,
      nextAttemptAt: new Date(untilMs),
    });
  });
});
