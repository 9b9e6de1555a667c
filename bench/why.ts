import { seed } from './register.js';
import { Stage } from './stage.js';
import { median, percentile, type Table, table } from './table.js';

const RECORDS = 20_000;
const ATTEMPTS = 1_000_000;
/** Records that share one call, as HubSpot takes them; a thousand attempts of a call each beside them. */
const IN_CALL = 20;
const ASKED = 300;
const KEY = 'fk_operator-of-the-benchmarks-0001';
const MAPPING = 'hubspot.contact';

/** Why a record stands as it does, with a million attempts stored; beside it, its row by primary key. */
export function why(): Promise<Table[]> {
  return Stage.with(async (stage) => {
    const event = await stage.event('bench');
    await seed(stage.pool, event, RECORDS);
    const worker = await stage.start('worker');
    await stage.quiet();
    await worker.stop();
    await storeAttempts(stage);
    const api = await stage.start('api', { FOYER_OPERATOR_KEY: KEY });
    const { rows } = await stage.pool.query<{ key: string }>(
      'select key from deliveries where mapping = $1 order by md5(key::text) limit $2',
      [MAPPING, ASKED],
    );
    const keys = rows.map(({ key }) => key);
    const [product, bare, ping]: [number[], number[], number[]] = [[], [], []];
    for (const round of [0, 1]) {
      for (const key of keys) {
        const ms = [
          await timed(() => ask(`${api.url}/v1/deliveries/${MAPPING}/${key}`)),
          await timed(() => ask(`${api.url}/v1/deliveries?mapping=${MAPPING}&key=${key}`)),
          await timed(() =>
            stage.pool.query({
              name: 'bench-bare',
              text: 'select * from deliveries where mapping = $1 and key = $2',
              values: [MAPPING, key],
            }),
          ),
        ];
        // The first round is for warming up.
        if (round === 0) continue;
        [product, ping, bare].forEach((times, i) => times.push(ms[i]!));
      }
    }
    const title = `Why a record stands as it does, milliseconds; ${ATTEMPTS.toLocaleString('en')} attempts stored`;
    const row = (name: string, times: readonly number[]): (string | number)[] => [
      name,
      median(times).toFixed(2),
      percentile(times, 0.99).toFixed(2),
      median(times) / median(bare),
    ];
    return [
      table(
        title,
        ['', 'median', '99 %', '× the bare'],
        [
          row('GET /v1/deliveries/:mapping/:key', product),
          row('the delivery alone, in the list', ping),
          row('its row by primary key, bare', bare),
        ],
      ),
    ];
  });
}

/** Attempts as the worker leaves them: one row a call, of other records and of these. */
async function storeAttempts(stage: Stage): Promise<void> {
  await stage.pool.query(
    `with ours as materialized (select array_agg(key order by key) as keys from deliveries where mapping = $1)
     insert into attempts (id, mapping, at, deadline, mapping_version, request_id, status, keys, versions)
     select overlay(gen_random_uuid()::text placing '01890000' from 1 for 8)::uuid, $1, now(), now(), 1,
            gen_random_uuid()::text, 200, k.keys, array_fill(1, array[cardinality(k.keys)])
       from generate_series(1, $2::int) i
       cross join ours
       cross join lateral (
         select array[gen_random_uuid()] || case when i % 50 = 0
           then ours.keys[(i / 50 * 19) % $3::int + 1 : (i / 50 * 19) % $3::int + $4::int] else '{}' end as keys) k`,
    [MAPPING, ATTEMPTS, RECORDS, IN_CALL - 1],
  );
  await stage.pool.query('vacuum analyze attempts');
  const { rows } = await stage.pool.query<{ n: number }>('select count(*)::int as n from attempts');
  if (rows[0]!.n < ATTEMPTS) throw new Error(`only ${rows[0]!.n} attempts were stored`);
}

async function ask(url: string): Promise<void> {
  const answer = await fetch(url, { headers: { authorization: `Bearer ${KEY}` } });
  const body = await answer.text();
  if (!answer.ok) throw new Error(body);
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}
