import { seeded } from '../support/seeded.js';
import { Receiver, LOST } from '../webhooks/receiver.js';
import { ApiClient } from './api-client.js';
import { check, type Evidence } from './checker.js';
import { Client } from './clients.js';
import { DISTURBANCES, setFaults } from './disturbances.js';
import { prepareEvents } from './prepare-events.js';
import { type RedisKind, Stack } from './stack.js';
import { createdTwice, type Ledger, recordsAt } from './twin-records.js';

export interface RehearsalOptions {
  readonly redis: RedisKind;
  readonly hitsWanted: number;
  /** How many times everything befalls the installation. */
  readonly rounds: number;
  readonly clients: number;
  readonly peopleEach: number;
  /** The load ends by then, whatever is still to come. */
  readonly loadMsMax: number;
  readonly seed: number;
}

export interface Rehearsed {
  readonly violations: readonly string[];
  readonly hits: Readonly<Record<string, number>>;
  /** Processes that ended though nobody killed them. */
  readonly falls: readonly string[];
  readonly summary: string;
}

const MAPPINGS = ['hubspot.contact', 'salesforce.lead'];
const PAUSE_MS = 30;
/** Longer than a destination is ever left alone after it was found silent. */
const STUCK_MS = 35_000;
const RECHECK_MS = 400;
/** With fewer a rehearsal proves nothing. */
const REGISTERED_MIN = 100;
const WEBHOOK_FAILURES = { refused: 0.1, lost: 0.05 };

/** Registers people while everything breaks, lets it settle, and holds the outcome against what clients were told. */
export async function rehearse(options: RehearsalOptions): Promise<Rehearsed> {
  const begin = performance.now();
  const random = seeded(options.seed);
  const receiver = await Receiver.start();
  receiver.answer = () => {
    const dice = random();
    return dice < WEBHOOK_FAILURES.refused
      ? 503
      : dice < WEBHOOK_FAILURES.refused + WEBHOOK_FAILURES.lost
        ? LOST
        : 204;
  };
  const stack = await Stack.start({ redis: options.redis, hitsWanted: options.hitsWanted }).catch(
    async (error: unknown) => {
      await receiver.stop();
      throw error;
    },
  );
  try {
    const api = new ApiClient(() => stack.apiUrls());
    for (const twin of ['hubspot', 'salesforce'] as const) await setFaults(stack, twin, []);
    await prepareEvents(api);
    const keys = (await api.operator('POST', '/v1/webhooks', {
      url: receiver.url,
      topics: ['*'],
      payload: 'full',
    })) as {
      secret: string;
      publicKey: string;
    };
    const clients = Array.from({ length: options.clients }, (_, n) => new Client(`c${n}`, api, random));
    const ready = performance.now();
    await underLoad(stack, clients, options, random);
    const loaded = performance.now();
    for (const twin of ['hubspot', 'salesforce'] as const) await setFaults(stack, twin, []);
    receiver.answer = () => 204;
    const people = clients.flatMap((client) => client.people);
    const violations = await whenSettled(api, stack, { people, receiver, keys });
    const duplicates = await Promise.all(Object.values(stack.twins).map(({ url }) => createdTwice(url)));
    return {
      violations: [
        ...(registeredBy(clients) < REGISTERED_MIN ? [`only ${registeredBy(clients)} were registered`] : []),
        ...clients.flatMap((client) => client.violations),
        ...violations,
        ...duplicates.flat().map((key) => `${key} was created twice at a twin`),
      ],
      hits: stack.hits.counts(),
      falls: stack.replicas.flatMap(({ falls }) => falls),
      summary: summary(options, stack, clients, receiver, [begin, ready, loaded, performance.now()]),
    };
  } finally {
    await stack.stop();
    await receiver.stop();
  }
}

/** The load goes on until everything has happened and every fail point was hit, or its time is over. */
async function underLoad(
  stack: Stack,
  clients: readonly Client[],
  { rounds, loadMsMax, peopleEach }: RehearsalOptions,
  random: () => number,
): Promise<void> {
  let isOver = false;
  const end = performance.now() + loadMsMax;
  const working = clients.map((client) => client.work(() => isOver, PAUSE_MS, peopleEach));
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)]!;
  try {
    for (let round = 0; round < rounds && performance.now() < end; round++) {
      for (const { happen } of DISTURBANCES) {
        await happen(stack, pick);
        await pause(200);
      }
    }
    const isEnough = (): boolean => stack.hits.areAll() && registeredBy(clients) >= REGISTERED_MIN;
    while (!isEnough() && performance.now() < end) await pause(100);
  } finally {
    isOver = true;
    await Promise.all(working);
  }
}

/**
 * Looks again until everything holds. It counts as stuck, and what does not hold as violations, when nothing has
 * moved for so long: neither a message came nor a book changed.
 */
async function whenSettled(
  api: ApiClient,
  stack: Stack,
  known: Pick<Evidence, 'people' | 'receiver' | 'keys'>,
): Promise<string[]> {
  const { hubspot, salesforce } = stack.twins;
  let last = '';
  for (let movedAt = performance.now(); ;) {
    const ledgers = await Promise.all(
      MAPPINGS.map(async (name) => (await api.operator('GET', `/v1/mappings/${name}/ledger`)) as Ledger),
    );
    const violations = check({
      ...known,
      ledgers,
      hubspot: await recordsAt(hubspot.url, 'contacts', 'email'),
      salesforce: await recordsAt(salesforce.url, 'Lead', 'Email'),
    });
    if (violations.length === 0) return [];
    const books = ledgers.map(({ states, changes }) => ({ states, changes }));
    const now = JSON.stringify([books, known.receiver.accepted().length]);
    if (now !== last) movedAt = performance.now();
    else if (performance.now() - movedAt > STUCK_MS) return violations;
    last = now;
    await pause(RECHECK_MS);
  }
}

function registeredBy(clients: readonly Client[]): number {
  return clients.reduce((total, { counts }) => total + counts.registered, 0);
}

function summary(
  { redis }: RehearsalOptions,
  stack: Stack,
  clients: readonly Client[],
  receiver: Receiver,
  times: readonly number[],
): string {
  const sum = (name: keyof Client['counts']): number =>
    clients.reduce((total, { counts }) => total + counts[name], 0);
  const seconds = times.slice(1).map((time, i) => ((time - times[i]!) / 1000).toFixed(1));
  const names = ['registered', 'amended', 'cancelled', 'repeated', 'refused', 'asked'] as const;
  const lives = stack.replicas.map(({ role, lives: n }) => `${role} ${n}`).join(', ');
  const hits = Object.entries(stack.hits.counts()).map(([name, count]) => `${name} ${count}`);
  return [
    `chaos on ${redis}: started in ${seconds[0]} s, load ${seconds[1]} s, settled in ${seconds[2]} s`,
    `  clients: ${names.map((name) => `${name} ${sum(name)}`).join(', ')}`,
    `  webhooks: ${receiver.received.length} sent, ${receiver.accepted().length} different accepted`,
    `  lives: ${lives}`,
    `  fail points: ${hits.join(', ')}`,
  ].join('\n');
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
