import type { ImportedAgenda } from './agenda-import.js';
import { dayIn, daysBetween, moveDays } from './agenda-time.js';

/**
 * The same agenda, moved by whole days so that its first session is on that day. Times of day and lengths stay, also
 * where the zone's summer time begins or ends in between.
 * @param day YYYY-MM-DD
 */
export function shiftAgenda({ event, sessions, ...rest }: ImportedAgenda, day: string): ImportedAgenda {
  const { timeZone } = event;
  const days = daysBetween(dayIn(timeZone, new Date(event.startsAt)), day);
  const moved = sessions.map((session) => {
    const starts = moveDays(timeZone, new Date(session.startsAt), days);
    const lengthMs = Date.parse(session.endsAt) - Date.parse(session.startsAt);
    return {
      ...session,
      startsAt: starts.toISOString(),
      endsAt: new Date(starts.getTime() + lengthMs).toISOString(),
    };
  });
  const startsAt = moved.map((session) => session.startsAt).sort()[0]!;
  const endsAt = moved
    .map((session) => session.endsAt)
    .sort()
    .at(-1)!;
  return { ...rest, event: { ...event, startsAt, endsAt }, sessions: moved };
}
