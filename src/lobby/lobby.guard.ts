import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Problem } from '../platform/http/problem.js';
import { unavailable } from '../platform/http/problem-filter.js';
import { passRefused } from './held-pass.js';
import { LobbyTokens } from './lobby-tokens.js';
import { LobbyService } from './lobby.service.js';
import { type RoomRow, stateOf } from './room.js';
import { Rooms } from './rooms.js';
import { Slices } from './slices.js';

/**
 * Stands before registering. Without a room it is one look at an empty map; with one, a pass is checked and people are
 * let straight through from memory. Only who has to wait costs a question to the database: for a number.
 */
@Injectable()
export class LobbyGuard implements CanActivate {
  constructor(
    private readonly rooms: Rooms,
    private readonly tokens: LobbyTokens,
    private readonly slices: Slices,
    private readonly lobby: LobbyService,
  ) {}

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    if (this.rooms.isEmpty) return true;
    const http = context.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const room = this.rooms.of((request.params as { event?: string }).event ?? '');
    if (!room || room.mode === 'off') return true;
    const pass = request.headers['foyer-pass'];
    if (pass !== undefined) return this.admitPass(room, pass, request);
    if (room.state === 'closed' || this.isShut(room)) throw closed();
    const reply = http.getResponse<FastifyReply>();
    if (stateOf(room, this.rooms.nowMs()) !== 'open') return this.turnBack(room, request, reply);
    const finish = this.slices.take(room);
    if (finish) return letThrough(finish, reply);
    return this.slices
      .takeOrBook(room)
      .then((booked) => (booked ? letThrough(booked, reply) : this.turnBack(room, request, reply)));
  }

  /** No I/O: that it was not spent is for the registration's own transaction to find. */
  private admitPass(room: RoomRow, pass: string | string[], request: FastifyRequest): true {
    const claims = typeof pass === 'string' ? this.tokens.verify('pass', pass) : null;
    if (claims?.room !== room.room) throw passRefused('pass-invalid');
    // A repetition may come late: whether its first registered is known to the transaction alone.
    const isRepeatable = request.headers['idempotency-key'] !== undefined;
    if (claims.atMs <= this.rooms.nowMs() && !isRepeatable) throw passRefused('pass-expired');
    request.heldPass = { eventId: room.event_id, number: claims.number, turn: claims.turn };
    return true;
  }

  /** For browsers the lobby's page; for clients of the API a ticket, or the pass where theirs was called. */
  private async turnBack(room: RoomRow, request: FastifyRequest, reply: FastifyReply): Promise<boolean> {
    if (request.headers.accept?.includes('text/html')) {
      throw lobbyRequired({ location: `/lobby/${room.slug}` });
    }
    const place = await this.lobby.join(room.event_id, request, () => reply.raw.destroyed);
    const held = place.isNew ? null : await this.lobby.checkInOrClaim(room, place);
    if (held) {
      request.heldPass = held;
      return true;
    }
    const { ticket, number, position, estimatedWaitSeconds } = place.body;
    const retryAfter = String(this.lobby.retryAfterSeconds(room, number));
    throw new Problem('lobby-required', 'Many people are registering; your place in the line is kept.', {
      headers: { 'retry-after': retryAfter },
      members: {
        lobby: { ticket, number, position, estimatedWaitSeconds, links: linksOf(room.slug) },
      },
    });
  }

  /** The database is away, and this room shall rather close than hold. */
  private isShut(room: RoomRow): boolean {
    if (!this.rooms.isStale) return false;
    if (room.on_failure === 'close') return true;
    throw unavailable('the lobby cannot be read');
  }
}

export function linksOf(slug: string): Record<string, string> {
  const self = `/v1/events/${slug}/lobby`;
  return { self, checkIn: `${self}/check-in`, pass: `${self}/pass`, page: `/lobby/${slug}` };
}

/** 303: what was sent here is not sent again to the lobby's page. */
function lobbyRequired({ location }: { location: string }): Problem {
  return new Problem('lobby-required', 'Many people are registering; the lobby keeps a place for you.', {
    status: 303,
    headers: { location, 'retry-after': '5' },
  });
}

function closed(): Problem {
  return new Problem('registration-closed', 'The lobby of this event is closed.');
}

function letThrough(finish: () => void, reply: FastifyReply): true {
  reply.raw.once('close', finish);
  return true;
}
