import { Inject, Injectable } from '@nestjs/common';
import type pg from 'pg';
import { Bell } from '../changes/bell.js';
import { EventLookup, type KnownEvent } from '../events/event-lookup.js';
import { isManageToken } from '../identity/manage-token.js';
import { isOperator, type Principal } from '../identity/principal.js';
import { CLOCK, type Clock } from '../platform/clock.js';
import { Settings } from '../platform/config/settings.js';
import { PG_POOL } from '../platform/database/database.module.js';
import { stale } from '../platform/http/conditional.js';
import type { Page } from '../platform/http/page.js';
import { invalidRequest, notFound, Problem } from '../platform/http/problem.js';
import { demandValid } from '../platform/http/validation.js';
import { type Amended, amendRegistration, cancelRegistration } from './change-registration.js';
import { chosenSessions, demandFit, withTextVersions } from './check-registration.js';
import { emailKey } from './email-key.js';
import { IdentityLinks } from './identity-links.js';
import { mergePatch } from './merge-patch.js';
import { Registrations } from './read-registrations.js';
import {
  type AmendRegistrationDto,
  AttendeeDto,
  type ConsentDto,
  type RegistrationsQuery,
} from './registration.dto.js';
import { registrationBody, type RegistrationBody, type RegistrationRow } from './registration.js';

const STREAMS = ['registration', 'person'];
const TRIES_MAX = 5;

/** What those who are registered do with their registration. */
@Injectable()
export class RegistrationsService {
  constructor(
    @Inject(PG_POOL) private readonly pool: pg.Pool,
    @Inject(CLOCK) private readonly clock: Clock,
    private readonly settings: Settings,
    private readonly registrations: Registrations,
    private readonly links: IdentityLinks,
    private readonly events: EventLookup,
    private readonly bell: Bell,
  ) {}

  async read(id: string, principal: Principal): Promise<RegistrationBody> {
    return registrationBody(await this.demandOwn(id, principal));
  }

  /** A place that becomes free goes to the head of the waitlist. Again is no change. */
  async cancel(id: string, principal: Principal): Promise<RegistrationBody> {
    await this.demandOwn(id, principal);
    await cancelRegistration(this.pool, id, this.clock.now());
    this.bell.ring(STREAMS);
    return this.read(id, principal);
  }

  /** @param version the one that the caller read */
  async amend(
    id: string,
    principal: Principal,
    version: number,
    patch: AmendRegistrationDto,
  ): Promise<RegistrationBody> {
    const row = await this.demandOwn(id, principal);
    if (row.version !== version) throw stale();
    const known = await this.demandEvent(row);
    const answers = patch.answers && (mergePatch(row.answers, patch.answers) as Record<string, unknown>);
    const consents = patch.consents && consentsAfter(known, row, patch.consents);
    demandFit(known, { answers, consents, sessions: patch.sessions });
    const outcome = await this.write(row, {
      attendee: patch.attendee ? amendedAttendee(row.attendee, patch.attendee) : row.attendee,
      answers: answers ?? row.answers,
      formVersion: known.form.version,
      consents: withTextVersions(known, patch.consents ?? []),
      sessionIds: patch.sessions && chosenSessions(known, patch.sessions).map((session) => session.id),
    });
    if (outcome === 'stale') throw stale();
    return this.read(id, principal);
  }

  /** Takes a seat in a session, or gives it back; again is no change. */
  async enrol(id: string, principal: Principal, code: string, wanted: boolean): Promise<RegistrationBody> {
    for (let tries = 1; tries <= TRIES_MAX; tries++) {
      const row = await this.demandOwn(id, principal);
      const known = await this.demandEvent(row);
      if (!known.sessions.has(code)) throw notFound('The event has no such session.');
      if (row.sessions.includes(code) === wanted) return registrationBody(row);
      const codes = wanted ? [...row.sessions, code] : row.sessions.filter((other) => other !== code);
      const outcome = await this.write(row, {
        attendee: row.attendee,
        answers: row.answers,
        formVersion: known.form.version,
        consents: [],
        sessionIds: chosenSessions(known, codes).map((session) => session.id),
      });
      if (outcome === 'amended') return this.read(id, principal);
    }
    throw new Problem('conflict', 'The registration is being changed by others; try again.');
  }

  async ofEvent(event: string, query: RegistrationsQuery): Promise<Page<RegistrationBody>> {
    const known = await this.events.read(event);
    if (!known) throw notFound('There is no such event.');
    return this.registrations.ofEvent(known.event.id, query);
  }

  /** A wrong token and a wrong id are answered alike, so that neither can be found by trying. */
  async demandOwn(id: string, principal: Principal): Promise<RegistrationRow> {
    const row = await this.registrations.find(id);
    if (row && (isOperator(principal) || this.isHolder(row, principal))) return row;
    if (row && (await this.links.isOf(row.id, principal))) return row;
    throw notFound('There is no such registration, or the token is not its own.');
  }

  private isHolder(row: RegistrationRow, principal: Principal): boolean {
    if (principal.kind !== 'registrant') return false;
    const { id, generation, event } = row;
    const { secret } = this.settings.identity;
    return isManageToken(
      principal.token,
      secret,
      { id, generation, eventEndsAt: event.ends_at },
      this.clock.now(),
    );
  }

  private async demandEvent(row: RegistrationRow): Promise<KnownEvent> {
    const known = await this.events.read(row.event.id);
    if (!known) throw notFound();
    return known;
  }

  private async write(row: RegistrationRow, amended: Amended): Promise<'amended' | 'stale'> {
    const outcome = await amendRegistration(this.pool, row, amended, this.clock.now());
    if (outcome === 'cancelled') throw new Problem('conflict', 'The registration was cancelled.');
    if (outcome === 'unknown') throw notFound();
    if (outcome === 'session-full') {
      throw new Problem('conflict', 'A chosen session has no seat left; choose another.', {
        errors: [
          { pointer: '/sessions', code: 'session-full', message: 'names a session without a free seat.' },
        ],
      });
    }
    if (outcome === 'amended') this.bell.ring(STREAMS);
    return outcome;
  }
}

function consentsAfter(known: KnownEvent, row: RegistrationRow, acts: readonly ConsentDto[]): ConsentDto[] {
  const kept = row.consents.filter(
    ({ purpose }) =>
      known.form.consents.some((asked) => asked.purpose === purpose) &&
      !acts.some((act) => act.purpose === purpose),
  );
  return [...acts, ...kept];
}

/** @throws Problem where the outcome is no attendee, or another person */
function amendedAttendee(attendee: AttendeeDto, patch: Record<string, unknown>): AttendeeDto {
  const amended = demandValid(AttendeeDto, mergePatch(attendee, patch), '/attendee');
  if (emailKey(amended.email) === emailKey(attendee.email)) return amended;
  throw invalidRequest([
    {
      pointer: '/attendee/email',
      code: 'not-amendable',
      message: 'stands for the person; give the place to another with POST …/transfer.',
    },
  ]);
}
