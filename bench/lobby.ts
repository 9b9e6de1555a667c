import { createSign, createVerify, generateKeyPairSync } from 'node:crypto';
import path from 'node:path';
import { joins } from './lobby-joins.js';
import { polls } from './lobby-polls.js';
import { lobbyRegistrations } from './lobby-registrations.js';
import { QueueITHelpers } from './lobby-rivals.js';
import { type Controller, runTrace, TRACES } from './lobby-traces.js';
import { median, percentile, type Table, table } from './table.js';
import type { Tokens as TokensOf } from '../src/lobby/token.js';

const TOKENS = 20_000;
const ROUNDS = 5;
const SEEDS = 10;
const EVENT = 'summit';

/** The guard's check beside a rival's and a JWT's, and how far estimates are off. */
export async function lobby(): Promise<Table[]> {
  const { Tokens } = (await import(built('token'))) as { Tokens: typeof TokensOf };
  const controller = {
    ...((await import(built('controller'))) as Controller),
    ...((await import(built('flow'))) as Controller),
    ...((await import(built('flow-meter'))) as Controller),
  };
  const atOnce = [guardCost(Tokens), estimates(controller)];
  return [...atOnce, ...(await lobbyRegistrations()), ...(await joins()), ...(await polls())];
}

function built(name: string): string {
  return path.resolve(`dist/lobby/${name}.js`);
}

function guardCost(Tokens: typeof TokensOf): Table {
  const secret = 'for-benchmarks-only-for-benchmarks-only';
  const signer = new Tokens([{ id: 1, secret }]);
  const passes = Array.from({ length: TOKENS }, (_, i) =>
    signer.sign('pass', { room: 1, number: i + 1, turn: 0, atMs: Date.now() + 600_000 }),
  );
  const cold: number[] = [];
  const warm: number[] = [];
  const rival: number[] = [];
  const jwt: number[] = [];
  const queueIt = new QueueITHelpers(EVENT, secret);
  const cookies = passes.map((_, i) => queueIt.cookie(`q${i}`));
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const signed = Array.from({ length: 500 }, (_, i) => {
    const text = `eyJhbGciOiJSUzI1NiJ9.${Buffer.from(`{"sub":"${i}","exp":2000000000}`).toString('base64url')}`;
    return { text, signature: createSign('RSA-SHA256').update(text).sign(privateKey, 'base64url') };
  });
  for (let round = 0; round < ROUNDS; round++) {
    // As they come in a request: texts of their own, which nothing has looked up before.
    const again = passes.map((pass) => Buffer.from(pass).toString('latin1'));
    const tokens = new Tokens([{ id: 1, secret }]);
    cold.push(perItemMicroseconds(passes, (pass) => tokens.verify('pass', pass) !== null));
    warm.push(perItemMicroseconds(again, (pass) => tokens.verify('pass', pass) !== null));
    rival.push(perItemMicroseconds(cookies, (cookie) => queueIt.isValid(cookie)));
    jwt.push(
      perItemMicroseconds(signed, ({ text, signature }) => {
        const { exp } = JSON.parse(Buffer.from(text.split('.')[1]!, 'base64url').toString()) as {
          exp: number;
        };
        return createVerify('RSA-SHA256').update(text).verify(publicKey, signature, 'base64url') && exp > 0;
      }),
    );
  }
  const row = (name: string, times: number[]): (string | number)[] => [
    name,
    median(times).toFixed(2),
    `${median(times.map((time, i) => time / cold[i]!)).toFixed(1)}×`,
  ];
  return table(
    'One check of a pass',
    ['', 'µs', '× ours, first time'],
    [
      row('Foyer, first time', cold),
      row('Foyer, seen before', warm),
      row('Queue-it connector, session cookie', rival),
      row('RS256 JWT', jwt),
    ],
  );
}

function perItemMicroseconds<T>(items: readonly T[], check: (item: T) => boolean): number {
  const began = performance.now();
  let good = 0;
  for (const item of items) if (check(item)) good++;
  const took = performance.now() - began;
  if (good !== items.length) throw new Error('a check refused what is good');
  return (took * 1000) / items.length;
}

function estimates(controller: Controller): Table {
  const rows = Object.entries(TRACES).map(([name, trace]) => {
    const outcomes = Array.from({ length: SEEDS }, (_, seed) => runTrace(controller, trace, seed + 1));
    const p90 = (pick: (outcome: (typeof outcomes)[number]) => number[]): number =>
      median(outcomes.map((outcome) => percentile(pick(outcome), 0.9) * 100));
    const active = Math.max(...outcomes.map(({ activeMax }) => activeMax));
    const minute = Math.max(...outcomes.map(({ perMinuteMax }) => perMinuteMax));
    return [name, p90(({ ours }) => ours), p90(({ plain }) => plain), `${active} of 200`, `${minute} of 300`];
  });
  return table(
    `Estimates told on joining, an hour, ${SEEDS} seeds: error at p90 in %`,
    ['trace', 'Foyer', 'people ÷ rate', 'most active', 'most a minute'],
    rows,
  );
}
