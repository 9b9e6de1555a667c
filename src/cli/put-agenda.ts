import type { ImportedAgenda } from '../events/agenda-import.js';
import type { ImportedSession } from '../events/agenda-session.js';
import type { OperatorClient } from './operator-client.js';

export interface PutAgendaOptions {
  /** Undefined: as it is; without limit for a new event. */
  readonly capacity: number | undefined;
  readonly isToOpen: boolean;
  /** Only compares. */
  readonly isDry: boolean;
  readonly note: (progress: string) => void;
}

/** What was done, or in a dry run would be. */
export interface AgendaChanges {
  readonly event: 'created' | 'changed' | 'unchanged';
  readonly sessions: Record<'created' | 'changed' | 'unchanged', number>;
  /** Codes that the event has and the file has not. They stay: people may have seats there. */
  readonly notInFile: readonly string[];
}

interface EventBody {
  readonly name: string;
  readonly startsAt: string;
  readonly endsAt: string;
  readonly timeZone: string;
  readonly capacity: number | null;
  readonly state: 'draft' | 'open' | 'full' | 'closed';
}

interface SessionBody {
  readonly code: string;
  readonly title: string;
  readonly startsAt: string;
  readonly endsAt: string;
  readonly room: string | null;
  readonly kind: string;
  readonly speakers: readonly { readonly name: string }[];
  readonly capacity: number | null;
}

const PROGRESS_EACH = 50;

/** Brings an event to what its agenda says, by the calls that are needed and no more: again is no change. */
export async function putAgenda(
  client: OperatorClient,
  agenda: ImportedAgenda,
  options: PutAgendaOptions,
): Promise<AgendaChanges> {
  const path = `/v1/events/${agenda.event.slug}`;
  const before = await client.read<EventBody>(path);
  const event = await putEvent(client, path, agenda, before, options);
  const known = before ? await client.readAll<SessionBody>(`${path}/sessions`) : [];
  const sessions = await putSessions(client, path, agenda.sessions, known, options);
  if (options.isToOpen && before?.state !== 'open' && before?.state !== 'full') {
    // Last, so that nobody registers for half an agenda.
    if (!options.isDry) await client.send('PATCH', path, { state: 'open' });
    if (event === 'unchanged') return { event: 'changed', ...sessions };
  }
  return { event, ...sessions };
}

async function putEvent(
  client: OperatorClient,
  path: string,
  { event }: ImportedAgenda,
  before: EventBody | null,
  { capacity, isDry, note }: PutAgendaOptions,
): Promise<AgendaChanges['event']> {
  if (!before) {
    const limits = { capacity: capacity ?? null, waitlist: { capacity: null } };
    if (!isDry) await client.send('POST', '/v1/events', { ...event, ...limits });
    note(`event ${event.slug} created`);
    return 'created';
  }
  const { slug: _, ...wanted } = { ...event, ...(capacity === undefined ? {} : { capacity }) };
  const differing = Object.entries(wanted).filter(
    ([name, value]) => before[name as keyof EventBody] !== value,
  );
  if (differing.length === 0) return 'unchanged';
  if (!isDry) await client.send('PATCH', path, Object.fromEntries(differing));
  note(`event ${event.slug} changed: ${differing.map(([name]) => name).join(', ')}`);
  return 'changed';
}

async function putSessions(
  client: OperatorClient,
  path: string,
  wanted: readonly ImportedSession[],
  known: readonly SessionBody[],
  { isDry, note }: PutAgendaOptions,
): Promise<Pick<AgendaChanges, 'sessions' | 'notInFile'>> {
  const byCode = new Map(known.map((session) => [session.code, session]));
  const sessions = { created: 0, changed: 0, unchanged: 0 };
  for (const [i, { code, ...session }] of wanted.entries()) {
    const before = byCode.get(code);
    byCode.delete(code);
    // An export knows nothing of seats: what an operator has set stays.
    const body = { ...session, capacity: before?.capacity ?? null };
    if (before && isSame(before, body)) sessions.unchanged++;
    else {
      if (!isDry) await client.send('PUT', `${path}/sessions/${code}`, body);
      sessions[before ? 'changed' : 'created']++;
    }
    if ((i + 1) % PROGRESS_EACH === 0) note(`${i + 1} of ${wanted.length} sessions`);
  }
  return { sessions, notInFile: [...byCode.keys()] };
}

function isSame(before: SessionBody, wanted: Omit<ImportedSession, 'code'>): boolean {
  const { title, startsAt, endsAt, kind } = wanted;
  const speakers = (list: readonly { name: string }[]): string =>
    JSON.stringify(list.map(({ name }) => name));
  return (
    before.title === title &&
    before.startsAt === startsAt &&
    before.endsAt === endsAt &&
    before.kind === kind &&
    before.room === (wanted.room ?? null) &&
    speakers(before.speakers) === speakers(wanted.speakers)
  );
}
