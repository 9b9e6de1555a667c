/** Answers as the documentation shows them. */
export const EVENT_EXAMPLE = {
  id: '01a20d9d-9834-7ed7-879f-df2ea4bf2ab6',
  slug: 'summit-2027',
  name: 'Summit 2027',
  startsAt: '2027-06-01T08:00:00.000Z',
  endsAt: '2027-06-02T17:00:00.000Z',
  timeZone: 'Europe/Berlin',
  state: 'open',
  capacity: 500,
  placesLeft: 137,
  waitlist: { capacity: null, waiting: 0 },
  registrationOpensAt: null,
  registrationClosesAt: '2027-05-25T22:00:00.000Z',
  sso: 'none',
  lobby: { state: 'off' },
  links: {
    self: '/v1/events/summit-2027',
    sessions: '/v1/events/summit-2027/sessions',
    form: '/v1/events/summit-2027/form',
    registrations: '/v1/events/summit-2027/registrations',
  },
};

export const SESSION_EXAMPLE = {
  code: 'first-mapping',
  title: 'Your first mapping, from form to CRM',
  startsAt: '2027-06-01T10:00:00.000Z',
  endsAt: '2027-06-01T11:30:00.000Z',
  room: 'Workshop A',
  kind: 'lab',
  speakers: [{ name: 'Jonas Weidner' }],
  capacity: 24,
  seatsLeft: 3,
  links: { event: '/v1/events/summit-2027', sessions: '/v1/events/summit-2027/sessions' },
};

export const FORM_EXAMPLE = {
  version: 2,
  schema: {
    type: 'object',
    required: ['diet'],
    properties: {
      diet: { type: 'string', title: 'What do you eat?', enum: ['anything', 'vegan', 'other'] },
      dietNote: { type: 'string', maxLength: 200, 'x-showIf': { diet: 'other' } },
    },
  },
  consents: [
    {
      purpose: 'terms',
      text: 'I accept the terms of participation.',
      textVersion: '2026-01',
      required: true,
    },
  ],
  links: { self: '/v1/events/summit-2027/form', event: '/v1/events/summit-2027' },
};
