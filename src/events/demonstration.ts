import { Inject, Injectable } from '@nestjs/common';
import { CLOCK, type Clock } from '../platform/clock.js';
import { AgendaService } from './agenda.service.js';
import { AGENDA, FORM } from './demonstration-agenda.js';
import { EventLookup } from './event-lookup.js';
import { EventsService } from './events.service.js';

const SLUG = 'open-door-days';
const CAPACITY = 500;
const MINUTE_MS = 60_000;

/** An event to try everything with: in June of the year after it was first made. */
@Injectable()
export class Demonstration {
  constructor(
    @Inject(CLOCK) private readonly clock: Clock,
    private readonly lookup: EventLookup,
    private readonly events: EventsService,
    private readonly agenda: AgendaService,
  ) {}

  /** Where it stands already it is left as it is. @returns its slug */
  async make(): Promise<string> {
    const found = await this.lookup.read(SLUG);
    if (found && found.event.state !== 'draft') return SLUG;
    const year = this.clock.now().getUTCFullYear() + 1;
    const at = (day: number, time: string): Date => new Date(`${year}-06-0${day}T${time}:00Z`);
    if (!found) {
      await this.events.create(
        {
          slug: SLUG,
          name: `Open Door Days ${year}`,
          startsAt: at(1, '08:00').toISOString(),
          endsAt: at(2, '16:00').toISOString(),
          timeZone: 'Europe/Lisbon',
          capacity: CAPACITY,
          sso: 'optional',
          waitlist: { capacity: null },
        },
        null,
      );
    }
    for (const [day, start, minutes, room, kind, code, title, speakers, seats] of AGENDA) {
      const startsAt = at(day, start);
      const endsAt = new Date(startsAt.getTime() + minutes * MINUTE_MS);
      await this.agenda.putSession(SLUG, code, {
        title,
        startsAt: startsAt.toISOString(),
        endsAt: endsAt.toISOString(),
        room,
        kind,
        speakers: speakers.map((name) => ({ name })),
        capacity: seats ?? null,
      });
    }
    await this.agenda.putForm(SLUG, FORM);
    await this.events.amend(SLUG, { state: 'open' });
    return SLUG;
  }
}
