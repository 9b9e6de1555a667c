import { setTimeout as sleep } from 'node:timers/promises';
import { seed } from './register.js';
import { Stage } from './stage.js';
import { median, type Table, table } from './table.js';
import { type Mapping, readAll } from './twin-calls.js';

const RECORDS = 100_000;
const ROUNDS = 3;
/** Of each of the eight kinds of difference. */
const EACH = 125;
const KEY = 'fk_operator-of-the-benchmarks-0001';
const LOOK_MS = 20;
const PAGE = 200;

/** The objects as the twins name them, and the fields that carry our key and that a colleague changes. */
const OBJECTS: Record<Mapping, { object: string; keyField: string; field: string }> = {
  'hubspot.contact': { object: 'contacts', keyField: 'foyer_person_id', field: 'jobtitle' },
  'salesforce.lead': { object: 'Lead', keyField: 'Foyer_Person_Id__c', field: 'Title' },
};

type Values = Readonly<Record<string, string | number | boolean | null>>;

interface There {
  readonly id: string;
  readonly fields: Values;
}

interface Run {
  readonly id: string;
  readonly state: string;
  readonly failure: string | null;
  readonly certificate: {
    readonly kind: 'full' | 'since';
    readonly counts: { readonly compared: number; readonly afresh: number };
  } | null;
}

/**
 * Both sides of 100,000 records compared: in full where they agree, once more where nothing moved since, and with 1,000
 * differences planted since; then repaired.
 */
export function reconcile(): Promise<Table[]> {
  return Stage.with(async (stage) => {
    const event = await stage.event('bench');
    await seed(stage.pool, event, RECORDS);
    await stage.start('worker');
    await stage.quiet();
    const api = await stage.start('api', { FOYER_OPERATOR_KEY: KEY });
    const rows: (string | number)[][] = [];
    for (const mapping of Object.keys(OBJECTS) as Mapping[]) {
      rows.push(await agreeing(stage, api.url, mapping));
      rows.push(await unmoved(api.url, mapping));
      rows.push(...(await planted(stage, api.url, mapping)));
    }
    const title = `Both sides of ${RECORDS.toLocaleString('en')} records compared, field by field`;
    return [table(title, ['', 'found', 'not planted', 'seconds', '× a bare reading of their side'], rows)];
  });
}

async function agreeing(stage: Stage, api: string, mapping: Mapping): Promise<(string | number)[]> {
  const ours: number[] = [];
  const bare: number[] = [];
  let found = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const seconds = await timed(async () => (found = (await comparedAs(api, mapping, true)).found.length));
    ours.push(seconds);
    bare.push(await timed(() => readAll(stage, mapping)));
  }
  const ratio = median(ours.map((seconds, i) => seconds / bare[i]!));
  return [`${mapping}, nothing differs, in full`, String(found), '', median(ours).toFixed(1), ratio];
}

async function unmoved(api: string, mapping: Mapping): Promise<(string | number)[]> {
  const seconds: number[] = [];
  let found = 0;
  for (let round = 0; round < ROUNDS; round++) {
    seconds.push(
      await timed(async () => {
        const run = await comparedAs(api, mapping);
        if (run.kind !== 'since' || run.afresh > 0)
          throw new Error(`a run of kind ${run.kind} looked at ${run.afresh} though nothing moved`);
        found = run.found.length;
      }),
    );
  }
  return [`${mapping}, nothing moved since`, String(found), '', median(seconds).toFixed(1), ''];
}

async function planted(stage: Stage, api: string, mapping: Mapping): Promise<(string | number)[][]> {
  const wanted = await plant(stage, mapping);
  let run: Compared = { id: '', kind: 'full', afresh: 0, found: [] };
  const seconds = await timed(async () => (run = await comparedAs(api, mapping)));
  if (run.kind !== 'since') throw new Error('so few differences were looked for in full');
  const isPlanted = new Set(wanted);
  const strangers = run.found.filter((one) => !isPlanted.has(one)).length;
  await post(`${api}/v1/reconciliations/${run.id}/repair`, { remove: true });
  await stage.quiet();
  const left = await compared(api, mapping);
  return [
    [
      `${mapping}, ${wanted.length} planted since`,
      `${run.found.length - strangers}`,
      String(strangers),
      seconds.toFixed(1),
      '',
    ],
    [`${mapping}, after one repair`, String(left.length), '', '', ''],
  ];
}

/** @returns what a run must find, as `kind key` */
async function plant(stage: Stage, mapping: Mapping): Promise<string[]> {
  const { object, keyField, field } = OBJECTS[mapping];
  const at = `${twinOf(stage, mapping)}/_twin/records/${object}`;
  const { items } = (await (await fetch(`${at}?limit=${EACH * 8}`)).json()) as { items: There[] };
  const left = [...items];
  const wanted: string[] = [];
  const take = (kind: string): There[] => {
    const taken = left.splice(0, EACH);
    wanted.push(...taken.map(({ fields }) => `${kind} ${String(fields[keyField])}`));
    return taken;
  };
  const keysOf = (records: readonly There[]): string[] =>
    records.map(({ fields }) => String(fields[keyField]));
  const remove = (records: readonly There[]): Promise<unknown> =>
    each(records, ({ id }) => send('DELETE', `${at}/${id}`));
  const seed = (records: readonly { fields: Values }[]): Promise<unknown> => post(at, { records });
  const sql = (text: string, records: readonly There[]): Promise<unknown> =>
    stage.pool.query(text, [mapping, keysOf(records)]);

  await remove(take('deleted'));
  const missing = take('missing');
  await remove(missing);
  await sql(`update deliveries set target_id = null where mapping = $1 and key = any($2)`, missing);
  await each(take('drifted'), ({ id }) => send('PUT', `${at}/${id}`, { fields: { [field]: 'Gardener' } }));
  const stale = take('stale');
  await each(stale, ({ id }) => send('PUT', `${at}/${id}`, { fields: { [field]: 'Apprentice' } }));
  await sql(
    `update deliveries set shadow = (shadow::jsonb || '{"${field}":"Apprentice"}')::text
      where mapping = $1 and key = any($2)`,
    stale,
  );
  const merged = take('merged');
  await remove(merged);
  await seed(merged.map(copyOf));
  await seed(take('duplicate').map(copyOf));
  await sql('delete from deliveries where mapping = $1 and key = any($2)', take('unaccounted'));
  const nobodies = left
    .splice(0, EACH)
    .map(({ fields }, i) => ({ fields: { ...copyOf({ fields }).fields, [keyField]: `nobody-${i}` } }));
  await seed(nobodies);
  wanted.push(...nobodies.map((_, i) => `extra nobody-${i}`));
  return wanted;
}

/** Another record of the same content: what identifies the record itself stays its own. */
function copyOf({ fields }: Pick<There, 'fields'>): { fields: Values } {
  const own =
    /^(id|hs_object_id|createdate|lastmodifieddate|.*Id|CreatedDate|LastModifiedDate|SystemModstamp)$/;
  return { fields: Object.fromEntries(Object.entries(fields).filter(([name]) => !own.test(name))) };
}

async function compared(api: string, mapping: Mapping): Promise<string[]> {
  return (await comparedAs(api, mapping)).found;
}

interface Compared {
  readonly id: string;
  readonly kind: 'full' | 'since';
  readonly afresh: number;
  readonly found: string[];
}

async function comparedAs(api: string, mapping: Mapping, full = false): Promise<Compared> {
  const { id } = await post<Run>(`${api}/v1/reconciliations`, { mapping, full });
  for (;;) {
    const run = await call<Run>('GET', `${api}/v1/reconciliations/${id}`);
    if (run.state === 'failed') throw new Error(run.failure!);
    if (run.state === 'done') {
      const { kind, counts } = run.certificate!;
      if (counts.compared < RECORDS - EACH * 8)
        throw new Error(`only ${counts.compared} records were compared`);
      return { id, kind, afresh: counts.afresh, found: await discrepancies(api, id) };
    }
    await sleep(LOOK_MS);
  }
}

async function discrepancies(api: string, id: string): Promise<string[]> {
  const found: string[] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const page: { items: { kind: string; key: string | null; targetKey: string }[]; next: string | null } =
      await call(
        'GET',
        `${api}/v1/reconciliations/${id}/discrepancies?limit=${PAGE}${cursor && `&cursor=${cursor}`}`,
      );
    found.push(...page.items.map(({ kind, key, targetKey }) => `${kind} ${key ?? targetKey}`));
    cursor = page.next;
  }
  return found;
}

function twinOf(stage: Stage, mapping: Mapping): string {
  return mapping === 'hubspot.contact' ? stage.twins.hubspot : stage.twins.salesforce;
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return (performance.now() - began) / 1000;
}

async function each<T>(items: readonly T[], one: (item: T) => Promise<unknown>): Promise<void> {
  for (const item of items) await one(item);
}

function post<T>(url: string, body: object): Promise<T> {
  return call('POST', url, body);
}

async function send(method: string, url: string, body?: object): Promise<void> {
  await call(method, url, body);
}

async function call<T>(method: string, url: string, body?: object): Promise<T> {
  const headers = {
    authorization: `Bearer ${KEY}`,
    ...(body ? { 'content-type': 'application/json' } : {}),
  };
  const answer = await fetch(url, { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${url}: ${answer.status} ${text}`);
  return (text === '' ? null : JSON.parse(text)) as T;
}
