import { describe, expect, test } from 'vitest';
import {
  signal,
  target,
  storageTwin,
  connector,
  faults,
  objects,
  record,
  records,
  idOf,
  send,
  read,
  change,
  remove,
} from './storage-twin.js';

storageTwin();

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
    const manifest = `out/${id.replace('people/', 'people/_manifests/')}.json`;
    const { text } = (await objects())[`out/${id}`]!.fields;
    expect((await change(`out/${id}`, text.slice(0, -9))).status).toBe(200);
    expect(await read('p-0', id)).toMatchObject({ records: [null] });
    await change(`out/${id}`, text);
    expect((await read('p-0', id)).records[0]).toMatchObject({ targetId: id });
    await remove(manifest);
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
