import { describe, expect, it } from 'vitest';
import type { DeliveryReason, DeliveryState } from '../../src/pipelines/delivery.js';
import type { DeliveryView } from '../../src/pipelines/deliveries.js';
import { sentence, stoodBefore, type Unread } from '../../src/pipelines/why-sentence.js';

const REFUSED: DeliveryReason = {
  code: 'no-such-country',
  message: 'There is no such country.',
  owner: 'data',
};
const UNREAD: Unread = { version: 2, isPaused: false, behind: 0 };

interface Case {
  readonly version?: number;
  readonly targetId?: string;
  readonly reason?: DeliveryReason;
  readonly unread?: Unread | null;
  readonly sent?: boolean;
  readonly isKnown?: boolean;
  readonly written?: number | null;
}

function told(state: DeliveryState, given: Case): { isThere: boolean; sentence: string } {
  const { unread = null, sent = true, isKnown = true, written = 1, version = 2, ...rest } = given;
  const view: DeliveryView = {
    mapping: 'm',
    key: 'k',
    stream: 'person',
    attempts: 2,
    state,
    version,
    ...rest,
  };
  return sentence(view, null, unread, stoodBefore(view, sent, isKnown, written));
}

describe('A record of which an earlier version stands there', () => {
  it.each<[DeliveryState, Case, string]>([
    [
      'rejected',
      { targetId: '501', reason: REFUSED },
      'Version 1 stands there as 501; version 2 was rejected: There is no such country.',
    ],
    ['rejected', { written: null }, 'An earlier version stands there; version 2 was rejected.'],
    [
      'retrying',
      { version: 1, unread: UNREAD, targetId: '501', reason: { ...REFUSED, message: 'It is away' } },
      'Version 1 stands there as 501; version 2 is tried again: It is away.',
    ],
    [
      'retrying',
      { version: 1, unread: UNREAD, targetId: '501', isKnown: false },
      'It stands there as 501, in which form is not known; version 2 is tried again.',
    ],
    [
      'pending',
      { version: 1, unread: { ...UNREAD, isPaused: true }, targetId: '501' },
      'Version 1 stands there as 501; version 2 waits: the mapping is paused.',
    ],
    [
      'pending',
      { version: 1, unread: UNREAD, reason: { ...REFUSED, message: 'Waits for its contact.' } },
      'Version 1 stands there; version 2 waits: Waits for its contact.',
    ],
    [
      'inDoubt',
      { version: 1, unread: UNREAD, targetId: '501', isKnown: false },
      'It stands there as 501, in which form is not known; nobody knows whether version 2 was written. It waits for a person.',
    ],
  ])('is there though it is %s', (state, given, says) => {
    expect(told(state, given)).toEqual({ isThere: true, sentence: says });
  });
});

describe('A record of which nothing is known to stand there', () => {
  it.each<[DeliveryState, Case]>([
    ['rejected', { sent: false, isKnown: false, reason: REFUSED }],
    ['rejected', { targetId: '501', isKnown: false, reason: { ...REFUSED, code: 'not-stored' } }],
    ['retrying', { isKnown: false }],
    ['pending', { sent: false, isKnown: false, unread: UNREAD }],
    ['inDoubt', { isKnown: false }],
    ['suppressed', { sent: false, isKnown: false }],
  ])('is not there while it is %s', (state, given) => {
    expect(told(state, given).isThere).toBe(false);
  });

  it('is there where only a field of it was not stored as it was written', () => {
    const reason = { ...REFUSED, code: 'not-stored', field: 'country' };
    expect(told('rejected', { targetId: '501', isKnown: false, reason }).isThere).toBe(true);
  });
});
