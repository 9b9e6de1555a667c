import type { FastifyReply, FastifyRequest } from 'fastify';

/** As many characters as a ticket or pass may have, with room to spare. */
const VALUE = /^[\w.~-]{1,200}$/;

/** The value of a cookie; null where it is missing, doubled or of no shape that we give. */
export function cookieOf(request: FastifyRequest, name: string): string | null {
  const found = (request.headers.cookie ?? '')
    .split(';')
    .map((part) => part.trim().split('='))
    .filter(([key]) => key === name);
  const value = found.length === 1 ? found[0]![1] : undefined;
  return value !== undefined && VALUE.test(value) ? value : null;
}

/** Sets a cookie that no script reads; null takes it away. It holds a place in a line, and no login. */
export function setCookie(
  reply: FastifyReply,
  request: FastifyRequest,
  name: string,
  value: string | null,
  seconds: number,
): void {
  const secure = request.protocol === 'https' ? '; Secure' : '';
  const life = value === null ? 0 : seconds;
  const cookie = `${name}=${value ?? ''}; Path=/; Max-Age=${life}; HttpOnly; SameSite=Lax${secure}`;
  const before = reply.getHeader('set-cookie');
  const list = before === undefined ? [] : [before].flat().map(String);
  void reply.header('set-cookie', [...list, cookie]);
}
