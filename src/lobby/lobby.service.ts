import { Inject, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type pg from 'pg';
import { EventLookup } from '../events/event-lookup.js';
import { principalOf } from '../identity/principal.js';
import { PG_POOL } from '../platform/database/database.module.js';
import { isConnectionLost } from '../platform/database/connection-lost.js';
import { unavailable } from '../platform/http/problem-filter.js';
import { invalidRequest, notFound, Problem } from '../platform/http/problem.js';
import { horizonOf } from './controller.js';
import { expectedWaitSeconds, retryAfterSeconds, WAIT_SECONDS_MAX, waitInterval } from './flow.js';
import type { HeldPass } from './held-pass.js';
import { identityOf } from './identity-of.js';
import { LobbyTokens } from './lobby-tokens.js';
import { Numbers, type Place } from './numbers.js';
import { Presences } from './presences.js';
import {
  aheadOf,
  asMade,
  asOpened,
  flowOf,
  type LobbyState,
  NO_ROOM,
  type RoomRow,
  stateOf,
  statusText,
} from './room.js';
import { Rooms } from './rooms.js';
import type { Claims } from './token.js';

/** A lease outlives its pass by this: what a request that begins in time may still take. */
const SKEW_SECONDS = 5;
const TICKET_MS = 7 * 86_400_000;
/** A ticket's time comes from the database; what claims to be later than now by more was not made by us. */
const FUTURE_MS = 60_000;

export interface Joined {
  readonly body: {
    readonly ticket: string;
    readonly number: number;
    readonly position: number;
    readonly state: LobbyState;
    readonly estimatedWaitSeconds: { readonly low: number; readonly high: number };
    readonly checkInAt: string;
  };
  readonly isNew: boolean;
  readonly claims: Claims;
}

/** The newest call of a number; without one, or once that is over, without the rest. */
interface CallRow {
  readonly state: 'uncalled' | 'spent' | 'lapsed' | 'called';
  readonly turn: number | null;
  readonly until: Date | null;
}

/** What people do in a lobby: join, check in, fetch their pass, leave. */
@Injectable()
export class LobbyService {
  constructor(
    @Inject(PG_POOL) private readonly pool: pg.Pool,
    private readonly rooms: Rooms,
    private readonly tokens: LobbyTokens,
    private readonly numbers: Numbers,
    private readonly events: EventLookup,
    private readonly presences: Presences,
  ) {}

  /** By the database's clock, as every time in a lobby. */
  nowMs(): number {
    return this.rooms.nowMs();
  }

  /** The same bytes for everyone within a second. */
  async status(event: string): Promise<string> {
    const room = this.rooms.of(event);
    if (!room) {
      await this.demandEvent(event);
      return JSON.stringify(NO_ROOM);
    }
    if (room.on_failure === 'close' && this.rooms.isStale)
      return JSON.stringify({ ...JSON.parse(statusText(room, room.updated_at.getTime())), state: 'closed' });
    const isPublished = room.published !== null && room.published_version === room.version;
    const unpublished = room.published === null ? asMade(room) : room;
    const text = isPublished ? room.published : statusText(unpublished, room.updated_at.getTime());
    return asOpened(unpublished, text, this.rooms.nowMs());
  }

  /**
   * Gives a number, or says where the one on the ticket stands.
   * @throws Problem where the line takes nobody more, or the ticket is not of this room
   */
  async join(event: string, request: FastifyRequest, isGone: () => boolean): Promise<Joined> {
    const room = await this.demandRoom(event);
    const ticket = request.headers['foyer-ticket'];
    if (ticket !== undefined) {
      const claims = this.demandTicket(room, ticket, 'Foyer-Ticket');
      return this.joined(room, claims, ticket as string, false);
    }
    if (room.state === 'closed') throw new Problem('registration-closed', 'The lobby is closed.');
    if (room.state === 'draining')
      throw new Problem(
        'registration-closed',
        'The line takes nobody more; those who wait are still let in.',
      );
    const identity = identityOf(principalOf(request), room.sso);
    const place = await this.place(room, identity, isGone);
    const claims = { room: room.room, number: place.number, turn: 0, atMs: place.issuedAtMs };
    return this.joined(room, claims, this.tokens.sign('ticket', claims), true);
  }

  /** @throws Problem 409 with Retry-After where it is too early, 410 where the place is used up */
  async checkIn(event: string, ticket: string): Promise<void> {
    const room = await this.demandRoom(event);
    const claims = this.demandTicket(room, ticket, '/ticket');
    if (room.state === 'closed') throw gone('The lobby is closed.');
    if (!this.isNearFront(room, claims.number)) {
      const headers = { 'retry-after': String(this.retryAfterSeconds(room, claims.number)) };
      throw new Problem('conflict', 'It is too early to check in; your place is kept.', { headers });
    }
    if (await this.isSpent(room, claims.number)) throw gone('This place was used.');
    await this.presences.note(room, claims);
  }

  /** The pass, or null where the number was not called yet. Asked again it is the same until it is spent. */
  async pass(
    event: string,
    ticket: string,
  ): Promise<
    { pass: string; expiresAt: string } | { position: number; checkInAt: string; retryAfter: number }
  > {
    const room = await this.demandRoom(event);
    const claims = this.demandTicket(room, ticket, '/ticket');
    const call = await this.claim(room, claims.number);
    if (call.state === 'spent')
      throw new Problem('pass-spent', 'Somebody registered with this place already.');
    if (call.state === 'called') {
      const atMs = call.until!.getTime() - SKEW_SECONDS * 1000;
      const pass = this.tokens.sign('pass', {
        room: room.room,
        number: claims.number,
        turn: call.turn!,
        atMs,
      });
      return { pass, expiresAt: new Date(atMs).toISOString() };
    }
    if (room.state === 'closed') throw gone('The lobby is closed.');
    // Who asks for the pass is there.
    if (this.isNearFront(room, claims.number)) await this.presences.note(room, claims);
    return {
      position: aheadOf(claims.number, room),
      checkInAt: this.checkInAt(room, claims.number),
      retryAfter: this.retryAfterSeconds(room, claims.number),
    };
  }

  async leave(event: string, ticket: string): Promise<void> {
    const room = await this.demandRoom(event);
    const claims = this.demandTicket(room, ticket, '/ticket');
    await this.query('select lobby_leave($1, $2)', [room.event_id, claims.number]);
  }

  /** For a client that only repeats its request with the ticket: it is present; its call is its pass. */
  async checkInOrClaim(room: RoomRow, { claims }: Joined): Promise<HeldPass | null> {
    if (!this.isNearFront(room, claims.number)) return null;
    const call = await this.claim(room, claims.number);
    if (call.state === 'spent')
      throw new Problem('pass-spent', 'Somebody registered with this place already.');
    if (call.state === 'called') return { eventId: room.event_id, number: claims.number, turn: call.turn! };
    await this.presences.note(room, claims);
    return null;
  }

  retryAfterSeconds(room: RoomRow, number: number): number {
    return this.isNearFront(room, number) ? 1 : retryAfterSeconds(number - room.frontier, flowOf(room));
  }

  /** As the releaser has it, or will have it at its next step. */
  private isNearFront(room: RoomRow, number: number): boolean {
    const budgets = { maxActive: room.max_active, maxPerMinute: room.max_per_minute };
    const horizon = horizonOf(budgets, flowOf(room).ratePerMinute);
    return number <= Math.max(room.frontier, room.called + horizon);
  }

  private joined(room: RoomRow, claims: Claims, ticket: string, isNew: boolean): Joined {
    const position = aheadOf(claims.number, room);
    const body = {
      ticket,
      number: claims.number,
      position,
      state: this.stateWith(room, claims.number),
      estimatedWaitSeconds: waitInterval(position, flowOf(room)),
      checkInAt: this.checkInAt(room, claims.number),
    };
    return { body, isNew, claims };
  }

  /** The room as read may not know yet that this one waits. */
  private stateWith(room: RoomRow, number: number): LobbyState {
    return stateOf(room, this.rooms.nowMs(), Math.max(room.issued, number));
  }

  private checkInAt(room: RoomRow, number: number): string {
    const now = this.rooms.nowMs();
    const opens = Math.max(now, room.opens_at?.getTime() ?? 0);
    const wait = this.isNearFront(room, number)
      ? 0
      : Math.min(WAIT_SECONDS_MAX, expectedWaitSeconds(number - room.frontier, flowOf(room)));
    return new Date(opens + wait * 1000).toISOString();
  }

  private async place(room: RoomRow, identity: string | null, isGone: () => boolean): Promise<Place> {
    if (identity === null) return this.numbers.next(room.event_id, isGone);
    const kept = await this.placeOf(room, identity);
    if (kept) return kept;
    const place = await this.numbers.next(room.event_id, isGone);
    const { rows } = await this.query<{ number: number; issued_at: Date }>(
      'select number::float8 as number, issued_at from lobby_identify($1, $2, $3, $4)',
      [room.event_id, identity, place.number, new Date(place.issuedAtMs)],
    );
    const { number, issued_at } = rows[0]!;
    // Two of the same identity asked at once, and the other was first.
    if (number !== place.number) this.numbers.giveUp(room.event_id, place.number);
    return { number, issuedAtMs: issued_at.getTime() };
  }

  /**
   * Looked up before a number is drawn: one that nobody holds makes the line longer for everyone. Null also where
   * lobby_identify would give another, to who registered with theirs and has cancelled.
   */
  private async placeOf(room: RoomRow, identity: string): Promise<Place | null> {
    const { rows } = await this.query<{ number: number; issued_at: Date }>(
      `select p.number::float8 as number, p.issued_at from lobby_places p
        where p.event_id = $1 and p.identity = $2 and not (
          exists (select from lobby_calls c
                   where c.event_id = p.event_id and c.number = p.number and c.ending = 'registered')
          and own_registration(p.event_id, p.identity::uuid, '00000000-0000-0000-0000-000000000000') is null)`,
      [room.event_id, identity],
    );
    return rows[0] ? { number: rows[0].number, issuedAtMs: rows[0].issued_at.getTime() } : null;
  }

  private async isSpent(room: RoomRow, number: number): Promise<boolean> {
    const { rows } = await this.query(
      `select from lobby_calls where event_id = $1 and number = $2 and ending = 'registered'`,
      [room.event_id, number],
    );
    return rows.length > 0;
  }

  private async claim(room: RoomRow, number: number): Promise<CallRow> {
    const { rows } = await this.query<CallRow>(`select * from lobby_claim($1, $2, $3 * interval '1 s')`, [
      room.event_id,
      number,
      room.pass_seconds + SKEW_SECONDS,
    ]);
    return rows[0]!;
  }

  private async query<Row extends pg.QueryResultRow>(text: string, values: unknown[]) {
    try {
      return await this.pool.query<Row>(text, values);
    } catch (error) {
      if (isConnectionLost(error)) throw unavailable(error);
      throw error;
    }
  }

  private demandTicket(room: RoomRow, ticket: string | string[], pointer: string): Claims {
    const claims = typeof ticket === 'string' ? this.tokens.verify('ticket', ticket) : null;
    const now = this.rooms.nowMs();
    const fits =
      claims?.room === room.room && claims.atMs <= now + FUTURE_MS && claims.atMs > now - TICKET_MS;
    if (fits) return claims;
    const message = 'is no ticket of this lobby; join without one to get a place.';
    throw invalidRequest([{ pointer, code: 'ticket-invalid', message }]);
  }

  private async demandRoom(event: string): Promise<RoomRow> {
    const room = this.rooms.of(event);
    if (room && room.mode !== 'off') {
      if (this.rooms.isStale && room.on_failure === 'close')
        throw new Problem('registration-closed', 'The lobby is closed until its database answers.');
      return room;
    }
    await this.demandEvent(event);
    throw new Problem('conflict', 'This event has no line: register at once.');
  }

  private async demandEvent(event: string): Promise<void> {
    if (!(await this.events.open(event))) throw notFound('There is no such event.');
  }
}

function gone(detail: string): Problem {
  return new Problem('gone', detail);
}
