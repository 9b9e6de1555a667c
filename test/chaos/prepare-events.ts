import type { ApiClient } from './api-client.js';
import { EVENTS } from './clients.js';

const DAY_MS = 86_400_000;

/** Makes the events over HTTP and opens them; each with its capacity, null: without end. */
export async function prepareEvents(
  api: ApiClient,
  events: Readonly<Record<string, number | null>> = EVENTS,
): Promise<void> {
  const day = (days: number): string => new Date(Date.now() + days * DAY_MS).toISOString();
  const times = { startsAt: day(30), endsAt: day(31), timeZone: 'UTC' };
  const consents = [{ purpose: 'marketing', text: 'Write to me.', textVersion: '1', required: false }];
  for (const [slug, capacity] of Object.entries(events)) {
    const event = { slug, name: slug, ...times, capacity, waitlist: { capacity: null } };
    await api.operator('POST', '/v1/events', event);
    await api.operator('PUT', `/v1/events/${slug}/form`, { schema: { type: 'object' }, consents });
    await api.operator('PATCH', `/v1/events/${slug}`, { state: 'open' });
  }
}
