import type { FastifyReply } from 'fastify';
import type { RenderedPage } from '#web/page.js';

export function sendPage(reply: FastifyReply, status: number, { html, policy }: RenderedPage): void {
  void reply
    .status(status)
    .header('content-type', 'text/html; charset=utf-8')
    .header('content-security-policy', policy)
    .header('referrer-policy', 'no-referrer')
    .header('cache-control', 'no-store')
    .header('vary', 'accept-language')
    .send(html);
}
