import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '../support/wait-for.js';
import { OPERATOR, TestApp } from '../http/app.js';

const FORM = {
  schema: {
    type: 'object',
    required: ['diet'],
    properties: {
      diet: { type: 'string', enum: ['any', 'vegan'], title: 'What do you eat?' },
      years: { type: 'integer', minimum: 0, title: 'Years in the trade' },
      topics: { type: 'array', items: { enum: ['data', 'web'] }, title: 'Topics' },
    },
  },
  consents: [
    { purpose: 'terms', text: 'I accept the terms', textVersion: '1', required: true },
    { purpose: 'marketing', text: 'You may write to me', textVersion: '1', required: false },
  ],
};

const ADA = {
  key: 'form-1',
  email: 'ada@example.org',
  firstName: 'Ada',
  lastName: 'Lovelace',
  phone: '+44 (20) 7123-4567',
  country: 'GB',
  'answers.diet': 'vegan',
  'answers.years': '12',
  'consents.terms': 'yes',
};

let app: TestApp;

beforeAll(async () => {
  app = await TestApp.start();
  await makeEvent('pages', { capacity: 1, waitlist: { capacity: 1 } });
});
afterAll(() => app.stop());

async function makeEvent(slug: string, places: object): Promise<void> {
  const operator = (method: string, path: string, body: object) =>
    app.call(method, path, { body, token: OPERATOR });
  const times = {
    startsAt: '2031-05-01T08:00:00Z',
    endsAt: '2031-05-02T16:00:00Z',
    timeZone: 'Europe/Berlin',
  };
  const made = await operator('POST', '/v1/events', { slug, name: 'Days of <Pages>', ...times, ...places });
  expect(made.status).toBe(201);
  await operator('PUT', `/v1/events/${slug}/form`, FORM);
  await operator('PUT', `/v1/events/${slug}/sessions/lab-1`, {
    title: 'A lab with few seats',
    startsAt: '2031-05-01T09:00:00Z',
    endsAt: '2031-05-01T10:00:00Z',
    kind: 'lab',
    speakers: [],
    capacity: 5,
  });
  expect((await operator('PATCH', `/v1/events/${slug}`, { state: 'open' })).status).toBe(200);
}

async function page(method: string, path: string, fields?: object, headers: Record<string, string> = {}) {
  const response = await fetch(`${app.url}${path}`, {
    method,
    redirect: 'manual',
    headers: {
      ...(fields ? { 'content-type': 'application/x-www-form-urlencoded' } : {}),
      ...headers,
    },
    ...(fields ? { body: new URLSearchParams(fields as Record<string, string>).toString() } : {}),
  });
  return { status: response.status, html: await response.text(), headers: response.headers };
}

describe('Someone who opens the registration page', () => {
  it('sees the event, its questions, its seats and what is to be agreed to, in one answer that loads nothing else', async () => {
    const { status, html, headers } = await page('GET', '/e/pages');
    expect(status).toBe(200);
    for (const text of [
      'Days of &lt;Pages>',
      'What do you eat?',
      'A lab with few seats',
      'One place is left.',
    ]) {
      expect(html).toContain(text);
    }
    expect(html).not.toMatch(/<(script|link|img|iframe)\b|https?:\/\//);
    expect(headers.get('content-security-policy')).toMatch(/^default-src 'none'; style-src 'sha256-/);
  });

  it('reads it in German where the browser prefers that, or the address asks for it', async () => {
    const byBrowser = await page('GET', '/e/pages', undefined, {
      'accept-language': 'fr;q=0.9, de-CH, en;q=0.5',
    });
    expect(byBrowser.html).toContain('<html lang="de">');
    expect((await page('GET', '/e/pages?lang=de')).html).toContain('Ein Platz ist noch frei.');
  });

  it('gets the form back as it was sent, each fault at its field, and nothing was registered', async () => {
    const { status, html } = await page('POST', '/e/pages', {
      ...ADA,
      email: 'ada@',
      lastName: '"><script>alert(1)</script>',
      'answers.diet': '',
      'answers.years': 'many',
      'consents.terms': '',
    });
    expect(status).toBe(400);
    expect(html).toMatch(/id="email"[^>]*aria-invalid="true"|aria-invalid="true"[^>]*id="email"/);
    expect(html).toContain('value="ada@"');
    expect(html).not.toContain('<script>alert');
    const next = await page('POST', '/e/pages', { ...ADA, 'answers.diet': '', 'consents.terms': '' });
    expect(next.status).toBe(422);
    for (const id of ['answers.diet-wrong', 'consents.terms-wrong'])
      expect(next.html).toContain(`id="${id}"`);
    expect(next.html).toContain('2 things need another look');
    const { body } = await app.call('GET', '/v1/events/pages/registrations', { token: OPERATOR });
    expect(body.items).toEqual([]);
  });

  it('registers once though the form is sent twice, and what was given is what is kept', async () => {
    const first = await page('POST', '/e/pages', { ...ADA, sessions: 'lab-1' });
    expect([first.status, first.html.includes('You are in')]).toEqual([201, true]);
    expect((await page('POST', '/e/pages', { ...ADA, sessions: 'lab-1' })).html).toContain('You are in');
    const { body } = await app.call('GET', '/v1/events/pages/registrations', { token: OPERATOR });
    expect(body.items).toHaveLength(1);
    expect(body.items[0]).toMatchObject({
      attendee: { email: 'ada@example.org', phone: '+442071234567', country: 'GB', locale: 'en' },
      answers: { diet: 'vegan', years: 12 },
      sessions: ['lab-1'],
      consents: [
        { purpose: 'marketing', granted: false },
        { purpose: 'terms', granted: true },
      ],
    });
  });

  it('is told so where the e-mail is registered already, and joins the waitlist where no place is left', async () => {
    const again = await page('POST', '/e/pages', { ...ADA, key: 'form-2' });
    expect([again.status, again.html.includes('registered already')]).toEqual([409, true]);
    const next = await page('POST', '/e/pages', { ...ADA, key: 'form-3', email: 'bob@example.org' });
    expect([next.status, next.html.includes('You are number 1.')]).toEqual([201, true]);
    // What a page says of places may be a second old.
    const full = await waitFor(
      () => page('GET', '/e/pages'),
      ({ html }) => html.includes('All places are taken, and so is the waitlist.'),
    );
    expect(full.html).not.toContain('<form');
  });

  it('sees and cancels the registration by its link alone', async () => {
    const made = await page('POST', '/e/pages', { ...ADA, sessions: 'lab-1' });
    const link = /href="(\/r\/[^"]+)"/.exec(made.html)![1]!.replaceAll('&amp;', '&');
    const seen = await page('GET', link);
    expect([seen.status, seen.html.includes('ada@example.org')]).toEqual([200, true]);
    expect((await page('GET', link.replace(/token=fm_./, 'token=fm_x'))).status).toBe(404);
    const foreign = await page('POST', link, {}, { origin: 'https://elsewhere.example' });
    expect(foreign.status).toBe(403);
    const cancelled = await page('POST', link, {});
    expect([cancelled.status, cancelled.headers.get('location')]).toEqual([303, link]);
    expect((await page('GET', link)).html).toContain('Your registration is cancelled');
  });

  it('is told by mail only, where the event wants nobody to learn who is registered', async () => {
    await makeEvent('discreet', { capacity: null, waitlist: { capacity: null }, privacy: 'strict' });
    for (const key of ['first', 'again']) {
      const { status, html } = await page('POST', '/e/discreet', { ...ADA, key });
      expect([status, html.includes('Look into your mail')]).toEqual([202, true]);
    }
  });

  it('finds a calm page where there is nothing, and the API takes no forms', async () => {
    const missing = await page('GET', '/e/never-heard-of');
    expect([missing.status, missing.html.includes('There is nothing here')]).toEqual([404, true]);
    const form = await page('POST', '/v1/events/pages/registrations', ADA);
    expect([form.status, form.headers.get('content-type')]).toEqual([
      415,
      'application/problem+json; charset=utf-8',
    ]);
  });
});
