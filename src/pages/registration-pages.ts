import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { Given } from '#web/fields.js';
import { messagePage } from '#web/message-page.js';
import type { RenderedPage } from '#web/page.js';
import { questionsOf } from '#web/questions.js';
import { registeredPage } from '#web/registered-page.js';
import { registrationPage } from '#web/registration-page.js';
import type { Words } from '#web/words.js';
import { AgendaService } from '../events/agenda.service.js';
import { eventBody } from '../events/event.js';
import { EventLookup, type KnownEvent } from '../events/event-lookup.js';
import { repeatable } from '../identity/idempotency.js';
import { Identities } from '../identity/identities.js';
import { type LoginPrincipal, type Principal, principalOf } from '../identity/principal.js';
import { Providers } from '../identity/providers.js';
import { LobbyService } from '../lobby/lobby.service.js';
import { CLOCK, type Clock } from '../platform/clock.js';
import type { FormBody } from '../platform/http/forms.js';
import { notFound, Problem } from '../platform/http/problem.js';
import { demandValid } from '../platform/http/validation.js';
import { IdentityLinks } from '../registrations/identity-links.js';
import { MyRegistrations } from '../registrations/my-registrations.service.js';
import { type Asker, Register } from '../registrations/register.js';
import { RegisterDto } from '../registrations/registration.dto.js';
import type { RegistrationBody } from '../registrations/registration.js';
import { RegistrationsService } from '../registrations/registrations.service.js';
import { cookieOf } from './cookies.js';
import { countriesIn } from './countries.js';
import { placeCookies } from './place-in-line.js';
import { givenBy, givenOf, requestOf } from './registration-form.js';
import { momentText, whenText } from './when.js';

const ROUTE = 'POST /e/:event';
const SESSIONS_SHOWN_MAX = 200;

/** Problems that are not the form's: their own page says where to go on. */
const LEADS_ELSEWHERE = /^(pass-|unauthenticated|forbidden)/;

export interface Answered {
  readonly status: number;
  readonly page: RenderedPage;
}

/** The registration pages: they do what the API does, by the same services, for people with a browser. */
@Injectable()
export class RegistrationPages {
  constructor(
    private readonly events: EventLookup,
    private readonly agenda: AgendaService,
    private readonly registering: Register,
    private readonly registrations: RegistrationsService,
    private readonly mine: MyRegistrations,
    private readonly links: IdentityLinks,
    private readonly identities: Identities,
    private readonly providers: Providers,
    private readonly lobby: LobbyService,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** Filled in with what the provider of a login says. */
  async form(slug: string, words: Words, principal: Principal): Promise<Answered> {
    const known = await this.demandEvent(slug);
    const given = givenBy(await this.identities.attendeeOf(principal));
    return { status: 200, page: await this.formPage(known, words, given, principal) };
  }

  /** Who would be sent to a login or to the line with the form is sent there before they fill it in; null: nobody is. */
  async placeBefore(slug: string, request: FastifyRequest): Promise<string | null> {
    const known = await this.events.open(slug);
    if (!known) return null;
    const { kind } = principalOf(request);
    if (known.event.sso === 'required' && kind === 'anonymous') return loginFor(slug);
    if (cookieOf(request, placeCookies.pass(slug)) !== null) return null;
    const { state } = JSON.parse(await this.lobby.status(slug)) as { state: string };
    return state === 'queueing' || state === 'paused' ? `/lobby/${encodeURIComponent(slug)}` : null;
  }

  /** Registers, or shows the form again as it was sent with what is wrong. */
  async register(slug: string, body: FormBody, words: Words, by: Asker): Promise<Answered> {
    const known = await this.demandEvent(slug);
    try {
      const request = requestOf(body, known.form, questionsOf(known.form.schema), words.language);
      const dto = demandValid(RegisterDto, request, '');
      const registered = await this.registering.register(
        slug,
        dto,
        (eventId) => repeatable(body.key?.[0], by.principal, ROUTE, eventId, dto),
        by,
      );
      // The event tells nobody but by mail whether an e-mail is registered.
      if (registered.taken) {
        return { status: 202, page: messagePage({ words, title: words.taken, text: words.takenText }) };
      }
      const { body: registration } = registered;
      const link = `/r/${registration.id}?token=${registration.manageToken!}`;
      const login = await this.loginOf(registration.id, by.principal);
      return { status: 201, page: shown(registration, words, { link, login, isNew: true }) };
    } catch (error) {
      if (!(error instanceof Problem) || LEADS_ELSEWHERE.test(error.code)) throw error;
      const given = givenOf(body, error.extras.errors ?? [], known.form, words);
      const problem = sentence(error, words);
      return { status: error.status, page: await this.formPage(known, words, given, by.principal, problem) };
    }
  }

  /** @param token of its link; empty: the login has to be its own */
  async registration(id: string, token: string, words: Words, principal: Principal): Promise<Answered> {
    const registration = await this.registrations.read(id, holder(token, principal));
    const link = token === '' ? `/r/${id}` : `/r/${id}?token=${encodeURIComponent(token)}`;
    const login = await this.loginOf(id, principal);
    return { status: 200, page: shown(registration, words, { link, login, isNew: false }) };
  }

  async cancel(id: string, token: string, principal: Principal): Promise<void> {
    await this.registrations.cancel(id, holder(token, principal));
  }

  /** Makes it the own one of who is logged in. */
  async link(id: string, token: string, login: LoginPrincipal): Promise<void> {
    await this.mine.link(id, login, token);
  }

  private async loginOf(id: string, principal: Principal): Promise<'own' | 'other' | 'none'> {
    if (principal.kind !== 'login') return 'none';
    return (await this.links.isOf(id, principal)) ? 'own' : 'other';
  }

  private async demandEvent(slug: string): Promise<KnownEvent> {
    const known = await this.events.open(slug);
    if (!known) throw notFound('There is no such event.');
    return known;
  }

  private mayLogIn(slug: string, { kind }: Principal): boolean {
    return kind === 'anonymous' && this.providers.servingEvent(slug).length > 0;
  }

  private async formPage(
    { event, form }: KnownEvent,
    words: Words,
    given: Given,
    principal: Principal,
    problem?: string,
  ): Promise<RenderedPage> {
    const { language } = words;
    const body = eventBody(event, this.clock.now());
    const ownId = await this.links.livingAt(event.id, principal);
    const isOther = ownId === null || event.sso !== 'required';
    const sessions = await this.agenda.sessions(event.slug, { limit: SESSIONS_SHOWN_MAX }, false);
    return registrationPage({
      words,
      event: { name: event.name, when: whenText(language, event.time_zone, body.startsAt, body.endsAt) },
      ...(isOther ? standing(body, words) : { isOpen: false, standing: '' }),
      login: event.sso === 'optional' && this.mayLogIn(event.slug, principal) ? loginFor(event.slug) : null,
      own: ownId === null ? null : `/r/${ownId}`,
      questions: questionsOf(form.schema),
      // Where a session has no end of seats there is nothing to take: everyone may come.
      sessions: sessions.items
        .filter(({ capacity }) => capacity !== null)
        .map(({ code, title, startsAt, endsAt }) => ({
          code,
          title,
          when: whenText(language, event.time_zone, startsAt, endsAt),
        })),
      consents: form.consents,
      countries: countriesIn(language),
      key: given.values.get('key')?.[0] ?? randomUUID(),
      given,
      problem,
    });
  }
}

export function loginFor(slug: string): string {
  const back = `/e/${encodeURIComponent(slug)}`;
  return `/sso/login?event=${encodeURIComponent(slug)}&returnTo=${encodeURIComponent(back)}`;
}

function standing(event: ReturnType<typeof eventBody>, words: Words): { isOpen: boolean; standing: string } {
  const { state, placesLeft, waitlist, registrationOpensAt, timeZone } = event;
  if (state === 'full') return { isOpen: false, standing: words.full };
  if (state !== 'open') {
    const opens = registrationOpensAt && momentText(words.language, timeZone, registrationOpensAt);
    return { isOpen: false, standing: opens ? words.opensAt(opens) : words.closed };
  }
  if (placesLeft === null) return { isOpen: true, standing: '' };
  if (placesLeft > 0) return { isOpen: true, standing: words.places(placesLeft) };
  return { isOpen: waitlist.capacity !== 0, standing: words.waitlistOpen };
}

/** What went wrong with the whole, where it is not told at the fields. */
function sentence(problem: Problem, words: Words): string | undefined {
  switch (problem.code) {
    case 'invalid-request':
    case 'invalid-answer':
      return undefined;
    case 'already-registered':
      return words.already;
    case 'event-full':
      return words.full;
    case 'registration-closed':
      return words.closed;
    case 'conflict':
      return words.language === 'en' ? problem.detail : undefined;
    default:
      return words.tryAgain;
  }
}

function shown(
  registration: RegistrationBody,
  words: Words,
  seen: { link: string; login: 'own' | 'other' | 'none'; isNew: boolean },
): RenderedPage {
  const { id, status, position, attendee, event } = registration;
  if (status === 'erased') return messagePage({ words, title: words.noSuch, text: words.noSuchText });
  return registeredPage({
    words,
    event: {
      name: event.name,
      when: whenText(words.language, event.timeZone, event.startsAt, event.endsAt),
    },
    registration: {
      id,
      status,
      ...(position === undefined ? {} : { position }),
      name: `${attendee.firstName} ${attendee.lastName}`,
      email: attendee.email,
    },
    ...seen,
  });
}

/** Whoever has the link, or else who is logged in. */
function holder(token: string, principal: Principal): Principal {
  return token === '' ? principal : { kind: 'registrant', token };
}
