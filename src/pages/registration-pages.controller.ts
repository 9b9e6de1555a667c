import { Body, Controller, Get, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { messagePage } from '#web/message-page.js';
import { type Words, wordsFor } from '#web/words.js';
import type { FormBody } from '../platform/http/forms.js';
import { Problem } from '../platform/http/problem.js';
import { type Answered, RegistrationPages } from './registration-pages.js';
import { sendPage } from './send-page.js';

/** `/e/:event` to register, `/r/:id` to see and cancel. Complete without JavaScript. */
@ApiExcludeController()
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
    return answer(request, reply, language, (words) => this.pages.form(event, words));
  }

  @Post('e/:event')
  register(
    @Param('event') event: string,
    @Body() body: object,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
    @Query('lang') language?: string,
  ): Promise<void> {
    return answer(request, reply, language, (words) => this.pages.register(event, body as FormBody, words));
  }

  @Get('r/:id')
  registration(
    @Param('id') id: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
    @Query('token') token = '',
    @Query('lang') language?: string,
  ): Promise<void> {
    return answer(request, reply, language, (words) => this.pages.registration(id, token, words));
  }

  @Post('r/:id')
  async cancel(
    @Param('id') id: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
    @Query('token') token = '',
    @Query('lang') language?: string,
  ): Promise<void> {
    await answer(request, reply, language, async () => {
      await this.pages.cancel(id, token);
      // Seen by a GET of its own, so that a reload does not send the form again.
      void reply.status(303).header('location', request.url).send();
      return null;
    });
  }
}

/** A problem reads as a page here too: what happened and what to do, in the reader's language. */
async function answer(
  request: FastifyRequest,
  reply: FastifyReply,
  language: string | undefined,
  work: (words: Words) => Promise<Answered | null>,
): Promise<void> {
  const words = wordsFor(request.headers['accept-language'], language);
  try {
    const answered = await work(words);
    if (answered) sendPage(reply, answered.status, answered.page);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    for (const [name, value] of Object.entries(error.extras.headers ?? {})) void reply.header(name, value);
    const page =
      error.status === 404
        ? messagePage({ words, title: words.noSuch, text: words.noSuchText })
        : messagePage({
            words,
            title: words.trouble,
            text: words.tryAgain,
            next: { label: words.again, to: request.url },
          });
    sendPage(reply, error.status, page);
  }
}
