import { setTimeout as sleep } from 'node:timers/promises';
import { seed } from './register.js';
import { Stage } from './stage.js';
import { type Table, table } from './table.js';

const PEOPLE = 20_000;
/** Small, so that the backlog outlasts the measuring. */
const RECORDS_A_CALL = 10;
/** The first calls are not measured: the allowance is learned from their answers. */
const WARM_MS = 5_000;
const MEASURED_MS = 40_000;
const PAGE = 10_000;

interface Allowed {
  readonly name: string;
  readonly calls: number;
  readonly ms: number;
  readonly workers: number;
  readonly settings: Record<string, string>;
}

/** One limit that only the answers tell, and one that is set; the second by three workers together. */
const CASES: readonly Allowed[] = [
  {
    name: '190 in 10 s, told by the answers, one worker',
    calls: 190,
    ms: 10_000,
    workers: 1,
    settings: { HUBSPOT_CALLS_PER_SECOND: '' },
  },
  {
    name: '50 a second, set, three workers',
    calls: 50,
    ms: 1_000,
    workers: 3,
    settings: { HUBSPOT_CALLS_PER_SECOND: '50' },
  },
];

interface Call {
  readonly at: number;
  readonly isThrottled: boolean;
}

/** How much of an allowed rate is used while there is always more to send, and how many calls are refused for it. */
export async function rate(): Promise<Table[]> {
  const rows: (string | number)[][] = [];
  for (const allowed of CASES) rows.push(await Stage.with((stage) => used(stage, allowed), twinOf(allowed)));
  const title = `Use of an allowed rate by a standing backlog, ${MEASURED_MS / 1000} s`;
  return [table(title, ['allowed', 'calls made', 'allowed', 'used', 'throttled', 'most in a window'], rows)];
}

/** The backend refuses what goes beyond: by the second, and by ten rolling seconds. */
function twinOf({ calls, ms }: Allowed): Record<string, string> {
  const inTenSeconds = (calls * 10_000) / ms;
  // HubSpot tells a limit by the second as well; a tenth above the even rate it never binds.
  const inOneSecond = Math.ceil((inTenSeconds / 10) * 1.1);
  return {
    TWIN_HUBSPOT_TEN_SECONDLY_MAX: String(inTenSeconds),
    TWIN_HUBSPOT_SECONDLY_MAX: String(inOneSecond),
  };
}

async function used(
  stage: Stage,
  { name, calls, ms, workers, settings }: Allowed,
): Promise<(string | number)[]> {
  const event = await stage.event('rate');
  await seed(stage.pool, event, PEOPLE);
  await stage.limit('hubspot');
  for (let n = 0; n < workers; n++) {
    await stage.start('worker', { ...settings, FOYER_PIPELINES_BATCH_MAX: String(RECORDS_A_CALL) });
  }
  await sleep(WARM_MS);
  const from = Date.now();
  await sleep(MEASURED_MS);
  const made = (await callsOf(stage.twins.hubspot)).filter(({ at }) => at >= from && at < from + MEASURED_MS);
  const { rows } = await stage.pool.query<{ left: boolean }>(
    `select exists (select 1 from changes c, lanes l where l.mapping = 'hubspot.contact' and c.stream = 'person'
                      and c.seq > l.cursor and c.slot % l.lanes = l.lane) as left`,
  );
  if (!rows[0]!.left) throw new Error('the backlog did not last: what was measured says nothing');
  const throttled = made.filter(({ isThrottled }) => isThrottled).length;
  const most = (MEASURED_MS * calls) / ms;
  return [
    name,
    made.length,
    most,
    `${((made.length / most) * 100).toFixed(1)} %`,
    `${((throttled / made.length) * 100).toFixed(2)} %`,
    `${mostIn(made, 10_000)} of ${(calls * 10_000) / ms}`,
  ];
}

async function callsOf(url: string): Promise<Call[]> {
  const calls: Call[] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const answer: Response = await fetch(`${url}/_twin/calls?limit=${PAGE}&cursor=${cursor}`);
    const page = (await answer.json()) as { items: Call[]; next: string | null };
    calls.push(...page.items);
    cursor = page.next;
  }
  return calls;
}

function mostIn(calls: readonly Call[], ms: number): number {
  let most = 0;
  for (let from = 0, to = 0; to < calls.length; to++) {
    while (calls[from]!.at <= calls[to]!.at - ms) from++;
    most = Math.max(most, to - from + 1);
  }
  return most;
}
