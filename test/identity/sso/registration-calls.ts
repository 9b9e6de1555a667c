/** What people who are logged in ask of registrations, and how they read the answers. */
import { randomUUID } from 'node:crypto';
import type { AnswerBody } from '../../http/app.js';
import type { Browser, Page } from './browser.js';

export const change = (browser: Browser, method: string, path: string, body?: object, headers = {}) =>
  browser.ask(path, {
    method,
    headers: { origin: browser.url, ...(body ? { 'content-type': 'application/json' } : {}), ...headers },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
export const said = (page: Page): AnswerBody => JSON.parse(page.text) as AnswerBody;
export const form = (email = `${randomUUID()}@example.org`) => ({
  attendee: { email, firstName: 'Ada', lastName: 'Lovelace' },
});
export const register = (browser: Browser, event: string, body: object = form(), headers = {}) =>
  browser.post(`/v1/events/${event}/registrations`, body, headers);
export const listed = async (browser: Browser): Promise<string[]> =>
  said(await browser.get('/v1/me/registrations')).items.map(({ id }) => id);
export const link = (browser: Browser, { id, manageToken }: AnswerBody) =>
  change(browser, 'PUT', `/v1/me/registrations/${id}`, { manageToken });
