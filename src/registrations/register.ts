import { setTimeout as delay } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import { uuidv7 } from 'uuidv7';
import { EventLookup, type KnownEvent } from '../events/event-lookup.js';
import { type HeldPass, passRefused } from '../lobby/held-pass.js';
import { keyInFlight, keyReused, type Repeatable } from '../identity/idempotency.js';
import { manageToken } from '../identity/manage-token.js';
import type { Principal } from '../identity/principal.js';
import { Providers } from '../identity/providers.js';
import { CLOCK, type Clock } from '../platform/clock.js';
import { Settings } from '../platform/config/settings.js';
import { notFound, Problem } from '../platform/http/problem.js';
import { Admissions } from './admissions.js';
import { alreadyRegistered, isOwn } from './already-registered.js';
import { chosenSessions, demandFit, demandShortSource, withTextVersions } from './check-registration.js';
import { demandEntry } from './demand-entry.js';
import { emailKey } from './email-key.js';
import { IdentityLinks } from './identity-links.js';
import { Registrations } from './read-registrations.js';
import type { Candidate, Decision } from './register-batch.js';
import type { RegisterDto } from './registration.dto.js';
import { registrationBody, type RegistrationBody } from './registration.js';
import { whoseRegistration } from './whose-registration.js';

const DAY_MS = 86_400_000;

/** What is told of it at an event that tells nobody: that the request was understood. */
export interface Taken {
  readonly taken: true;
  readonly replayed: boolean;
}

/** Who registers, and with which pass of the lobby. */
export interface Asker {
  readonly principal: Principal;
  readonly pass: HeldPass | null;
}

export interface Registered {
  readonly taken?: never;
  readonly body: RegistrationBody;
  readonly replayed: boolean;
}

/** The way in. */
@Injectable()
export class Register {
  /** Requests with an idempotency key that have not been answered yet. */
  private readonly underWay = new Map<string, Promise<unknown>>();

  constructor(
    private readonly events: EventLookup,
    private readonly admissions: Admissions,
    private readonly registrations: Registrations,
    private readonly links: IdentityLinks,
    private readonly settings: Settings,
    private readonly providers: Providers,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /**
   * Registers a person for an event. What this resolves is committed.
   * @param repeatFor the idempotency record of this request at an event, null where the caller sent no key
   * @param by who registers: an event may demand a login, and a pass of its lobby
   * @throws Problem with each reason why there is no place
   */
  async register(
    event: string,
    dto: RegisterDto,
    repeatFor: (eventId: string) => Repeatable | null,
    by: Asker,
  ): Promise<Registered | Taken> {
    const known = await this.events.open(event);
    if (!known) throw notFound('There is no such event.');
    demandEntry(known, by.principal, this.providers);
    const repeat = repeatFor(known.event.id);
    if (known.event.privacy === 'strict') return this.discreetly(known, dto, repeat, by);
    return this.once(known, dto, repeat, by);
  }

  /** Whether somebody is registered is told by mail only: to them. */
  private async discreetly(
    known: KnownEvent,
    dto: RegisterDto,
    repeat: Repeatable | null,
    by: Asker,
  ): Promise<Taken> {
    try {
      const { replayed } = await this.once(known, dto, repeat, by);
      return { taken: true, replayed };
    } catch (error) {
      if (!(error instanceof Problem) || error.code !== 'already-registered' || isOwn(error)) throw error;
      await this.registrations.remind(known.event.id, emailKey(dto.attendee.email), this.clock.now());
      return { taken: true, replayed: error.extras.headers?.['idempotent-replayed'] === 'true' };
    }
  }

  private async once(
    known: KnownEvent,
    dto: RegisterDto,
    repeat: Repeatable | null,
    by: Asker,
  ): Promise<Registered> {
    if (!repeat) return this.decide(known, dto, null, by);

    const name = `${repeat.scope} ${repeat.key}`;
    await this.waitForFirst(name);
    const answer = this.decide(known, dto, repeat, by);
    const settled = answer.catch(() => undefined);
    this.underWay.set(name, settled);
    void settled.then(() => {
      if (this.underWay.get(name) === settled) this.underWay.delete(name);
    });
    return answer;
  }

  private async decide(
    known: KnownEvent,
    dto: RegisterDto,
    repeat: Repeatable | null,
    by: Asker,
  ): Promise<Registered> {
    const given = { answers: dto.answers ?? {}, consents: dto.consents ?? [], sessions: dto.sessions ?? [] };
    try {
      demandFit(known, given);
      demandShortSource(dto.source);
    } catch (fault) {
      // The form may have changed since the first request with this key, whose answer still stands.
      const replay = repeat && (await this.replayOf(repeat, by));
      if (replay) return replay;
      throw fault;
    }
    const sessions = chosenSessions(known, given.sessions);
    const candidate: Candidate = {
      id: uuidv7(),
      personId: uuidv7(),
      eventId: known.event.id,
      emailKey: emailKey(dto.attendee.email),
      attendee: dto.attendee,
      answers: given.answers,
      source: sourceOf(dto),
      formVersion: known.form.version,
      consents: withTextVersions(known, given.consents),
      sessionIds: sessions.map(({ id }) => id),
      repeat,
      // One of another room was refused by the guard; the room may have been left off since.
      pass: by.pass?.eventId === known.event.id ? by.pass : null,
      identityId: whoseRegistration(known, by.principal),
    };
    const decision = await this.admissions.admit(candidate);
    if (decision.outcome === 'confirmed' || decision.outcome === 'waitlisted') {
      return { body: this.made(known, candidate, decision, sessions), replayed: false };
    }
    if (decision.resourceId === candidate.id) {
      // Written by an earlier send of this batch, whose answer was lost.
      return { body: await this.stored(candidate.id), replayed: false };
    }
    return this.otherwise(decision, by);
  }

  /** Built from what was sent: the database has nothing to add, so it is not asked. */
  private made(
    known: KnownEvent,
    candidate: Candidate,
    { outcome, position, at }: Decision,
    sessions: { code: string }[],
  ): RegistrationBody {
    return registrationBody(
      {
        id: candidate.id,
        status: outcome as 'confirmed' | 'waitlisted',
        version: 1,
        generation: 0,
        attendee: candidate.attendee,
        answers: candidate.answers,
        source: candidate.source ?? null,
        created_at: at,
        updated_at: at,
        event: known.event,
        consents: candidate.consents.map((consent) => ({ ...consent, at: at.toISOString() })),
        sessions: sessions.map(({ code }) => code),
        position,
      },
      manageToken(this.settings.identity.secret, candidate.id, 0),
    );
  }

  private async otherwise({ outcome, resourceId, firstStatus }: Decision, by: Asker): Promise<Registered> {
    switch (outcome) {
      case 'repeated':
        return this.replay(resourceId!, firstStatus!, by);
      case 'reused':
        throw keyReused();
      case 'already':
        throw await this.already(resourceId!, by);
      case 'linked':
        throw alreadyRegistered(resourceId);
      case 'full':
        throw new Problem('event-full', 'All places are taken, and so is the waitlist.');
      case 'crowded':
        throw new Problem('conflict', 'A chosen session has no seat left; choose another.', {
          errors: [
            { pointer: '/sessions', code: 'session-full', message: 'names a session without a free seat.' },
          ],
        });
      case 'pass-invalid':
      case 'pass-expired':
      case 'pass-spent':
        throw passRefused(outcome);
      case 'closed':
        throw new Problem('registration-closed', 'Registration for this event is not open.');
      default:
        throw notFound('There is no such event.');
    }
  }

  private async replayOf(repeat: Repeatable, by: Asker): Promise<Registered | null> {
    const since = new Date(this.clock.now().getTime() - this.settings.registrations.idempotencyDays * DAY_MS);
    const first = await this.registrations.firstAnswer(repeat, since);
    if (!first) return null;
    if (!first.bodyHash.equals(repeat.bodyHash)) throw keyReused();
    return this.replay(first.resourceId, first.status, by);
  }

  private async replay(resourceId: string, status: number, by: Asker): Promise<Registered> {
    if (status !== 201) throw await this.already(resourceId, by, { 'idempotent-replayed': 'true' });
    return { body: await this.stored(resourceId), replayed: true };
  }

  private async already(
    id: string,
    { principal }: Asker,
    headers?: Record<string, string>,
  ): Promise<Problem> {
    return alreadyRegistered((await this.links.isOf(id, principal)) ? id : null, headers);
  }

  private async stored(id: string): Promise<RegistrationBody> {
    const row = await this.registrations.find(id);
    if (!row) throw new Problem('gone', 'The registration was erased.');
    return registrationBody(row, manageToken(this.settings.identity.secret, row.id, row.generation));
  }

  /** @throws Problem 409 where the first request is not answered in time */
  private async waitForFirst(name: string): Promise<void> {
    const until = performance.now() + this.settings.registrations.idempotencyWaitMs;
    for (let first = this.underWay.get(name); first; first = this.underWay.get(name)) {
      const left = until - performance.now();
      const late = new AbortController();
      const outcome = await Promise.race([
        first.then(() => 'answered' as const),
        delay(Math.max(0, left), 'late' as const, { signal: late.signal }).catch(() => 'answered' as const),
      ]);
      late.abort();
      if (outcome === 'late') throw keyInFlight();
    }
  }
}

/** An invitation's code tells where somebody came from, as the rest of the source does. */
function sourceOf({ source, code }: RegisterDto): Record<string, unknown> | undefined {
  return code === undefined ? source : { ...source, code };
}
