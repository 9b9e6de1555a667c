import { createHash } from 'node:crypto';

const LOGIN = 'foyer-login';
const ATTEMPT = 'foyer-attempt-';
const ATTEMPTS_MAX = 6;
const VALUE = /^[\w.-]{1,2000}$/;

/**
 * The cookies of a login and of its attempts. Over https they carry the prefix `__Host-`, which browsers grant only to
 * cookies that are Secure, of this very host and of the whole site: no neighbour can plant one. Plain http (this
 * machine only) does without.
 */
export class LoginCookies {
  private readonly prefix: string;
  private readonly attributes: string;

  constructor(isSecure: boolean) {
    this.prefix = isSecure ? '__Host-' : '';
    this.attributes = `; Path=/; HttpOnly; SameSite=Lax${isSecure ? '; Secure' : ''}`;
  }

  /** The login's secret; null where there is none, or two, of which neither can be trusted. */
  login(header: string | undefined): string | null {
    return this.read(header, this.prefix + LOGIN);
  }

  /** No `Max-Age`: it ends with the browser, and before that at the server. */
  keepLogin(secret: string): string {
    return `${this.prefix}${LOGIN}=${secret}${this.attributes}`;
  }

  dropLogin(): string {
    return this.drop(this.prefix + LOGIN);
  }

  attempt(header: string | undefined, state: string): string | null {
    return this.read(header, this.attemptName(state));
  }

  /** @returns cookies that keep this attempt and drop the oldest of too many */
  keepAttempt(header: string | undefined, state: string, sealed: string, maxAgeMs: number): string[] {
    const others = namesIn(header).filter((name) => name.startsWith(this.prefix + ATTEMPT));
    const surplus = others.slice(0, Math.max(0, others.length - ATTEMPTS_MAX + 1));
    const maxAge = `; Max-Age=${Math.ceil(maxAgeMs / 1000)}`;
    return [
      `${this.attemptName(state)}=${sealed}${this.attributes}${maxAge}`,
      ...surplus.map((name) => this.drop(name)),
    ];
  }

  dropAttempt(state: string): string {
    return this.drop(this.attemptName(state));
  }

  private drop(name: string): string {
    return `${name}=${this.attributes}; Max-Age=0`;
  }

  /** Several tabs may log in at once: each attempt has a cookie of its own, named after its state. */
  private attemptName(state: string): string {
    return this.prefix + ATTEMPT + createHash('sha256').update(state).digest('base64url').slice(0, 12);
  }

  private read(header: string | undefined, name: string): string | null {
    const values = pairsIn(header).filter((pair) => pair.name === name);
    const value = values[0]?.value ?? '';
    return values.length === 1 && VALUE.test(value) ? value : null;
  }
}

function namesIn(header: string | undefined): string[] {
  return [...new Set(pairsIn(header).map(({ name }) => name))];
}

function pairsIn(header: string | undefined): { name: string; value: string }[] {
  return (header ?? '').split(';').map((pair) => {
    const at = pair.indexOf('=');
    return { name: pair.slice(0, at).trim(), value: pair.slice(at + 1).trim() };
  });
}
