import { Body, Controller, Get, Param, Post, Query, Req, Res, UseFilters, UseGuards } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Words, wordsFor } from '#web/words.js';
import { loginOf, principalOf } from '../identity/principal.js';
import { type FormBody, soleField } from '../platform/http/forms.js';
import { LobbyGuard } from '../lobby/lobby.guard.js';
import { type Answered, RegistrationPages } from './registration-pages.js';
import { PageProblemFilter } from './page-problem.filter.js';
import { PlaceInLine } from './place-in-line.js';
import { sendPage } from './send-page.js';

/** `/e/:event` to register, `/r/:id` to see and cancel. Complete without JavaScript. */
@ApiExcludeController()
@UseFilters(PageProblemFilter)
@Controller()
export class RegistrationPagesController {
  constructor(private readonly pages: RegistrationPages) {}

  @Get('e/:event')
  form(
    @Param('event') event: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
    @Query('lang') language?: string,
  ): Promise<void> {
    return answer(request, reply, language, async (words) => {
      const place = await this.pages.placeBefore(event, request);
      if (place === null) return this.pages.form(event, words, principalOf(request));
      void reply.status(303).header('location', place).header('cache-control', 'no-store').send();
      return null;
    });
  }

  @Post('e/:event')
  @UseGuards(PlaceInLine, LobbyGuard)
  register(
    @Param('event') event: string,
    @Body() body: object,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
    @Query('lang') language?: string,
  ): Promise<void> {
    const by = { principal: principalOf(request), pass: request.heldPass ?? null };
    return answer(request, reply, language, (words) =>
      this.pages.register(event, body as FormBody, words, by),
    );
  }

  @Get('r/:id')
  registration(
    @Param('id') id: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
    @Query('token') token = '',
    @Query('lang') language?: string,
  ): Promise<void> {
    return answer(request, reply, language, (words) =>
      this.pages.registration(id, token, words, principalOf(request)),
    );
  }

  @Post('r/:id')
  async change(
    @Param('id') id: string,
    @Body() body: unknown,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
    @Query('token') token = '',
    @Query('lang') language?: string,
  ): Promise<void> {
    await answer(request, reply, language, async () => {
      if (soleField(body, 'act') === 'link') await this.pages.link(id, token, loginOf(request));
      else await this.pages.cancel(id, token, principalOf(request));
      // Seen by a GET of its own, so that a reload does not send the form again.
      void reply.status(303).header('location', request.url).send();
      return null;
    });
  }
}

async function answer(
  request: FastifyRequest,
  reply: FastifyReply,
  language: string | undefined,
  work: (words: Words) => Promise<Answered | null>,
): Promise<void> {
  const answered = await work(wordsFor(request.headers['accept-language'], language));
  if (answered) sendPage(reply, answered.status, answered.page);
}
