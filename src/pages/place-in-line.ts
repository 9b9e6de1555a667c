import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { cookieOf, setCookie } from './cookies.js';

const TICKET_SECONDS = 7 * 86_400;

/** A browser keeps its ticket and its pass in cookies, one of each an event. */
export const placeCookies = {
  ticket: (slug: string) => `foyer_ticket_${slug}`,
  pass: (slug: string) => `foyer_pass_${slug}`,
};

/** What the cookies hold, as the lobby's guard looks for it: in the headers that clients of the API send. */
@Injectable()
export class PlaceInLine implements CanActivate {
  canActivate(context: ExecutionContext): true {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const { event = '' } = request.params as { event?: string };
    takePlace(request, event);
    return true;
  }
}

export function takePlace(request: FastifyRequest, event: string): void {
  for (const kind of ['ticket', 'pass'] as const) {
    const value = cookieOf(request, placeCookies[kind](event));
    if (value !== null) request.headers[`foyer-${kind}`] = value;
  }
}

export function keepTicket(reply: FastifyReply, request: FastifyRequest, slug: string, ticket: string): void {
  setCookie(reply, request, placeCookies.ticket(slug), ticket, TICKET_SECONDS);
}

export function keepPass(
  reply: FastifyReply,
  request: FastifyRequest,
  slug: string,
  pass: string,
  seconds: number,
): void {
  setCookie(reply, request, placeCookies.pass(slug), pass, seconds);
}

export function giveUpPass(reply: FastifyReply, request: FastifyRequest, slug: string): void {
  setCookie(reply, request, placeCookies.pass(slug), null, 0);
  delete request.headers['foyer-pass'];
}

export function giveUpPlace(reply: FastifyReply, request: FastifyRequest, slug: string): void {
  setCookie(reply, request, placeCookies.ticket(slug), null, 0);
  giveUpPass(reply, request, slug);
  delete request.headers['foyer-ticket'];
}
