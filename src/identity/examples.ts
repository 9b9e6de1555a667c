/** Examples of the contract at /docs. */
export const ME_EXAMPLE = {
  kind: 'login',
  id: '0198f2b4-6a51-7c3e-9d1f-3f6f0a6f2c11',
  provider: 'corporate',
  role: 'operator',
  attendee: { email: 'ada@example.org', firstName: 'Ada', lastName: 'Lovelace' },
  authenticatedAt: '2027-03-01T09:00:00.000Z',
  idleUntil: '2027-03-01T10:00:00.000Z',
  expiresAt: '2027-03-01T21:00:00.000Z',
  csrfToken: 'kY3…',
  links: {
    self: '/v1/me',
    registrations: '/v1/me/registrations',
    logout: '/sso/logout',
    account: '/sso/account',
  },
};

export const SIGNED_OUT_EXAMPLE = { ended: 3 };

export const API_KEY_EXAMPLE = {
  id: '0198f2b4-6a51-7c3e-9d1f-3f6f0a6f2c12',
  name: 'badge printers',
  role: 'viewer',
  createdAt: '2027-03-01T09:00:00.000Z',
  expiresAt: '2027-04-01T09:00:00.000Z',
  revokedAt: null,
  links: { self: '/v1/api-keys/0198f2b4-6a51-7c3e-9d1f-3f6f0a6f2c12' },
};
