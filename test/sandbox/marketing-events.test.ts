import { Client } from '@hubspot/api-client';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Twin } from '../../sandbox/twin.js';
import { call, control, hubspotCall, hubspotTwin, journal, records, TOKEN } from './twins.js';

const ACCOUNT = 'foyer';
let twin: Twin;
let events: Client['marketing']['events'];

beforeAll(async () => {
  twin = await hubspotTwin();
  events = new Client({ accessToken: TOKEN, basePath: twin.url }).marketing.events;
});

const summit = {
  externalAccountId: ACCOUNT,
  externalEventId: 'e-1',
  eventName: 'Summit',
  eventOrganizer: 'Example',
  customProperties: [],
};

function attendees(...emails: string[]) {
  return {
    inputs: emails.map((email) => ({
      email,
      interactionDateTime: Date.UTC(2026, 5, 1),
      properties: { joinedAt: '2026-06-01T10:00:00Z', leftAt: '2026-06-01T10:30:00Z' },
      contactProperties: { firstname: 'Given' },
    })),
  };
}

describe('Marketing events, driven by HubSpot’s own client', () => {
  it('are upserted by account and external id', async () => {
    const first = await events.batchApi.upsert({ inputs: [summit] });
    const second = await events.batchApi.upsert({ inputs: [{ ...summit, eventName: 'Summit II' }] });
    expect(second.results[0]!.id).toBe(first.results[0]!.id);
    const read = await events.basicApi.getDetails('e-1', ACCOUNT);
    expect(read).toMatchObject({ eventName: 'Summit II', externalEventId: 'e-1', registrants: 0 });
    await expect(events.basicApi.getDetails('e-404', ACCOUNT)).rejects.toMatchObject({ code: 404 });
  });

  it('take registrations by e-mail, make the contacts that are not there and change none that is', async () => {
    await hubspotCall(twin, 'POST', '/crm/v3/objects/contacts', {
      properties: { email: 'known@example.com', firstname: 'Known' },
    });
    const { addEventAttendeesApi: states } = events;
    const answer = await states.recordByContactEmails(
      'e-1',
      'register',
      attendees('known@example.com', 'New@example.com', 'none', 'left@example.com'),
      ACCOUNT,
    );
    expect(answer.results.map(({ email }) => email)).toEqual([
      'known@example.com',
      'new@example.com',
      'left@example.com',
    ]);
    const names = (await records(twin, 'contacts')).map(({ fields }) => fields.firstname);
    expect(names).toEqual(['Known', 'Given', 'Given']);
    expect((await journal(twin)).filter(({ key }) => key === 'none')).toMatchObject([
      { outcome: 'rejected', object: 'participations' },
    ]);
  });

  it('know who attended, cancelled and did not come once they are complete', async () => {
    const { addEventAttendeesApi: states, retrieveParticipantStateApi: read } = events;
    const [contact] = await records(twin, 'contacts');
    const byId = [{ vid: Number(contact!.id), interactionDateTime: 1, properties: {} }];
    await states.recordByContactIds('e-1', 'attend', { inputs: byId }, ACCOUNT);
    await states.recordByContactEmails('e-1', 'cancel', attendees('left@example.com'), ACCOUNT);
    await states.recordByContactEmails('e-1', 'register', attendees('known@example.com'), ACCOUNT);
    const span = {
      startDateTime: new Date('2026-06-01T09:00:00Z'),
      endDateTime: new Date('2026-06-01T17:00:00Z'),
    };
    expect(await events.changePropertyApi.complete('e-1', ACCOUNT, span)).toMatchObject({
      eventCompleted: true,
    });
    expect(await read.getParticipationsCountersByEventExternalId(ACCOUNT, 'e-1')).toMatchObject({
      registered: 3,
      attended: 1,
      cancelled: 1,
      noShows: 1,
    });
    const { total, results } = await read.getParticipationsBreakdownByExternalEventId(
      ACCOUNT,
      'e-1',
      undefined,
      undefined,
      2,
    );
    expect([total, results.length]).toEqual([3, 2]);
    expect(results[0]).toMatchObject({
      properties: { attendanceState: 'ATTENDED' },
      associations: { contact: { email: 'known@example.com' } },
    });
  });

  it('start anew when the twin is emptied', async () => {
    await control(twin, 'DELETE', '');
    await expect(events.basicApi.getDetails('e-1', ACCOUNT)).rejects.toMatchObject({ code: 404 });
    expect((await events.batchApi.upsert({ inputs: [summit] })).results).toHaveLength(1);
  });
});

describe('HubSpot’s OAuth', () => {
  it('gives an access token for the refresh token, and says when it is over', async () => {
    const client = new Client({ basePath: twin.url });
    const grant = (refreshToken: string) =>
      client.oauth.tokensApi.create(
        'refresh_token',
        undefined,
        undefined,
        'twin-client',
        'twin-secret',
        refreshToken,
      );
    const { accessToken, expiresIn } = await grant('twin-refresh');
    expect(expiresIn).toBe(1800);
    const read = () =>
      call('GET', `${twin.url}/crm/v3/objects/contacts`, undefined, {
        Authorization: `Bearer ${accessToken}`,
      });
    expect((await read()).status).toBe(200);
    await control(twin, 'DELETE', '/tokens');
    expect(await read()).toMatchObject({ status: 401, body: { category: 'EXPIRED_AUTHENTICATION' } });
    await expect(grant('stale')).rejects.toMatchObject({ code: 400 });
  });
});
