import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '../support/wait-for.js';
import { CHROMIUM, startChromium } from '../support/chromium.js';
import { OPERATOR, TestApp } from '../http/app.js';

const LOBBY = { mode: 'always', maxActive: 1, maxPerMinute: 600, passSeconds: 60, claimSeconds: 30 };
const LOBBY_PAGE_BYTES_MAX = 14 * 1024;

/** A browser, as far as a line needs one: it keeps its cookies and follows where it is sent. */
class Visitor {
  private readonly cookies = new Map<string, string>();

  async go(method: string, path: string, fields?: Record<string, string>) {
    const response = await fetch(`${app.url}${path}`, {
      method,
      redirect: 'manual',
      headers: {
        accept: 'text/html',
        cookie: [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; '),
        ...(fields ? { 'content-type': 'application/x-www-form-urlencoded' } : {}),
      },
      ...(fields ? { body: new URLSearchParams(fields).toString() } : {}),
    });
    for (const cookie of response.headers.getSetCookie()) {
      const [pair = ''] = cookie.split(';');
      const [name = '', value = ''] = pair.split('=');
      if (value === '') this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    return { status: response.status, html: await response.text(), to: response.headers.get('location') };
  }

  cookie(name: string): string | undefined {
    return this.cookies.get(name);
  }
}

let app: TestApp;
let slug: string;

beforeAll(async () => {
  app = await TestApp.start();
  slug = await app.openEvent({ capacity: 100 });
  const put = await app.call('PUT', `/v1/events/${slug}/lobby`, { body: LOBBY, token: OPERATOR });
  expect(put.status).toBe(200);
});
afterAll(() => app.stop());

const set = (state: string) => app.operator('PATCH', `/v1/events/${slug}/lobby`, { state });
const person = (n: number) => ({
  key: `form-${n}`,
  email: `p${n}@example.org`,
  firstName: 'Pat',
  lastName: `Number${n}`,
});

describe('Someone who wants to register while there is a line', () => {
  const first = new Visitor();
  const second = new Visitor();

  it('goes on to the form when it is their turn, without any JavaScript, and registers with the pass', async () => {
    const turn = await waitFor(
      () => first.go('GET', `/lobby/${slug}`),
      ({ status }) => status === 303,
    );
    expect(turn.to).toBe(`/e/${slug}`);
    expect((await first.go('GET', `/e/${slug}`)).html).toContain('<form');
  });

  it('sees where they stand, in one small page, while the one before has the pass', async () => {
    const seen = await second.go('GET', `/lobby/${slug}`);
    expect([seen.status, seen.html.includes('You are in line')]).toEqual([200, true]);
    expect(Buffer.byteLength(seen.html)).toBeLessThanOrEqual(LOBBY_PAGE_BYTES_MAX);
    expect(seen.html).toMatch(/<noscript><meta http-equiv="refresh" content="\d+;url=\/lobby\//);
    const number = /data-number="(\d+)"/.exec(seen.html)![1];
    const again = await second.go('GET', `/lobby/${slug}`);
    expect(/data-number="(\d+)"/.exec(again.html)![1], 'the place is kept').toBe(number);
  });

  it('is sent back to the line with a form that no pass goes with, and gets in when the one before is done', async () => {
    const early = await second.go('POST', `/e/${slug}`, person(2));
    expect([early.status, early.to]).toEqual([303, `/lobby/${slug}`]);
    const done = await first.go('POST', `/e/${slug}`, person(1));
    expect([done.status, done.html.includes('You are in')]).toEqual([201, true]);
    await waitFor(
      () => second.go('GET', `/lobby/${slug}`),
      ({ status }) => status === 303,
    );
    expect((await second.go('POST', `/e/${slug}`, person(2))).status).toBe(201);
  });

  it('keeps the place while the line is closed', async () => {
    const third = new Visitor();
    const number = async () =>
      /data-number="(\d+)"/.exec((await third.go('GET', `/lobby/${slug}`)).html)?.[1];
    await set('paused');
    const had = await number();
    await set('closed');
    const closed = await third.go('GET', `/lobby/${slug}`);
    expect([closed.status, closed.html.includes('nothing is lost by waiting')]).toEqual([409, true]);
    await set('paused');
    expect(had).toMatch(/^\d+$/);
    expect(await number()).toBe(had);
    await set('open');
  });

  it.skipIf(CHROMIUM === undefined)('is told by the page itself that the line is closed', async () => {
    const chromium = await startChromium();
    try {
      const page = await chromium.newPage({ baseURL: app.url, locale: 'en-GB' });
      await set('paused');
      await page.goto(`/lobby/${slug}`);
      await set('closed');
      await page.evaluate(`dispatchEvent(new Event('online'))`);
      await page.getByText('Registration is not open.').waitFor();
      expect(await page.textContent('#said')).toBe('');
    } finally {
      await chromium.close();
      await set('open');
    }
  });

  it('keeps the place where only the pass has expired', async () => {
    const event = await app.openEvent({ capacity: 100 });
    const lobby = `/v1/events/${event}/lobby`;
    await app.operator('PUT', lobby, LOBBY);
    const late = new Visitor();
    const turn = () =>
      waitFor(
        () => late.go('GET', `/lobby/${event}`),
        ({ status }) => status === 303,
      );
    await turn();
    const ticket = late.cookie(`foyer_ticket_${event}`);
    expect(ticket).toMatch(/./);
    // Every pass ends with the room.
    for (const state of ['closed', 'open']) await app.operator('PATCH', lobby, { state });
    const expired = await late.go('POST', `/e/${event}`, person(4));
    expect([expired.status, expired.html.includes('Join the line again')]).toEqual([403, true]);
    expect(late.cookie(`foyer_pass_${event}`)).toBeUndefined();
    expect(late.cookie(`foyer_ticket_${event}`)).toBe(ticket);
    await turn();
    expect(late.cookie(`foyer_ticket_${event}`), 'and is called again with it').toBe(ticket);
  });

  it.skipIf(CHROMIUM === undefined).each([
    ['en-GB', 'It is your turn', 'You are in line'],
    ['de-DE', 'Sie sind dran', 'Sie stehen in der Reihe'],
  ])(
    'reads on the page that it is their turn, in %s, and nothing of a line any more',
    async (locale, turn, line) => {
      const chromium = await startChromium();
      try {
        await set('paused');
        const page = await chromium.newPage({ baseURL: app.url, locale });
        await page.goto(`/lobby/${slug}`);
        expect(await page.textContent('h1')).toBe(line);
        await set('open');
        await page.locator('#turn a').waitFor({ timeout: 20_000 });
        expect(await page.textContent('h1')).toBe(turn);
        expect(await page.title()).toContain(turn);
        const seen = await page.innerText('main');
        expect(seen).not.toMatch(/in line|in der Reihe|by turn|der Reihe nach/);
        await page.click('#turn a');
        await page.locator('form').waitFor();
        const ticket = (await page.context().cookies()).find(({ name }) => name === `foyer_ticket_${slug}`)!;
        await app.call('POST', `/v1/events/${slug}/lobby/leave`, { body: { ticket: ticket.value } });
      } finally {
        await chromium.close();
        await set('open');
      }
    },
  );

  it.skipIf(CHROMIUM === undefined)('has one place in tabs that were opened at once', async () => {
    const chromium = await startChromium();
    try {
      await set('paused');
      const context = await chromium.newContext({ baseURL: app.url, locale: 'en-GB' });
      const tabs = await Promise.all([context.newPage(), context.newPage()]);
      // Neither has its answer, and so its cookie, before both have asked.
      const answers: Promise<unknown>[] = [];
      const left: unknown[] = [];
      context.on('response', (response) => {
        if (response.url().endsWith('/lobby/leave') && response.ok())
          left.push((response.request().postDataJSON() as { ticket: string }).ticket);
      });
      for (const tab of tabs) {
        await tab.route('**/lobby/*', async (route) => {
          if (route.request().method() !== 'GET') return route.continue();
          const answer = route.fetch();
          answers.push(answer);
          await waitFor(
            () => Promise.all(answers),
            ({ length }) => length === tabs.length,
          );
          await route.fulfill({ response: await answer });
        });
      }
      await Promise.all(tabs.map((tab) => tab.goto(`/lobby/${slug}`)));
      const places = await Promise.all(
        tabs.map(async (tab) => ({
          number: Number(await tab.getAttribute('#line', 'data-number')),
          ticket: await tab.getAttribute('#line', 'data-ticket'),
        })),
      );
      const [first, second] = places.sort((a, b) => a.number - b.number);
      expect(second!.number).toBeGreaterThan(first!.number);
      const kept = async () =>
        (await context.cookies()).find(({ name }) => name === `foyer_ticket_${slug}`)?.value;
      await waitFor(kept, (ticket) => ticket === first!.ticket);
      await waitFor(
        () => left.length,
        (many) => many > 0,
      );
      expect(left).toEqual([second!.ticket]);
      await set('open');
      await Promise.all(tabs.map((tab) => tab.locator('#turn a').waitFor({ timeout: 20_000 })));
      for (const tab of tabs) {
        await tab.unroute('**/lobby/*');
        await tab.click('#turn a');
        await tab.locator('form').waitFor();
      }
      expect(await kept()).toBe(first!.ticket);
      expect(left).toHaveLength(1);
      await app.call('POST', `/v1/events/${slug}/lobby/leave`, { body: { ticket: first!.ticket } });
    } finally {
      await chromium.close();
      await set('open');
    }
  });

  it.skipIf(CHROMIUM === undefined)('asks a few times at most where no place is taken back', async () => {
    const chromium = await startChromium();
    try {
      await set('paused');
      const context = await chromium.newContext({ baseURL: app.url, locale: 'en-GB' });
      let asked = 0;
      await context.route('**/lobby/*', async (route) => {
        if (route.request().method() === 'GET') return route.continue();
        asked += 1;
        await route.fulfill({ status: 503 });
      });
      for (const number of [1, 2]) {
        await context.clearCookies();
        await (await context.newPage()).goto(`/lobby/${slug}`);
        await waitFor(
          () => asked,
          (many) => many >= number - 1,
        );
      }
      // Long enough for two tabs that outbid each other to do so a hundred times.
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      expect(asked).toBeLessThanOrEqual(4);
    } finally {
      await chromium.close();
      await set('open');
    }
  });

  it('gets a calm page, and a new place, where the pass was spent', async () => {
    const spent = await first.go('POST', `/e/${slug}`, person(3));
    expect([spent.status, spent.html.includes('Join the line again')]).toEqual([409, true]);
  });
});
