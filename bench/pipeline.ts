import type pg from 'pg';
import { newRequest, registerOne } from './register-one.js';
import { setStage, type Stage } from './stage.js';
import { median, type Table, table } from './table.js';

const BATCHED = 20_000;
const SINGLY = 4_000;
const ROUNDS = 3;
const SEEDERS = 4;
const PATIENCE_MS = 120_000;

type Mapping = 'hubspot.contact' | 'salesforce.lead';
const MAPPINGS: readonly Mapping[] = ['hubspot.contact', 'salesforce.lead'];

/** From the change to the verified delivery, at each connector's greatest batch and one record a call. */
export async function pipeline(): Promise<Table[]> {
  const stage = await setStage();
  try {
    const rows: (string | number)[][] = [];
    await seed(stage, BATCHED);
    // The first worker makes the mappings' lanes; it is stopped before anything is measured.
    await (await stage.start('worker')).stop();
    for (const mapping of MAPPINGS) {
      const share = await rounds(() => delivered(stage, [mapping], BATCHED, {}));
      const bare = await rounds(() =>
        bareLoop(stage, mapping, BATCHED, mapping === 'hubspot.contact' ? 100 : 200),
      );
      rows.push([`${mapping}, greatest batch`, share, bare, `${((share / bare) * 100).toFixed(0)} %`]);
    }
    rows.push([
      'both at once, greatest batch',
      await rounds(() => delivered(stage, MAPPINGS, BATCHED, {})),
      '–',
      '–',
    ]);
    for (const mapping of MAPPINGS) {
      const one = { FOYER_PIPELINES_BATCH_MAX: '1' };
      const share = await rounds(() => delivered(stage, [mapping], SINGLY, one));
      const bare = await rounds(() => bareLoop(stage, mapping, SINGLY, 1));
      rows.push([`${mapping}, one record a call`, share, bare, `${((share / bare) * 100).toFixed(0)} %`]);
    }
    return [
      table(
        'Change to verified delivery, records per second (one worker; bare: post and read back, nothing kept)',
        ['', 'Foyer', 'bare loop', 'share'],
        rows,
      ),
    ];
  } finally {
    await stage.end();
  }
}

async function rounds(measure: () => Promise<number>): Promise<number> {
  const figures: number[] = [];
  for (let i = 0; i < ROUNDS; i++) figures.push(await measure());
  return median(figures);
}

async function seed(stage: Stage, count: number): Promise<void> {
  const event = await stage.event('bench');
  let left = count;
  const seeder = async (): Promise<void> => {
    while (left-- > 0) await registerOne(stage.pool, event, newRequest());
  };
  await Promise.all(Array.from({ length: SEEDERS }, seeder));
}

/** Everything undelivered again: as if the mappings had just been applied, over `count` records. */
async function rewind(stage: Stage, mappings: readonly string[], count: number): Promise<void> {
  for (const twin of Object.values(stage.twins)) await fetch(`${twin}/_twin`, { method: 'DELETE' });
  await stage.pool.query('truncate deliveries, intents, attempts, attempt_failures');
  await stage.pool.query(
    `update lanes set settled = 0, superseded = 0, owner = null, until = null, due = null, paused = not (mapping = any($1)),
            cursor = (select coalesce(min(seq) - 1, 0) from (select seq from changes where stream = 'person' order by seq desc limit $2) s)`,
    [mappings, count],
  );
  await stage.pool.query('vacuum analyze deliveries');
}

async function delivered(
  stage: Stage,
  mappings: readonly string[],
  count: number,
  settings: Record<string, string>,
): Promise<number> {
  await rewind(stage, mappings, count);
  const worker = await stage.start('worker', settings);
  try {
    const began = performance.now();
    const wanted = count * mappings.length;
    const first = await verified(stage.pool);
    for (;;) {
      if ((await verified(stage.pool)) >= wanted) break;
      if (performance.now() - began > PATIENCE_MS)
        throw new Error(`only ${await verified(stage.pool)} of ${wanted} were verified`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    // From ready to the last one verified; what was verified before ready is not counted.
    return (wanted - first) / ((performance.now() - began) / 1000);
  } finally {
    await worker.stop();
  }
}

async function verified(pool: pg.Pool): Promise<number> {
  const { rows } = await pool.query<{ n: number }>(
    `select count(*)::int as n from deliveries where state = 'verified'`,
  );
  return rows[0]!.n;
}

const IN_FLIGHT = 16;

/** The ceiling: the same log read, the same twin written and read back in the same batches; no order, no record of it. */
async function bareLoop(stage: Stage, mapping: Mapping, count: number, batchMax: number): Promise<number> {
  await rewind(stage, [], count);
  const { post, read } = mapping === 'hubspot.contact' ? hubspotCalls(stage) : await salesforceCalls(stage);
  const began = performance.now();
  const { rows } = await stage.pool.query<{ key: string; snapshot: { person: Record<string, string> } }>(
    `select key, snapshot from changes where stream = 'person' order by seq desc limit $1`,
    [count],
  );
  const batches = Array.from({ length: Math.ceil(rows.length / batchMax) }, (_, i) =>
    rows.slice(i * batchMax, (i + 1) * batchMax),
  );
  const sender = async (): Promise<void> => {
    for (let batch = batches.pop(); batch; batch = batches.pop()) await read(await post(batch));
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, sender));
  return count / ((performance.now() - began) / 1000);
}

interface Calls {
  readonly post: (
    batch: readonly { key: string; snapshot: { person: Record<string, string> } }[],
  ) => Promise<string[]>;
  readonly read: (ids: readonly string[]) => Promise<void>;
}

function hubspotCalls(stage: Stage): Calls {
  const call = caller(`${stage.twins.hubspot}/crm/v3/objects/contacts/batch`, 'pat-twin-0000');
  return {
    async post(batch) {
      const inputs = batch.map(({ key, snapshot: { person } }) => ({
        id: key,
        idProperty: 'foyer_person_id',
        objectWriteTraceId: key,
        properties: {
          foyer_person_id: key,
          email: person.email,
          firstname: person.firstName,
          lastname: person.lastName,
          company: person.company,
          jobtitle: person.jobTitle,
          country: person.country,
          foyer_status: 'registered',
          foyer_events: 'bench',
          foyer_event_count: '1',
        },
      }));
      const { results } = (await call('POST', '/upsert', { inputs })) as { results: { id: string }[] };
      return results.map(({ id }) => id);
    },
    async read(ids) {
      await call('POST', '/read', {
        inputs: ids.map((id) => ({ id })),
        properties: [
          'email',
          'firstname',
          'lastname',
          'company',
          'jobtitle',
          'country',
          'foyer_status',
          'foyer_events',
          'foyer_event_count',
        ],
      });
    },
  };
}

async function salesforceCalls(stage: Stage): Promise<Calls> {
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: 'twin-client',
    client_secret: 'twin-secret',
  });
  const answer = await fetch(`${stage.twins.salesforce}/services/oauth2/token`, {
    method: 'POST',
    body: form,
  });
  const { access_token: token } = (await answer.json()) as { access_token: string };
  const call = caller(`${stage.twins.salesforce}/services/data/v60.0/composite/sobjects/Lead`, token);
  return {
    async post(batch) {
      const records = batch.map(({ key, snapshot: { person } }) => ({
        attributes: { type: 'Lead' },
        Foyer_Person_Id__c: key,
        Email: person.email,
        FirstName: person.firstName,
        LastName: person.lastName,
        Company: person.company,
        Title: person.jobTitle,
        Country: person.country,
        LeadSource: 'Foyer',
        Status: 'Open',
        Foyer_Events__c: 'bench',
        Foyer_Event_Count__c: 1,
      }));
      const results = (await call('PATCH', '/Foyer_Person_Id__c', { allOrNone: false, records })) as {
        id: string;
      }[];
      return results.map(({ id }) => id);
    },
    async read(ids) {
      await call('POST', '', {
        ids,
        fields: [
          'Email',
          'FirstName',
          'LastName',
          'Company',
          'Title',
          'Country',
          'LeadSource',
          'Status',
          'Foyer_Events__c',
          'Foyer_Event_Count__c',
        ],
      });
    },
  };
}

function caller(
  base: string,
  token: string,
): (method: string, path: string, body: object) => Promise<unknown> {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
  return async (method, path, body) => {
    const answer = await fetch(`${base}${path}`, { method, headers, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`the twin answered ${answer.status} to the bare loop`);
    return answer.json();
  };
}
