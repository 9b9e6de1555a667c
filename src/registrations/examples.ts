/** A registration as the documentation shows it. */
export const REGISTRATION_EXAMPLE = {
  id: '01a20d9d-e939-7252-ab78-a76974ef5608',
  event: {
    id: '01a20d9d-9834-7ed7-879f-df2ea4bf2ab6',
    slug: 'summit-2027',
    name: 'Summit 2027',
    startsAt: '2027-06-01T08:00:00.000Z',
    endsAt: '2027-06-02T17:00:00.000Z',
    timeZone: 'Europe/Berlin',
  },
  status: 'waitlisted',
  position: 3,
  version: 1,
  attendee: {
    email: 'ada@example.org',
    firstName: 'Ada',
    lastName: 'Lovelace',
    company: 'Analytical Engines',
  },
  answers: { diet: 'vegan' },
  consents: [{ purpose: 'terms', granted: true, textVersion: '2026-01', at: '2027-01-12T09:30:00.000Z' }],
  sessions: ['first-mapping'],
  source: { utm_source: 'newsletter' },
  createdAt: '2027-01-12T09:30:00.000Z',
  updatedAt: '2027-01-12T09:30:00.000Z',
  links: {
    self: '/v1/registrations/01a20d9d-e939-7252-ab78-a76974ef5608',
    event: '/v1/events/summit-2027',
    transfer: '/v1/registrations/01a20d9d-e939-7252-ab78-a76974ef5608/transfer',
    calendar: '/v1/registrations/01a20d9d-e939-7252-ab78-a76974ef5608/calendar.ics',
    badge: '/v1/registrations/01a20d9d-e939-7252-ab78-a76974ef5608/badge.svg',
    export: '/v1/registrations/01a20d9d-e939-7252-ab78-a76974ef5608/export',
    person: '/v1/registrations/01a20d9d-e939-7252-ab78-a76974ef5608/person',
  },
};

/** As it is answered to the request that made it, and to its repetitions. */
export const REGISTERED_EXAMPLE = {
  ...REGISTRATION_EXAMPLE,
  manageToken: 'fm_kxNSe6fXvIBtrfO5nNrJhlxZS3ePpAa-M45z4NrdxHY',
};

export const EXPORT_EXAMPLE = {
  at: '2027-01-12T09:30:00.000Z',
  person: {
    id: '01a20d9d-e939-7252-ab78-a76974ef5607',
    email: 'ada@example.org',
    firstName: 'Ada',
    lastName: 'Lovelace',
  },
  registrations: [],
  consents: [],
  attendance: [],
  interactions: [],
  signals: [],
  deliveries: [],
  messages: [],
};
