import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { parse, stringify } from 'yaml';
import { findProgram } from '../../scripts/launcher/find-program.mjs';
import { ApiClient } from '../chaos/api-client.js';
import { prepareEvents } from '../chaos/prepare-events.js';
import type { TwinName } from '../chaos/processes.js';
import { OPERATOR_KEY, Stack } from '../chaos/stack.js';
import { seeded } from '../support/seeded.js';
import { Crowd, EVENT_SLUGS } from './crowd.js';
import { Misfortunes, putFaults } from './misfortunes.js';
import { type Destination, destinationsOf, type Extent, twinSettings } from './plan.js';

const ORACLE = 'test/delivery-chaos/oracle/delivery-oracle.mjs';
const TWINS = ['hubspot', 'salesforce', 'marketo'] as const;
/** Changes of different people that share a commit. */
const COMMIT_MAX = 60;
const LOOK_MS = 250;
const VERDICT_BYTES_MAX = 64 * 1024 * 1024;

export interface Verdict {
  readonly faults: readonly string[];
  readonly figures: Readonly<Record<TwinName, Readonly<Record<string, number>>>>;
}

export interface Rehearsed extends Verdict {
  readonly kills: number;
  /** Processes that ended though nobody killed them. */
  readonly falls: readonly string[];
  readonly summary: string;
}

/** Changes people while everything breaks, lets all of it settle, and has the oracle judge what came of it. */
export async function rehearseDeliveries(extent: Extent): Promise<Rehearsed> {
  const random = seeded(extent.seed);
  const destinations = destinationsOf(extent.pace);
  const stack = await Stack.start({
    redis: findProgram('redis-server', 'valkey-server') === undefined ? 'js-redis-server' : 'redis-server',
    hitsWanted: 0,
    twins: twinSettings(extent.pace),
    replicas: ['api', 'worker', 'worker', 'worker'],
    env: programSettings(extent),
  });
  const pool = new pg.Pool({ connectionString: stack.databaseUrl, max: 4 });
  try {
    const api = new ApiClient(() => stack.apiUrls());
    await prepareEvents(api, Object.fromEntries(EVENT_SLUGS.map((slug) => [slug, null])));
    const crowd = new Crowd(pool, extent.people, random);
    await crowd.findEvents();
    const misfortunes = new Misfortunes(stack, pool, destinations, extent, seeded(extent.seed + 1));
    for (const twin of TWINS) await misfortunes.armFaults(twin);

    const begin = performance.now();
    await Promise.all([change(crowd, extent), misfortunes.befall(extent.loadMs)]);
    const loaded = performance.now();
    for (const twin of TWINS) await putFaults(stack.twins[twin].url, []);
    const left = await settled(pool, extent);
    const ended = performance.now();

    const { freezes, counts } = misfortunes;
    const verdict = await ask(stack, crowd, destinations, extent, freezes);
    const kills = (counts['worker killed'] ?? 0) + (counts['Redis killed'] ?? 0);
    const seconds = (ms: number): string => (ms / 1000).toFixed(0);
    return {
      faults: [...left, ...verdict.faults],
      figures: verdict.figures,
      kills,
      falls: stack.replicas.flatMap(({ falls }) => falls),
      summary: [
        `seed ${extent.seed}: ${extent.changes} changes of ${crowd.people.length} people at three destinations, ` +
          `${kills} kills; ${seconds(loaded - begin)} s of changes, ${seconds(ended - loaded)} s to settle; ` +
          `load of the machine ${os.loadavg()[0]!.toFixed(1)}`,
        `  ${Object.entries(counts)
          .map(([kind, times]) => `${kind} ${times}`)
          .join(', ')}`,
        ...TWINS.map((twin) => `  ${twin}: ${JSON.stringify(verdict.figures[twin])}`),
      ].join('\n'),
    };
  } finally {
    await pool.end();
    await stack.stop();
  }
}

/** As the files stand, but for Salesforce's pace, which has no name in the environment. */
function programSettings({ pace }: Extent): Record<string, string> {
  const book = parse(readFileSync('config/destinations.yaml', 'utf8')) as Record<string, object>;
  book.salesforce = { ...book.salesforce, callsPerSecond: pace.salesforcePerSecond };
  const file = path.join(os.tmpdir(), `foyer-destinations-${process.pid}.yaml`);
  writeFileSync(file, stringify(book));
  return {
    FOYER_PIPELINES_DESTINATIONS_FILE: file,
    HUBSPOT_CALLS_PER_SECOND: '',
    MARKETO_CALLS_PER_WINDOW: String(pace.marketoInTwentySeconds),
    MARKETO_MAPPINGS: 'marketo.lead',
  };
}

async function change(crowd: Crowd, { changes, loadMs }: Extent): Promise<void> {
  const begin = performance.now();
  for (let made = 0; made < changes;) {
    const due = begin + (made * loadMs) / changes;
    const waitMs = due - performance.now();
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    const many = Math.min(COMMIT_MAX, changes - made);
    await crowd.change(many);
    made += many;
  }
}

/** Waits until nothing is unread, under way or to be looked at again. @returns what was left when patience ended */
async function settled(pool: pg.Pool, { settleMsMax }: Extent): Promise<string[]> {
  for (const end = performance.now() + settleMsMax; ;) {
    const { rows } = await pool.query<{ unread: number; parked: number; under_way: number }>(
      `select (select count(*) from lanes l where exists (select 1 from changes c
                where c.stream = l.stream and c.seq > l.cursor and c.slot % l.lanes = l.lane))::int as unread,
              (select count(*) from deliveries where next_attempt_at is not null)::int as parked,
              (select count(*) from intents)::int as under_way`,
    );
    const left = rows[0]!;
    if (left.unread + left.parked + left.under_way === 0) return [];
    if (performance.now() > end) return [`not all was settled in ${settleMsMax} ms: ${JSON.stringify(left)}`];
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

async function ask(
  stack: Stack,
  crowd: Crowd,
  destinations: Readonly<Record<TwinName, Destination>>,
  { callsRatioMax }: Extent,
  freezes: readonly object[],
): Promise<Verdict> {
  const told = TWINS.map((twin) => {
    const { batchMax, windows } = destinations[twin];
    return [twin, { url: stack.twins[twin].url, batchMax, windows, callsRatioMax }];
  });
  const api = stack.apiUrls()[0];
  const stage = { api, token: OPERATOR_KEY, freezes, destinations: Object.fromEntries(told) as object };
  writeFileSync(path.join(stack.folder, 'people.json'), JSON.stringify(crowd.people));
  writeFileSync(path.join(stack.folder, 'stage.json'), JSON.stringify(stage));
  const { stdout } = await promisify(execFile)(process.execPath, [ORACLE, stack.folder], {
    maxBuffer: VERDICT_BYTES_MAX,
  });
  return JSON.parse(stdout) as Verdict;
}
