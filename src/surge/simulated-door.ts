import { retryAfterSeconds, waitInterval } from '../lobby/flow.js';
import { type Claims, type TokenKind, Tokens } from '../lobby/token.js';
import type { Ask, Door, Told } from './door.js';
import { exponential, type Random } from './random.js';
import type { SimulatedClock } from './simulated-clock.js';
import type { SimulatedRoom } from './simulated-room.js';

/** From asking to the answer. */
const TRIP_MS = { least: 20, further: 15 };
const ROOM = 1;

/** Answers as the API does, by the lobby's own tokens and controller, after the time that a network takes. */
export class SimulatedDoor implements Door {
  registered = 0;
  private readonly tokens = new Tokens([{ id: 0, secret: 'of the simulation, and of nothing else' }]);

  constructor(
    private readonly clock: SimulatedClock,
    private readonly room: SimulatedRoom,
    private readonly random: Random,
    /** Of the event: beyond these people are on the waitlist. */
    private readonly capacity: number,
    private readonly issuedAtMs: number[],
  ) {}

  nowMs(): number {
    return this.clock.nowMs;
  }

  wait(ms: number, then: (dueMs: number) => void): void {
    this.clock.after(ms, then);
  }

  ask(ask: Ask, then: (told: Told) => void): void {
    const told = this.answer(ask);
    this.clock.after(TRIP_MS.least + exponential(this.random, TRIP_MS.further), () => then(told));
  }

  private answer(ask: Ask): Told {
    switch (ask.do) {
      case 'status':
        return { status: 200, line: this.room.publicStatus };
      case 'register':
        return this.register(ask.pass, ask.ticket);
      case 'join':
        return this.join(ask.ticket);
      default:
        return this.withTicket(ask.do, ask.ticket);
    }
  }

  private register(pass: string | undefined, ticket: string | undefined): Told {
    const { room, clock } = this;
    if (pass !== undefined) {
      const claims = this.verify('pass', pass);
      if (!claims) return { status: 403, code: 'pass-invalid' };
      return this.spend(claims.number, claims.turn);
    }
    if (room.takeStraight(clock.nowMs)) {
      clock.after(TRIP_MS.least, () => room.finishStraight());
      return this.confirm();
    }
    const place = this.join(ticket);
    if (ticket === undefined || !place.place) return { ...place, status: 429, code: 'lobby-required' };
    const { number } = place.place;
    if (room.isNearFront(number)) {
      const claim = room.claim(number, clock.nowMs);
      if (claim.state === 'spent') return { status: 409, code: 'pass-spent' };
      if (claim.state === 'called') return this.spend(number, claim.turn);
      room.checkIn(number, clock.nowMs);
    }
    const retryAfterSeconds = this.retryAfterSeconds(number);
    return { ...place, status: 429, code: 'lobby-required', retryAfterSeconds };
  }

  private spend(number: number, turn: number): Told {
    const outcome = this.room.spend(number, turn, this.clock.nowMs);
    if (outcome === 'registered') return this.confirm();
    return { status: outcome === 'pass-spent' ? 409 : 403, code: outcome };
  }

  private confirm(): Told {
    const state = ++this.registered > this.capacity ? 'waitlisted' : 'confirmed';
    return { status: 201, registration: { id: String(this.registered), state } };
  }

  private join(ticket: string | undefined): Told {
    const { room, clock } = this;
    let number: number;
    let text = ticket;
    if (text === undefined) {
      number = room.join();
      this.issuedAtMs[number] = clock.nowMs;
      text = this.tokens.sign('ticket', { room: ROOM, number, turn: 0, atMs: Math.round(clock.nowMs) });
    } else {
      const claims = this.verify('ticket', text);
      if (!claims) return { status: 400, code: 'invalid-request' };
      number = claims.number;
    }
    const position = Math.max(0, number - room.line.called - 1);
    const estimatedWaitSeconds = waitInterval(position, room.flow);
    return { status: 201, place: { ticket: text, number, position, estimatedWaitSeconds } };
  }

  private withTicket(what: 'checkIn' | 'pass' | 'leave', ticket: string): Told {
    const { room, clock } = this;
    const claims = this.verify('ticket', ticket);
    if (!claims) return { status: 400, code: 'invalid-request' };
    const { number } = claims;
    if (what === 'leave') {
      room.leave(number);
      return { status: 204 };
    }
    if (what === 'checkIn') {
      if (!room.isNearFront(number))
        return { status: 409, code: 'conflict', retryAfterSeconds: this.retryAfterSeconds(number) };
      room.checkIn(number, clock.nowMs);
      return { status: 204 };
    }
    const claim = room.claim(number, clock.nowMs);
    if (claim.state === 'spent') return { status: 409, code: 'pass-spent' };
    if (claim.state === 'called') {
      const { turn, untilMs } = claim;
      return {
        status: 201,
        pass: this.tokens.sign('pass', { room: ROOM, number, turn, atMs: Math.round(untilMs) }),
      };
    }
    if (room.isNearFront(number)) room.checkIn(number, clock.nowMs);
    return { status: 202, retryAfterSeconds: this.retryAfterSeconds(number) };
  }

  private retryAfterSeconds(number: number): number {
    return retryAfterSeconds(number - this.room.line.frontier, this.room.flow);
  }

  private verify(kind: TokenKind, text: string): Claims | null {
    const claims = this.tokens.verify(kind, text);
    return claims?.room === ROOM ? claims : null;
  }
}
