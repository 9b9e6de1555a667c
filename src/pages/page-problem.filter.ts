import { type ArgumentsHost, Catch, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { messagePage } from '#web/message-page.js';
import type { RenderedPage } from '#web/page.js';
import { type Words, wordsFor } from '#web/words.js';
import { Problem } from '../platform/http/problem.js';
import { giveUpPass, giveUpPlace } from './place-in-line.js';
import { loginFor } from './registration-pages.js';
import { sendPage } from './send-page.js';

const PASS_IS_GONE: ReadonlySet<string> = new Set(['pass-invalid', 'pass-expired', 'pass-spent', 'gone']);

/** A problem reads as a page where people look: what happened and what to do, in their language. */
@Catch(Problem)
export class PageProblemFilter implements ExceptionFilter<Problem> {
  catch(problem: Problem, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const reply = http.getResponse<FastifyReply>();
    const { event } = request.params as { event?: string };
    for (const [name, value] of Object.entries(problem.extras.headers ?? {})) void reply.header(name, value);
    if (problem.status === 303) {
      void reply.status(303).send();
      return;
    }
    if (event !== undefined && problem.code === 'unauthenticated') {
      void reply.status(303).header('location', loginFor(event)).send();
      return;
    }
    // A pass that expired has not used up its place: with the ticket one is called again.
    if (event !== undefined && problem.code === 'pass-expired') giveUpPass(reply, request, event);
    else if (event !== undefined && PASS_IS_GONE.has(problem.code)) giveUpPlace(reply, request, event);
    const { lang } = request.query as { lang?: string };
    const words = wordsFor(request.headers['accept-language'], lang);
    sendPage(reply, problem.status, pageOf(problem, words, request.url, event));
  }
}

function pageOf(
  { status, code }: Problem,
  words: Words,
  url: string,
  event: string | undefined,
): RenderedPage {
  if (status === 404) return messagePage({ words, title: words.noSuch, text: words.noSuchText });
  if (code === 'registration-closed') {
    return messagePage({ words, title: words.closed, text: words.closedLine });
  }
  if (event !== undefined && PASS_IS_GONE.has(code)) {
    const next = { label: words.joinAgain, to: `/lobby/${encodeURIComponent(event)}` };
    return messagePage({ words, title: words.lateText, text: words.passGone, next });
  }
  const next = { label: words.again, to: url };
  return messagePage({ words, title: words.trouble, text: words.tryAgain, next });
}
