import { createHash } from 'node:crypto';
import { Controller, Get, Param, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { notFound, type ProblemCode, PROBLEMS } from './problem.js';

const STYLE = `
  :root { color-scheme: light dark; --ink: #1d2433; --soft: #5b6475; --ground: #f7f5f1; --mark: #8a4b2a; }
  @media (prefers-color-scheme: dark) { :root { --ink: #ece8e1; --soft: #a7adba; --ground: #171a21; --mark: #e0a07c; } }
  body { margin: 0; background: var(--ground); color: var(--ink); font: 1.0625rem/1.6 system-ui, sans-serif; }
  main { max-width: 38rem; margin: 18vh auto 4rem; padding: 0 1.5rem; }
  p.code { color: var(--mark); font: 600 .875rem/1 ui-monospace, monospace; margin: 0 0 1rem; }
  h1 { font-size: 1.75rem; line-height: 1.25; margin: 0 0 .75rem; }
  p { margin: 0; color: var(--soft); }
  code { font-size: .95em; color: var(--ink); }
`;

/** Styles stand in the page, so that it is one request; their hash is the only exception from `none`. */
const PAGE_POLICY = `default-src 'none'; frame-ancestors 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`;

/** The page behind each problem's `type`, for people and for programs. */
@ApiExcludeController()
@Controller('problems')
export class ProblemsController {
  @Get(':code')
  explain(@Param('code') code: string, @Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    if (!Object.hasOwn(PROBLEMS, code)) throw notFound('There is no problem of this name.');
    const [status, title, advice] = PROBLEMS[code as ProblemCode];
    void reply.header('cache-control', 'public, max-age=3600').header('vary', 'accept');
    if (request.headers.accept?.includes('text/html')) {
      void reply
        .header('content-type', 'text/html; charset=utf-8')
        .header('content-security-policy', PAGE_POLICY)
        .send(page(code, status, title, advice));
    } else {
      void reply.send({ type: `/problems/${code}`, title, status, advice });
    }
  }
}

function page(code: string, status: number, title: string, advice: string): string {
  const text = advice.replace(/`([^`]+)`/g, '<code>$1</code>');
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · Foyer</title>
<style>${STYLE}</style>
<main>
  <p class="code">${status} · ${code}</p>
  <h1>${title}</h1>
  <p>${text}</p>
</main>
</html>
`;
}
