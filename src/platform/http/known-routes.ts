import type { FastifyInstance } from 'fastify';
import { notFound, Problem } from './problem.js';

/** Which methods each address knows, so that a wrong method is told apart from a wrong address. */
export class KnownRoutes {
  private readonly routes: { pattern: RegExp; method: string }[] = [];

  /** Before any route is added. */
  listen(fastify: FastifyInstance): void {
    fastify.addHook('onRoute', ({ method, url }) => {
      const pattern = new RegExp(
        `^${url.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/:[A-Za-z]+/g, '[^/]+')}/?$`,
      );
      for (const name of [method].flat()) this.routes.push({ pattern, method: name });
    });
  }

  /** The value of `Allow`, or null where there is no such address. */
  allow(url: string): string | null {
    const path = url.split('?')[0]!;
    const methods = this.routes.filter(({ pattern }) => pattern.test(path)).map(({ method }) => method);
    return methods.length === 0 ? null : [...new Set([...methods, 'OPTIONS'])].sort().join(', ');
  }

  /** 405 with `Allow` where the address is known under another method; else 404. */
  explain(url: string): Problem {
    const allow = this.allow(url);
    if (allow === null) return notFound();
    return new Problem('method-not-allowed', `This address knows ${allow}.`, { headers: { allow } });
  }
}
