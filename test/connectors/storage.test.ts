import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { kinds } from './dialects.js';
import {
  signal,
  target,
  storageTwin,
  empty,
  connector,
  objects,
  record,
  records,
  idOf,
  send,
  read,
} from './storage-twin.js';

storageTwin();

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
    await empty();
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
