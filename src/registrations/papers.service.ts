import { Inject, Injectable } from '@nestjs/common';
import type pg from 'pg';
import { uuidv7 } from 'uuidv7';
import { Bell } from '../changes/bell.js';
import { badgeCode } from '../identity/badge-code.js';
import { keyReused, type Repeatable } from '../identity/idempotency.js';
import { manageToken } from '../identity/manage-token.js';
import type { Principal } from '../identity/principal.js';
import { CLOCK, type Clock } from '../platform/clock.js';
import { Settings } from '../platform/config/settings.js';
import { PG_POOL } from '../platform/database/database.module.js';
import { isWorthAnotherTry } from '../platform/database/transaction.js';
import { stale } from '../platform/http/conditional.js';
import { notFound, Problem } from '../platform/http/problem.js';
import { alreadyRegistered } from './already-registered.js';
import { badgeSvg } from './badge.js';
import { calendar, type CalendarEntry } from './calendar.js';
import { emailKey } from './email-key.js';
import { exportPerson, type PersonExport } from './export.js';
import { Registrations } from './read-registrations.js';
import type { AttendeeDto } from './registration.dto.js';
import { registrationBody, type RegistrationBody, type RegistrationRow } from './registration.js';
import { RegistrationsService } from './registrations.service.js';

const STREAMS = ['registration', 'person', 'attendance'];
const TRIES_MAX = 5;

const CALENDAR_STATUS = {
  pending: 'TENTATIVE',
  offered: 'TENTATIVE',
  waitlisted: 'TENTATIVE',
  confirmed: 'CONFIRMED',
  cancelled: 'CANCELLED',
  erased: 'CANCELLED',
} as const;

type Transferred =
  'transferred' | 'repeated' | 'reused' | 'stale' | 'cancelled' | 'already' | 'over' | 'attended' | 'unknown';

/** What a registration's holder can take away: a calendar entry, a badge, everything, the place, themselves. */
@Injectable()
export class PapersService {
  constructor(
    @Inject(PG_POOL) private readonly pool: pg.Pool,
    @Inject(CLOCK) private readonly clock: Clock,
    private readonly settings: Settings,
    private readonly service: RegistrationsService,
    private readonly registrations: Registrations,
    private readonly bell: Bell,
  ) {}

  /**
   * The place is given on; the answer holds the new manage token, and the one before ends.
   * @param version the one that the caller read, where they say so
   */
  async transfer(
    id: string,
    principal: Principal,
    attendee: AttendeeDto,
    version: number | null,
    repeat: Repeatable | null,
  ): Promise<{ body: RegistrationBody; replayed: boolean }> {
    // Whoever repeats the request has a token that the first one ended: the key is proof enough of being the same.
    const first = repeat && (await this.registrations.firstAnswer(repeat, this.keptSince()));
    if (first && !first.bodyHash.equals(repeat.bodyHash)) throw keyReused();
    if (first) return { body: await this.withToken(id), replayed: true };
    const row = await this.service.demandOwn(id, principal);
    const outcome = await this.query<Transferred>(
      'select transfer_registration($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) as outcome',
      [
        row.id,
        version,
        this.clock.now(),
        uuidv7(),
        emailKey(attendee.email),
        JSON.stringify(attendee),
        repeat?.scope ?? null,
        repeat?.key ?? null,
        repeat?.bodyHash ?? null,
        `${this.settings.registrations.idempotencyDays} days`,
      ],
    );
    demandTransferred(outcome);
    this.bell.ring(STREAMS);
    return { body: await this.withToken(id), replayed: outcome === 'repeated' };
  }

  /** All that is held about the person, at every event, is taken away. Again is no change. */
  async erase(id: string, principal: Principal): Promise<RegistrationBody> {
    const row = await this.service.demandOwn(id, principal);
    const outcome = await this.query<'done' | 'erased' | 'unknown'>(
      'select erase_person($1, $2) as outcome',
      [row.id, this.clock.now()],
    );
    if (outcome === 'unknown') throw notFound();
    this.bell.ring(STREAMS);
    // A login has lost it with the person: it is not asked again whose it is.
    return registrationBody((await this.registrations.find(row.id))!);
  }

  async export(id: string, principal: Principal): Promise<PersonExport & { at: string }> {
    const row = await this.service.demandOwn(id, principal);
    return { at: this.clock.now().toISOString(), ...(await exportPerson(this.pool, row.id)) };
  }

  /** The event as a whole, and each session that was chosen. */
  async calendar(id: string, principal: Principal, url: string): Promise<string> {
    const row = await this.service.demandOwn(id, principal);
    const { rows } = await this.pool.query<{
      id: string;
      title: string;
      room: string | null;
      at: Date;
      until: Date;
    }>(
      `select s.id, s.title, s.room, s.starts_at as at, s.ends_at as until
         from enrolments n join sessions s on s.id = n.session_id
        where n.registration_id = $1 order by s.starts_at, s.code`,
      [row.id],
    );
    const whole: CalendarEntry = {
      uid: `${row.id}@foyer`,
      summary: row.event.name,
      url,
      startsAt: row.event.starts_at,
      endsAt: row.event.ends_at,
    };
    const sessions = rows.map(({ id: session, title, room, at, until }) => ({
      uid: `${row.id}.${session}@foyer`,
      summary: title,
      location: room ?? undefined,
      url,
      startsAt: at,
      endsAt: until,
    }));
    return calendar([whole, ...sessions], {
      timeZone: row.event.time_zone,
      status: CALENDAR_STATUS[row.status],
      sequence: row.version,
      at: row.updated_at,
    });
  }

  /** @throws Problem 409 where there is no place to show it for */
  async badge(id: string, principal: Principal): Promise<string> {
    const row = await this.service.demandOwn(id, principal);
    if (row.status !== 'confirmed')
      throw new Problem('conflict', 'Only a confirmed registration has a badge.');
    return badgeSvg({
      name: `${row.attendee.firstName} ${row.attendee.lastName}`,
      company: row.attendee.company,
      event: row.event.name,
      code: badgeCode(row.id, row.generation),
    });
  }

  private keptSince(): Date {
    return new Date(this.clock.now().getTime() - this.settings.registrations.idempotencyDays * 86_400_000);
  }

  private async withToken(id: string): Promise<RegistrationBody> {
    const row: RegistrationRow | null = await this.registrations.find(id);
    if (!row) throw notFound();
    return registrationBody(row, manageToken(this.settings.identity.secret, row.id, row.generation));
  }

  private async query<Outcome>(text: string, values: unknown[]): Promise<Outcome> {
    for (let tries = 1; ; tries++) {
      try {
        return (await this.pool.query<{ outcome: Outcome }>(text, values)).rows[0]!.outcome;
      } catch (error) {
        if (tries >= TRIES_MAX || !isWorthAnotherTry(error)) throw error;
      }
    }
  }
}

function demandTransferred(outcome: Transferred): void {
  switch (outcome) {
    case 'transferred':
    case 'repeated':
      return;
    case 'reused':
      throw keyReused();
    case 'stale':
      throw stale();
    case 'already':
      throw alreadyRegistered();
    case 'over':
      throw new Problem('registration-closed', 'The event is over: the place cannot be given on.');
    case 'attended':
      throw new Problem('conflict', 'The place was used: it cannot be given on.');
    case 'cancelled':
      throw new Problem('conflict', 'The registration was cancelled.');
    default:
      throw notFound();
  }
}
