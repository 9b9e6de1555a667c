import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { s3 } from '../../sandbox/s3/s3.js';
import { startTwin, type Twin } from '../../sandbox/twin.js';
import type { ObjectTarget, OutgoingRecord } from '../../src/connectors/connector.js';
import { createConnector } from '../../src/connectors/registry.js';
import { kinds } from './dialects.js';
import { sharedServer } from './scripted-server.js';

const signal = new AbortController().signal;
const target: ObjectTarget = {
  object: 'people',
  operation: 'upsert',
  keyField: 'id',
  mappingVersion: 3,
  fields: ['name', 'minutes', 'vip'],
};
const ACCOUNT = {
  bucket: 'foyer-drops',
  region: 'eu-central-1',
  accessKeyId: 'TWINACCESSKEY00000001',
  secretAccessKey: 'twin-secret-access-key',
};

let twin: Twin;
beforeAll(async () => {
  twin = await startTwin(s3());
});
afterAll(() => twin.stop());
beforeEach(async () => {
  await fetch(`${twin.url}/_twin`, { method: 'DELETE' });
  await faults([]);
});

const connector = (settings: object = {}, now = () => new Date()) =>
  createConnector(
    {
      name: 'warehouse',
      connector: 'storage',
      settings: { endpoint: twin.url, ...ACCOUNT, prefix: 'out', callTimeoutMs: 1500, ...settings },
    },
    { now },
  );
const faults = (list: object[]) =>
  fetch(`${twin.url}/_twin/faults`, { method: 'PUT', body: JSON.stringify({ faults: list, limits: false }) });

interface Stored {
  readonly id: string;
  readonly writes: number;
  readonly fields: { readonly key: string; readonly text: string; readonly contentType: string };
}

async function objects(): Promise<Record<string, Stored>> {
  const answer = await fetch(`${twin.url}/_twin/records/objects?limit=1000`);
  const { items } = (await answer.json()) as { items: Stored[] };
  return Object.fromEntries(items.map((item) => [item.fields.key, item]));
}

const record = (n: number, fields: OutgoingRecord['fields'] = { name: `Given ${n}` }): OutgoingRecord => ({
  traceId: `t-${n}`,
  key: `p-${n}`,
  targetId: null,
  fields,
  change: { seq: String(100 + n), at: new Date(Date.UTC(2026, 2, 1, 9, n)) },
});
const records = (count: number) => Array.from({ length: count }, (_, n) => record(n));
const idOf = ({ outcomes }: { outcomes: readonly unknown[] }, n = 0): string =>
  (outcomes[n] as { targetId: string }).targetId;
const send = (list: readonly OutgoingRecord[], by = connector()) => by.send(target, list, { signal });
const read = (key: string, targetId: string, fields = ['name', 'minutes', 'vip'], by = connector()) =>
  by.readBack(target, [{ key, targetId }], fields, { signal });

describe('A drop in a bucket', () => {
  test('holds the rows under their header, and its manifest tells what stands in it', async () => {
    const sent = await send([
      record(1, { name: 'Müller, "Ada"', minutes: 90, vip: true }),
      record(0, { name: '', minutes: null }),
    ]);
    expect(kinds(sent)).toEqual(['written', 'written']);
    const name = idOf(sent);
    expect(name).toMatch(/^people\/dt=2026-03-01\/people-100-101-[0-9a-f]{16}\.csv$/);
    const all = await objects();
    const manifestName = `out/${name.replace('people/', 'people/_manifests/')}.json`;
    expect(Object.keys(all).sort()).toEqual([manifestName, `out/${name}`].sort());
    const { text, contentType } = all[`out/${name}`]!.fields;
    expect(text).toBe(
      [
        'foyer_operation,foyer_seq,foyer_changed_at,foyer_mapping_version,id,name,minutes,vip',
        'upsert,100,2026-03-01T09:00:00.000Z,3,p-0,"",,',
        'upsert,101,2026-03-01T09:01:00.000Z,3,p-1,"Müller, ""Ada""",90,true',
        '',
      ].join('\r\n'),
    );
    expect(contentType).toContain('text/csv');
    expect(JSON.parse(all[manifestName]!.fields.text)).toEqual({
      manifest: 1,
      drop: name,
      object: 'people',
      operation: 'upsert',
      format: 'csv',
      formulaGuard: true,
      key: 'id',
      columns: [
        'foyer_operation',
        'foyer_seq',
        'foyer_changed_at',
        'foyer_mapping_version',
        ...['id', 'name', 'minutes', 'vip'],
      ],
      rows: 2,
      bytes: Buffer.byteLength(text),
      sha256: createHash('sha256').update(text).digest('hex'),
      firstSeq: 100,
      lastSeq: 101,
    });
  });

  test('sent again, in whatever order, it is the same object with the same bytes and one manifest', async () => {
    const first = idOf(await send(records(3)));
    const before = await objects();
    const again = idOf(await send([record(2), record(0), record(1)]));
    const after = await objects();
    expect(again).toBe(first);
    expect(Object.keys(after)).toEqual(Object.keys(before));
    for (const [key, { fields, writes }] of Object.entries(after)) {
      expect(fields.text).toBe(before[key]!.fields.text);
      expect(writes).toBe(2);
    }
  });

  test('as lines of JSON it keeps numbers, truth values and what is null', async () => {
    const by = connector({ format: 'ndjson' });
    const sent = await send([record(0, { name: '=1+1', minutes: 90, vip: null })], by);
    const { text } = (await objects())[`out/${idOf(sent)}`]!.fields;
    expect(
      text
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as unknown),
    ).toEqual([
      {
        foyer_operation: 'upsert',
        foyer_seq: 100,
        foyer_changed_at: '2026-03-01T09:00:00.000Z',
        foyer_mapping_version: 3,
        id: 'p-0',
        name: '=1+1',
        minutes: 90,
        vip: null,
      },
    ]);
    const { records: found } = await read('p-0', idOf(sent), undefined, by);
    expect(found[0]!.fields).toEqual({ name: '=1+1', minutes: 90, vip: null });
  });

  test('a removal is a row of its own kind, in a drop of its own', async () => {
    const removed = await connector().remove!(target, [record(5, {})], { signal });
    const name = idOf(removed);
    expect(name).toMatch(/people-105-105-[0-9a-f]{16}-delete\.csv$/);
    expect((await objects())[`out/${name}`]!.fields.text).toContain(
      '\r\ndelete,105,2026-03-01T09:05:00.000Z,3,p-5,,,\r\n',
    );
    expect((await read('p-5', name)).records).toEqual([null]);
    await fetch(`${twin.url}/_twin`, { method: 'DELETE' });
    const lost = await read('p-5', name);
    expect(lost.records).toEqual([undefined]);
    expect(lost.failure).toMatchObject({ reason: { code: 'not-stored' } });
  });

  test('folded by the highest number, the drops give the newest state, whatever order they come in', async () => {
    const at = (n: number, seq: number) => ({
      ...record(n, { name: `of ${seq}` }),
      change: { seq: String(seq), at: new Date(Date.UTC(2026, 2, 1)) },
    });
    await send([at(0, 1), at(1, 2), at(2, 3)]);
    await send([at(0, 9), at(1, 10)]);
    await connector().remove!(target, [{ ...at(1, 12), fields: {} }], { signal });
    await send([at(2, 4)]);
    await send([at(0, 1), at(1, 2), at(2, 3)]); // a worker that was thought dead writes late
    const newest = new Map<string, string[]>();
    for (const { fields } of Object.values(await objects())) {
      if (!fields.key.endsWith('.csv')) continue;
      for (const line of fields.text.split('\r\n').slice(1, -1)) {
        const row = line.split(',');
        if (Number(row[1]) > Number(newest.get(row[4]!)?.[1] ?? 0)) newest.set(row[4]!, row);
      }
    }
    const state = [...newest.values()].filter(([operation]) => operation === 'upsert');
    expect(Object.fromEntries(state.map((row) => [row[4], row[5]]))).toEqual({
      'p-0': 'of 9',
      'p-2': 'of 4',
    });
  });

  test('a batch too large for one drop becomes several, always the same ones', async () => {
    const long = 'x'.repeat(90_000);
    const list = Array.from({ length: 60 }, (_, n) => record(n, { name: `${long}${n}` }));
    const first = await send(list, connector({ callTimeoutMs: 10_000 }));
    const names = new Set(first.outcomes.map((_, n) => idOf(first, n)));
    expect(names.size).toBe(2);
    const second = await send([...list].reverse(), connector({ callTimeoutMs: 10_000 }));
    expect(new Set(second.outcomes.map((_, n) => idOf(second, n)))).toEqual(names);
    const asked = list.map(({ key }, n) => ({ key, targetId: idOf(first, n) }));
    const { records: found } = await connector().readBack(target, asked, ['name'], { signal });
    expect(found.map((one) => one!.fields.name)).toEqual(list.map(({ fields }) => fields.name));
  }, 30_000);
});

describe('Reading back', () => {
  test.each([
    'plain',
    '=cmd|calc',
    "'quoted",
    '+49 30 1',
    '-',
    '@x',
    '\ttab',
    'line\r\nbreak',
    'a,"b",c',
    '',
    ' ',
    'ö€😀',
    "''",
    '"',
  ])('gives %j as it was written', async (name) => {
    for (const settings of [{}, { formulaGuard: 'false' }, { format: 'ndjson' }]) {
      const by = connector(settings);
      const id = idOf(await send([record(0, { name, minutes: -1.5, vip: false })], by));
      const [found] = (await read('p-0', id, undefined, by)).records;
      const canonical = (field: string, value: unknown) => by.canonical(target, field, value);
      expect(canonical('name', found!.fields.name)).toBe(name);
      expect(canonical('minutes', found!.fields.minutes)).toBe(canonical('minutes', -1.5));
      expect(canonical('vip', found!.fields.vip)).toBe(canonical('vip', false));
      expect(found!.targetId).toBe(id);
    }
  });

  test.each([
    [{}, "p-0,'=1+1,"],
    [{ formulaGuard: 'false' }, 'p-0,=1+1,'],
  ])(
    'a cell that a spreadsheet would run is disarmed in CSV, unless that is off: %o',
    async (settings, cell) => {
      const id = idOf(await send([record(0, { name: '=1+1' })], connector(settings)));
      expect((await objects())[`out/${id}`]!.fields.text).toContain(cell);
    },
  );

  test('a drop without its manifest does not count, nor one whose bytes are others', async () => {
    const id = idOf(await send([record(0)]));
    const manifest = `foyer-drops/out/${id.replace('people/', 'people/_manifests/')}.json`;
    const change = (object: string, text: string) =>
      fetch(`${twin.url}/_twin/records/objects/${encodeURIComponent(object)}`, {
        method: 'PUT',
        body: JSON.stringify({ fields: { text } }),
      });
    const { text } = (await objects())[`out/${id}`]!.fields;
    expect((await change(`foyer-drops/out/${id}`, text.slice(0, -9))).status).toBe(200);
    expect(await read('p-0', id)).toMatchObject({ records: [null] });
    await change(`foyer-drops/out/${id}`, text);
    expect((await read('p-0', id)).records[0]).toMatchObject({ targetId: id });
    await fetch(`${twin.url}/_twin/records/objects/${encodeURIComponent(manifest)}`, { method: 'DELETE' });
    expect(await read('p-0', id)).toMatchObject({ records: [null] });
  });

  test('records of many drops are read together, and those of a drop that fails wait', async () => {
    const ids = await Promise.all(records(12).map(async (one) => idOf(await send([one]))));
    expect(new Set(ids).size).toBe(12);
    const asked = ids.map((targetId, n) => ({ key: `p-${n}`, targetId }));
    const all = () => connector().readBack(target, asked, ['name'], { signal });
    expect((await all()).records).toEqual(
      ids.map((targetId, n) => ({ targetId, fields: { name: `Given ${n}` } })),
    );
    await faults([{ kind: 'status', rate: 1, status: 500, path: `${ids[7]!.split('/').at(-1)}.json` }]);
    const { records: found, failure } = await all();
    expect(found.map((one) => one === undefined)).toEqual(ids.map((_, n) => n === 7));
    expect(failure).toMatchObject({ kind: 'retry', reason: { status: 500 } });
  });

  test('who is not in the drop is absent, beside those who are', async () => {
    const id = idOf(await send(records(2)));
    const asked = ['p-1', 'p-7'].map((key) => ({ key, targetId: id }));
    const { records: found } = await connector().readBack(target, asked, ['name'], { signal });
    expect(found).toEqual([{ targetId: id, fields: { name: 'Given 1' } }, null]);
  });
});

describe('What can go wrong', () => {
  const put = { rate: 1, path: 'foyer-drops' };
  test.each([
    [
      'a key that may not',
      { kind: 'status', status: 403, code: 'AccessDenied' },
      'unauthorised',
      's3:PutObject',
    ],
    [
      'a bucket that is gone',
      { kind: 'status', status: 404, code: 'NoSuchBucket' },
      'unauthorised',
      'no such bucket',
    ],
    ['slow down', { kind: 'throttle' }, 'throttled', 'wait'],
    ['an error inside', { kind: 'status', status: 500 }, 'retry', 'tried again'],
    [
      'an object that is too large',
      { kind: 'status', status: 400, code: 'EntityTooLarge' },
      'rejected',
      'batchSize',
    ],
    ['bytes damaged on the way', { kind: 'status', status: 400, code: 'BadDigest' }, 'retry', 'damaged'],
    ['a page instead of an answer', { kind: 'html' }, 'unanswered', 'could not be read'],
    ['an answer from elsewhere', { kind: 'redirect' }, 'retry', 'final address'],
    ['an answer cut off', { kind: 'timeoutAfterCommit', delayMs: 50 }, 'unanswered', 'may or may not'],
  ])('%s is told for what it is', async (_, fault, kind, words) => {
    await faults([{ ...put, ...fault }]);
    const result = await send(records(2));
    expect(kinds(result)).toEqual([kind, kind]);
    expect((result.outcomes[0] as { reason: { message: string } }).reason.message).toContain(words);
  });

  test.each([
    [{ accessKeyId: 'STRANGER' }, 'InvalidAccessKeyId'],
    [{ secretAccessKey: 'wrong' }, 'SignatureDoesNotMatch'],
    [{ region: 'us-east-1' }, 'AuthorizationHeaderMalformed'],
    [{ bucket: 'elsewhere' }, 'NoSuchBucket'],
  ])('%o stops everything there until it is put right, and says why', async (settings, code) => {
    const by = connector(settings);
    const result = await send(records(1), by);
    expect(result.outcomes[0]).toMatchObject({ kind: 'unauthorised', reason: { code } });
    expect(await by.probe({ signal })).toMatchObject({ ok: false, reason: { code } });
    expect(JSON.stringify(result)).not.toContain('twin-secret');
  });

  test('a clock that is wrong by hours is corrected by that of the store', async () => {
    const slow = connector({}, () => new Date(Date.now() - 5 * 3_600_000));
    expect(kinds(await send(records(1), slow))).toEqual(['written']);
  });

  test('a manifest that fails leaves the records for later, and the same drop then gets it', async () => {
    await faults([{ kind: 'status', rate: 1, status: 503, path: '_manifests' }]);
    expect(kinds(await send(records(2)))).toEqual(['retry', 'retry']);
    expect(Object.keys(await objects())).toHaveLength(1);
    await faults([]);
    expect(kinds(await send(records(2)))).toEqual(['written', 'written']);
    expect(Object.keys(await objects())).toHaveLength(2);
  });

  test('a manifest whose answer is lost leaves them in doubt; sent again, it is the same drop', async () => {
    await faults([{ kind: 'timeoutAfterCommit', rate: 1, times: 1, path: '_manifests', delayMs: 10 }]);
    expect(kinds(await send(records(2)))).toEqual(['unanswered', 'unanswered']);
    const before = await objects();
    expect(kinds(await send(records(2)))).toEqual(['written', 'written']);
    const texts = (all: Record<string, Stored>) =>
      Object.entries(all).map(([key, { fields }]) => [key, fields.text]);
    expect(texts(await objects())).toEqual(texts(before));
    expect(Object.keys(before)).toHaveLength(2);
  });

  test('a store that says yes and keeps nothing, or half of it, is found out', async () => {
    for (const how of ['lost', 'truncated']) {
      await faults([{ kind: 'lie', rate: 1, how }]);
      const sent = await send([record(0, { name: 'x'.repeat(400) })]);
      expect(kinds(sent)).toEqual(['written']);
      await faults([]);
      expect((await read('p-0', idOf(sent))).records).toEqual([null]);
    }
  });

  test('an object whose name is no folder, and a field that Foyer fills in itself, are refused without a call', async () => {
    for (const object of ['../up', '_people', '.people']) {
      const odd = await connector().send({ ...target, object }, records(1), { signal });
      expect(odd.outcomes[0]).toMatchObject({
        kind: 'rejected',
        reason: { code: 'object-name', owner: 'mapping' },
      });
    }
    const own = await send([record(0, { foyer_seq: 1 })]);
    expect(own.outcomes[0]).toMatchObject({ kind: 'rejected', reason: { code: 'reserved-field' } });
    const { change: _, ...timeless } = record(0);
    expect((await send([timeless])).outcomes[0]).toMatchObject({
      kind: 'rejected',
      reason: { code: 'no-change' },
    });
    expect(await objects()).toEqual({});
  });
});

test('the doctor writes, reads and lists', async () => {
  expect(await connector().probe({ signal })).toEqual({ ok: true });
  expect(Object.keys(await objects())).toEqual(['out/_foyer/probe.txt']);
});

describe('A key that may write and read, and not list', () => {
  const server = sharedServer();

  test('is found out by the doctor: a missing object could not be told from one that is forbidden', async () => {
    let kept = '';
    server.script = ({ method, path, body }, response) => {
      if (path.includes('list-type')) response.writeHead(403).end('<Error><Code>AccessDenied</Code></Error>');
      else if (method === 'PUT') response.writeHead(200, { etag: '"1"' }).end(void (kept = body));
      else response.writeHead(200, { etag: '"1"' }).end(kept);
    };
    const probe = await connector({ endpoint: server.baseUrl }).probe({ signal });
    expect(probe).toMatchObject({ ok: false, reason: { code: 'AccessDenied' } });
    expect(JSON.stringify(probe)).toContain('s3:ListBucket');
  });
});
