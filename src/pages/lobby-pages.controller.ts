import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Body, Controller, Get, Param, Post, Query, Req, Res, UseFilters } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { lobbyPage } from '#web/lobby-page.js';
import { wordsFor } from '#web/words.js';
import { placesLeft } from '../events/event.js';
import { EventLookup } from '../events/event-lookup.js';
import { TicketDto } from '../lobby/lobby.dto.js';
import type { Joined } from '../lobby/lobby.service.js';
import { LobbyService } from '../lobby/lobby.service.js';
import { notFound, Problem } from '../platform/http/problem.js';
import { PageProblemFilter } from './page-problem.filter.js';
import { giveUpPlace, keepPass, keepTicket, takePlace } from './place-in-line.js';
import { sendPage } from './send-page.js';
import { momentText } from './when.js';

const SCRIPT = readFileSync(path.resolve('web/lobby-live.js'), 'utf8');
/** How long a browser without JavaScript waits before it looks again. */
const REFRESH_SECONDS = { min: 5, max: 30 };

/** What `GET …/lobby` says to everyone. */
interface LobbyStatus {
  readonly state: string;
  readonly message?: string | null;
  readonly opensAt?: string | null;
}

/** `/lobby/:event`: joins, keeps the place in a cookie, checks in, and goes on to the form when it is one's turn. */
@ApiExcludeController()
@UseFilters(PageProblemFilter)
@Controller('lobby')
export class LobbyPagesController {
  constructor(
    private readonly lobby: LobbyService,
    private readonly events: EventLookup,
  ) {}

  @Get(':event')
  async line(
    @Param('event') slug: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
    @Query('lang') language?: string,
  ): Promise<void> {
    const known = await this.events.open(slug);
    if (!known) throw notFound('There is no such event.');
    takePlace(request, slug);
    const status = JSON.parse(await this.lobby.status(slug)) as LobbyStatus;
    const hasTicket = request.headers['foyer-ticket'] !== undefined;
    if (status.state === 'off' || (status.state === 'open' && !hasTicket)) {
      toForm(reply, slug);
      return;
    }
    // Whoever stands in line keeps the ticket: it is good once more when the line is opened again.
    if (status.state === 'closed') throw new Problem('registration-closed', 'The lobby is closed.');
    const { body } = await this.place(slug, request, reply);
    keepTicket(reply, request, slug, body.ticket);
    const turn = await this.lobby.pass(slug, body.ticket);
    if ('pass' in turn) {
      const seconds = Math.ceil((Date.parse(turn.expiresAt) - this.lobby.nowMs()) / 1000);
      keepPass(reply, request, slug, turn.pass, Math.max(1, seconds));
      toForm(reply, slug);
      return;
    }
    const words = wordsFor(request.headers['accept-language'], language);
    const { event } = known;
    const page = lobbyPage({
      words,
      event: { name: event.name, slug, placesLeft: placesLeft(event), timeZone: event.time_zone },
      ticket: body.ticket,
      number: body.number,
      ahead: turn.position,
      wait: body.estimatedWaitSeconds,
      state: status.state,
      message: status.message ?? null,
      opens: this.opening(status, words.language, event.time_zone),
      refreshSeconds: Math.min(REFRESH_SECONDS.max, Math.max(REFRESH_SECONDS.min, turn.retryAfter)),
      script: SCRIPT,
    });
    sendPage(reply, 200, page);
  }

  /**
   * Tabs that were opened at once have a place each, and the browser keeps the one that was answered last: they agree
   * on the first, and keep that. A form of another site cannot send JSON.
   * @throws Problem where the ticket is of no use any more
   */
  @Post(':event')
  async keep(
    @Param('event') slug: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
    @Body() { ticket }: TicketDto,
  ): Promise<void> {
    await this.lobby.pass(slug, ticket);
    keepTicket(reply, request, slug, ticket);
    void reply.status(204).send();
  }

  /** A ticket of another room, or an old one, is no reason to be sent away: it is given up for a new one. */
  private async place(slug: string, request: FastifyRequest, reply: FastifyReply): Promise<Joined> {
    const join = (): Promise<Joined> => this.lobby.join(slug, request, () => reply.raw.destroyed);
    try {
      return await join();
    } catch (error) {
      if (!(error instanceof Problem) || error.code !== 'invalid-request') throw error;
      giveUpPlace(reply, request, slug);
      return join();
    }
  }

  private opening({ opensAt }: LobbyStatus, language: string, timeZone: string): string | null {
    if (opensAt == null || Date.parse(opensAt) <= this.lobby.nowMs()) return null;
    return momentText(language, timeZone, opensAt);
  }
}

function toForm(reply: FastifyReply, slug: string): void {
  void reply
    .status(303)
    .header('location', `/e/${encodeURIComponent(slug)}`)
    .header('cache-control', 'no-store')
    .send();
}
