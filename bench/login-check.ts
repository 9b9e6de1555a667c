import { createHmac, randomUUID, timingSafeEqual } from 'node:crypto';
import path from 'node:path';
import { jwtVerify, SignJWT } from 'jose';
import type { BrowserLogin as BrowserLoginOf } from '../src/identity/browser-login.js';
import type { Logins as LoginsOf } from '../src/identity/logins.js';
import type { Settings } from '../src/platform/config/settings.js';
import type { Stage } from './stage.js';
import { percentile, type Table, table } from './table.js';

const LOGINS = 1_000;
const CHECKS = 200_000;
const QUERIES = 3_000;
const SECRET = 'for-benchmarks-only-for-benchmarks-only';
const SETTINGS = {
  http: { publicUrl: '', host: '127.0.0.1' },
  identity: {
    secret: SECRET,
    previousSecret: '',
    sealingKeyDays: 30,
    loginIdleMs: 3_600_000,
    loginMaxMs: 43_200_000,
  },
} as unknown as Settings;

/**
 * Who is it? of a request with a login's cookie: read, looked up (an answer serves for a second, then the database is
 * asked anew), judged. Beside it what cannot be revoked: a signed cookie, a JWT.
 */
export async function loginCheck(stage: Stage): Promise<Table> {
  await import('reflect-metadata');
  const { Logins } = (await import(built('logins'))) as { Logins: typeof LoginsOf };
  const { BrowserLogin } = (await import(built('browser-login'))) as { BrowserLogin: typeof BrowserLoginOf };
  const make = (now = () => new Date()): LoginsOf =>
    new Logins(stage.pool, { now }, { warn: () => undefined } as never, SETTINGS);
  const requests = (await openAll(make())).map((secret) => ({
    method: 'GET',
    headers: { host: '127.0.0.1', cookie: `theme=dark; foyer-login=${secret}` },
  }));
  const identify = (logins: LoginsOf): ((i: number) => unknown) => {
    const browser = new BrowserLogin(SETTINGS, logins, { all: [] } as never);
    return (i) => browser.identify(requests[i % LOGINS] as never);
  };
  // A second goes by between any two looks at one login.
  let askedAt = Date.now();
  const asking = make(() => new Date((askedAt += 2)));
  const ours = await timed(identify(make()), CHECKS);
  const rows: [string, number[]][] = [
    ['Foyer', ours],
    ['Foyer, asking the database each time', await timed(identify(asking), QUERIES)],
    ['a signed cookie (HMAC-SHA-256)', await timed(signedCookies(), CHECKS)],
    ['a JWT in a cookie (HS256, jose)', await timed(await tokens(), CHECKS / 10)],
  ];
  return table(
    `Checking a login's cookie, ${LOGINS} logins in turn`,
    ['', 'p50 ms', 'p99 ms', 'mean ms', 'Foyer ÷ it (mean)'],
    rows.map(([name, took]) => [
      name,
      percentile(took, 0.5).toFixed(4),
      percentile(took, 0.99).toFixed(4),
      mean(took).toFixed(4),
      `${(mean(ours) / mean(took)).toFixed(2)}×`,
    ]),
  );
}

function built(name: string): string {
  return path.resolve(`dist/identity/${name}.js`);
}

async function openAll(logins: LoginsOf): Promise<string[]> {
  const secrets: string[] = [];
  for (let i = 0; i < LOGINS; i++) {
    const secret = await logins.open({
      provider: 'bench',
      issuer: 'http://bench',
      subject: `check-${i}`,
      attendee: {},
      role: 'viewer',
      acr: null,
      providerSid: null,
      idToken: 'x'.repeat(800),
      authenticatedAt: new Date(),
      state: randomUUID(),
      before: null,
    });
    secrets.push(secret!);
  }
  return secrets;
}

async function timed(check: (i: number) => unknown, count: number): Promise<number[]> {
  const took: number[] = [];
  for (let i = 0; i < count; i++) {
    const start = performance.now();
    const found = check(i);
    if (found instanceof Promise) await found;
    took.push(performance.now() - start);
  }
  return took;
}

function signedCookies(): (i: number) => boolean {
  const sign = (text: string): string => createHmac('sha256', SECRET).update(text).digest('base64url');
  const cookies = Array.from({ length: LOGINS }, () => {
    const id = randomUUID();
    return `theme=dark; login=${id}.${sign(id)}`;
  });
  return (i) => {
    const [id, signature] = cookies[i % LOGINS]!.split('login=')[1]!.split('.') as [string, string];
    return timingSafeEqual(Buffer.from(signature), Buffer.from(sign(id)));
  };
}

async function tokens(): Promise<(i: number) => Promise<unknown>> {
  const key = new TextEncoder().encode(SECRET);
  const made = await Promise.all(
    Array.from({ length: LOGINS }, (_, i) =>
      new SignJWT({ sub: String(i), role: 'viewer' })
        .setProtectedHeader({ alg: 'HS256' })
        .setExpirationTime('1h')
        .sign(key),
    ),
  );
  return (i) => jwtVerify(made[i % LOGINS]!, key);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
