import { afterAll, beforeAll, expect, it } from 'vitest';
import { waitFor } from '../support/wait-for.js';
import { CHROMIUM, startChromium } from '../support/chromium.js';
import { TestApp } from '../http/app.js';

let app: TestApp;
let slug: string;

beforeAll(async () => {
  app = await TestApp.start();
  slug = await app.openEvent({ capacity: 100 });
  const room = { mode: 'always', maxActive: 1, maxPerMinute: 600, passSeconds: 60, claimSeconds: 30 };
  await app.operator('PUT', `/v1/events/${slug}/lobby`, { ...room, state: 'paused' });
});
afterAll(() => app.stop());

it.skipIf(CHROMIUM === undefined)(
  'The page shows, while it waits, what the operator says and what is left',
  async () => {
    const patch = (body: object) => app.operator('PATCH', `/v1/events/${slug}/lobby`, body);
    const chromium = await startChromium();
    try {
      const page = await chromium.newPage({ baseURL: app.url, locale: 'en-GB' });
      await page.goto(`/lobby/${slug}`);
      let loads = 0;
      page.on('framenavigated', () => loads++);
      const reads = (id: string, text: string) =>
        waitFor(
          async () => {
            // As when it is connected again: it looks soon, and not only when its time comes.
            await page.evaluate(`dispatchEvent(new Event('online'))`);
            await page.waitForTimeout(700);
            return page.innerText(`#${id}`);
          },
          (seen) => seen === text,
        );
      const isSeen = (id: string) => page.isVisible(`#${id}`);
      expect([await isSeen('message'), await isSeen('opens')]).toEqual([false, false]);
      await patch({ message: 'A short break.', opensAt: '2099-06-01T08:00:00.000Z' });
      await reads('message', 'A short break.');
      const opens = await page.innerText('#opens');
      expect(opens).toMatch(/^The line starts to move 1 June 2099/);
      await patch({ message: 'Back at <b>ten</b>.', opensAt: null });
      await reads('message', 'Back at <b>ten</b>.');
      expect(await isSeen('opens')).toBe(false);
      await app.operator('PATCH', `/v1/events/${slug}`, { capacity: 90 });
      await reads('places', '90 places are left.');
      await patch({ message: null });
      await reads('message', '');
      expect(await isSeen('message')).toBe(false);
      expect(await page.getAttribute('div:has(> #message)', 'aria-live')).toBe('polite');
      expect(loads).toBe(0);
      await patch({ opensAt: '2099-06-01T08:00:00.000Z' });
      await waitFor(
        async () => (await app.call('GET', `/v1/events/${slug}/lobby`)).body.opensAt,
        (at) => at !== undefined,
      );
      await page.reload();
      expect(await page.innerText('#opens'), 'as the server writes it').toBe(opens);
    } finally {
      await chromium.close();
    }
  },
  60_000,
);
