const SELF = '/v1/webhooks/0190b5a0-0000-7000-8000-0000000000c1';

/** Answers of the API as they look; a test holds them against real ones. */
export const WEBHOOK_EXAMPLE = {
  id: '0190b5a0-0000-7000-8000-0000000000c1',
  url: 'https://example.com/hooks/foyer',
  topics: ['registration.confirmed', 'registration.cancelled'],
  event: '0190b5a0-0000-7000-8000-0000000000e1',
  payload: 'full',
  filter: { status: 'confirmed' },
  state: 'active',
  publicKey: 'whpk_bPwwW8LYeL8ojHNkigg+HRwXLANTpmvbnhf5EG+p6Ag=',
  createdAt: '2027-03-01T09:00:00.000Z',
  links: {
    self: SELF,
    attempts: `${SELF}/attempts`,
    pause: `${SELF}/pause`,
    resume: `${SELF}/resume`,
    rotate: `${SELF}/rotate`,
    test: `${SELF}/test`,
    replay: `${SELF}/replay`,
  },
};

export const CREATED_WEBHOOK_EXAMPLE = {
  ...WEBHOOK_EXAMPLE,
  secret: 'whsec_nXkectOXA/6EvUFjXMSbRco76wF/Su8C',
};

export const ROTATED_WEBHOOK_EXAMPLE = {
  ...CREATED_WEBHOOK_EXAMPLE,
  previousSecretUntil: '2027-03-02T09:00:00.000Z',
};

export const TESTED_WEBHOOK_EXAMPLE = {
  message: 'msg_0190b5a00000700080000000000000c1_t1',
  links: { attempts: `${SELF}/attempts` },
};

export const REPLAYED_WEBHOOK_EXAMPLE = { matched: 12 };

export const ATTEMPT_EXAMPLE = {
  id: '0190b5a0-0000-7000-8000-0000000000a1',
  at: '2027-03-01T09:00:01.000Z',
  status: 503,
  outcome: 'failed',
  message: 'msg_0190b5a00000700080000000000000c1_48213',
  topic: 'registration.confirmed',
  sequence: 1,
  registration: '0190b5a0-0000-7000-8000-000000000001',
  reason: 'It answered 503.',
};
