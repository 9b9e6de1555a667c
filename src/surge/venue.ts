import type { Registrants } from './http-door.js';
import type { Operator } from './operator.js';
import { isOfRun } from './our-people.js';
import type { Scenario } from './report.js';

const DAY_MS = 86_400_000;
const ERASING_AT_ONCE = 8;

/** Where a crowd is let loose, and how it is as before afterwards. */
export interface Venue {
  readonly event: string;
  /** Made for this run; otherwise it was there, open and empty. */
  readonly isOwn: boolean;
  readonly lobby: Scenario['lobby'];
  readonly capacity: number | null;
}

interface EventBody {
  readonly slug: string;
  readonly state: string;
  readonly capacity: number | null;
}

interface Registration {
  readonly id: string;
  readonly status: string;
  readonly attendee?: { readonly email?: string | null } | null;
}

/** An event of its own, with the lobby that was asked for. Nobody else is led to it. */
export async function makeVenue(
  operator: Operator,
  name: string,
  { lobby, capacity, opensAfterMinutes }: Scenario,
): Promise<Venue> {
  const startsAt = Date.now() + 30 * DAY_MS;
  await operator.send('POST', '/v1/events', {
    slug: name,
    name: 'Surge: a test, nobody is real',
    startsAt: new Date(startsAt).toISOString(),
    endsAt: new Date(startsAt + DAY_MS).toISOString(),
    timeZone: 'UTC',
    capacity,
    waitlist: { capacity: null },
  });
  const opensAt =
    opensAfterMinutes > 0 ? new Date(Date.now() + opensAfterMinutes * 60_000).toISOString() : null;
  await operator.send('PUT', `/v1/events/${name}/lobby`, { ...lobby, opensAt });
  await operator.send('PATCH', `/v1/events/${name}`, { state: 'open' });
  return { event: name, isOwn: true, lobby, capacity };
}

/** @throws Error where people could be hurt: the event is taken as it is, and must be open, empty and have a lobby */
export async function takeVenue(operator: Operator, slug: string): Promise<Venue> {
  const path = `/v1/events/${encodeURIComponent(slug)}`;
  const event = await operator.read<EventBody>(path);
  if (!event) throw new Error(`${operator.api} has no event ${slug}`);
  if (event.state !== 'open')
    throw new Error(`${slug} is ${event.state}: open it, or leave --event away for an event of its own`);
  const { items } = (await operator.read<{ items: Registration[] }>(`${path}/registrations?limit=1`))!;
  if (items.length > 0)
    throw new Error(`somebody is registered for ${slug}: a surge needs an event that is still empty`);
  const figures = await operator.read<{ settings: Scenario['lobby'] }>(`${path}/lobby/figures`);
  if (!figures) throw new Error(`${slug} has no lobby: set one up by PUT ${path}/lobby`);
  const { mode, maxActive, maxPerMinute, passSeconds, claimSeconds } = figures.settings;
  const lobby = { mode, maxActive, maxPerMinute, passSeconds, claimSeconds };
  return { event: event.slug, isOwn: false, lobby, capacity: event.capacity };
}

/** What the event asks for: every consent is given, so that the records go the whole way. */
export async function consentsFor(
  operator: Operator,
  { event, isOwn }: Venue,
): Promise<Registrants['consents']> {
  if (isOwn) return [{ purpose: 'marketing', granted: true }];
  const form = await operator.read<{ consents: { purpose: string }[] }>(`/v1/events/${event}/form`);
  return (form?.consents ?? []).map(({ purpose }) => ({ purpose, granted: true }));
}

/** Who stands there: the run's own people, and whoever else registered meanwhile. */
export async function registrationsAt(
  operator: Operator,
  { event }: Venue,
  name: string,
): Promise<{ ours: Registration[]; others: Registration[] }> {
  const all = await operator.readAll<Registration>(`/v1/events/${encodeURIComponent(event)}/registrations`);
  const standing = all.filter(({ status }) => status !== 'erased');
  return {
    ours: standing.filter((one) => isOfRun(name, one)),
    others: standing.filter((one) => !isOfRun(name, one)),
  };
}

/**
 * Erases the run's own people, everywhere where they were delivered, and hides what was opened. An erased person is gone
 * from every event: whoever else registered during the run is left alone.
 * @returns how many were erased, and the ids of the registrations that were left
 */
export async function cleanUp(
  operator: Operator,
  venue: Venue,
  name: string,
  note: (progress: string) => void,
): Promise<{ erased: number; left: string[] }> {
  if (venue.isOwn) {
    await operator.send('PATCH', `/v1/events/${venue.event}/lobby`, { mode: 'off' });
    await operator.send('PATCH', `/v1/events/${venue.event}`, { state: 'closed' });
  }
  const { ours, others } = await registrationsAt(operator, venue, name);
  const erased = ours.length;
  const eraser = async (): Promise<void> => {
    for (let next = ours.pop(); next; next = ours.pop()) {
      await operator.send('DELETE', `/v1/registrations/${next.id}/person`);
      if (ours.length % 500 === 0 && ours.length > 0) note(`${ours.length} to be erased`);
    }
  };
  await Promise.all(Array.from({ length: ERASING_AT_ONCE }, eraser));
  // With nobody in it any more it may go out of the public's sight.
  if (venue.isOwn && others.length === 0)
    await operator.send('PATCH', `/v1/events/${venue.event}`, { state: 'draft' });
  return { erased, left: others.map(({ id }) => id) };
}
