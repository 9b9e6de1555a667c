import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ObjectTarget, OutgoingRecord } from '../../src/connectors/connector.js';
import { folderFailure } from '../../src/connectors/folder-errors.js';
import { createConnector } from '../../src/connectors/registry.js';
import { kinds } from './dialects.js';

const signal = new AbortController().signal;
const target: ObjectTarget = { object: 'people', operation: 'upsert', keyField: 'id', fields: ['name'] };

/** Of 1.5 MB each. */
const DROPS = 20;
setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'foyer-drops-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const connector = (settings: object = {}) =>
  createConnector({ name: 'drops', connector: 'storage', settings: { folder, ...settings } });
const record = (n: number, name = `Given ${n}`): OutgoingRecord => ({
  traceId: `t-${n}`,
  key: `p-${n}`,
  targetId: null,
  fields: { name },
  change: { seq: String(n), at: new Date('2026-03-01T09:00:00.000Z') },
});
const files = (): string[] =>
  (readdirSync(folder, { recursive: true }) as string[])
    .filter((name) => statSync(path.join(folder, name)).isFile())
    .sort();
const send = (by = connector(), list = [record(1), record(2)]) => by.send(target, list, { signal });
const idOf = ({ outcomes }: { outcomes: readonly unknown[] }) =>
  (outcomes[0] as { targetId: string }).targetId;

describe('A drop in a folder', () => {
  test('stands there whole with its manifest, and nothing else', async () => {
    const id = idOf(await send());
    expect(files()).toEqual([`people/_manifests/${id.slice('people/'.length)}.json`, id].sort());
    const manifest = JSON.parse(readFileSync(path.join(folder, files()[0]!), 'utf8')) as { bytes: number };
    expect(manifest).toMatchObject({ drop: id, rows: 2, firstSeq: 1, lastSeq: 2 });
    expect(statSync(path.join(folder, id)).size).toBe(manifest.bytes);
  });

  test('is the same as in a bucket, and the same when it is sent again', async () => {
    const first = idOf(await send());
    const text = readFileSync(path.join(folder, first), 'utf8');
    expect(idOf(await send(connector(), [record(2), record(1)]))).toBe(first);
    expect(readFileSync(path.join(folder, first), 'utf8')).toBe(text);
    expect(files()).toHaveLength(2);
  });

  test('is read back, and a lost or changed one is absent', async () => {
    const by = connector({ prefix: 'in/here' });
    const targetId = idOf(await send(by));
    const read = () => by.readBack(target, [{ key: 'p-2', targetId }], ['name'], { signal });
    expect((await read()).records).toEqual([{ targetId, fields: { name: 'Given 2' } }]);
    writeFileSync(path.join(folder, 'in/here', targetId), 'foyer_operation,id\r\n');
    expect((await read()).records).toEqual([null]);
    rmSync(path.join(folder, 'in/here', targetId));
    expect((await read()).records).toEqual([null]);
  });

  test('is forgotten when it was read, but for the rows that were asked for', async () => {
    const by = connector();
    const asked = [];
    for (let drop = 0; drop < DROPS; drop += 1) {
      const list = Array.from({ length: 100 }, (_, n) => record(drop * 100 + n, `${n} `.repeat(5_000)));
      asked.push({ key: list[0]!.key, targetId: idOf(await send(by, list)) });
    }
    collectGarbage();
    const before = process.memoryUsage().heapUsed;
    const { records } = await by.readBack(target, asked, ['name'], { signal });
    collectGarbage();
    const kept = process.memoryUsage().heapUsed - before;
    expect(records.map((one) => one!.fields.name)).toEqual(Array(DROPS).fill('0 '.repeat(5_000)));
    expect(kept).toBeLessThan(DROPS * 500_000);
  });

  test('what a process that died left half written is taken away after an hour', async () => {
    const incoming = path.join(folder, '.incoming');
    mkdirSync(incoming);
    for (const [name, ageMs] of [
      ['old', 2 * 3_600_000],
      ['young', 1000],
    ] as const) {
      writeFileSync(path.join(incoming, name), 'half a d');
      const at = new Date(Date.now() - ageMs);
      utimesSync(path.join(incoming, name), at, at);
    }
    await send();
    expect(readdirSync(incoming)).toEqual(['young']);
  });
});

describe('What can go wrong in a folder', () => {
  test('a folder that is not there is not made: it may be a mount that is missing', async () => {
    const by = connector({ folder: path.join(folder, 'mount') });
    const result = await send(by);
    expect(result.outcomes[0]).toMatchObject({ kind: 'unauthorised', reason: { code: 'no-folder' } });
    expect(await by.probe({ signal })).toMatchObject({ ok: false, reason: { code: 'no-folder' } });
    expect(files()).toEqual([]);
    const asked = [{ key: 'p-1', targetId: 'people/dt=2026-03-01/people-1-2-0123456789abcdef.csv' }];
    const read = await by.readBack(target, asked, ['name'], { signal });
    expect(read).toMatchObject({ records: [undefined], failure: { reason: { code: 'no-folder' } } });
  });

  test('a file where the folder should be, or where a part of the name should be, is told', async () => {
    writeFileSync(path.join(folder, 'file'), '');
    const result = await send(connector({ folder: path.join(folder, 'file') }));
    expect(result.outcomes[0]).toMatchObject({ kind: 'unauthorised', reason: { code: 'no-folder' } });
    writeFileSync(path.join(folder, 'people'), '');
    expect(kinds(await send())[0]).not.toBe('written');
    expect(readdirSync(path.join(folder, '.incoming'))).toEqual([]);
  });

  test.each([
    ['ENOSPC', 'retry', 'storage-full', 'no room'],
    ['EDQUOT', 'retry', 'storage-full', 'quota'],
    ['EACCES', 'unauthorised', 'not-writable', 'right'],
    ['EROFS', 'unauthorised', 'not-writable', 'only be read'],
    ['ENOENT', 'unauthorised', 'no-folder', 'mount'],
    ['EIO', 'retry', 'EIO', 'tried again'],
  ])('%s is %s, with what to do', (errno, kind, code, words) => {
    const failure = folderFailure(errno);
    expect(failure).toMatchObject({ kind, reason: { code } });
    expect(failure.reason.message).toContain(words);
  });

  test.skipIf(process.getuid?.() === 0)('a folder that may not be written says so', async () => {
    mkdirSync(path.join(folder, 'closed'), { mode: 0o555 });
    const result = await send(connector({ folder: path.join(folder, 'closed') }));
    expect(result.outcomes[0]).toMatchObject({ kind: 'unauthorised', reason: { code: 'not-writable' } });
  });

  test('a call ended before it began writes nothing, nor does one without its turn', async () => {
    const ended = await connector().send(target, [record(1)], { signal: AbortSignal.abort() });
    expect(kinds(ended)).toEqual(['retry']);
    const refusing = (): Promise<void> => Promise.reject(new Error('no more today'));
    expect(kinds(await connector().send(target, [record(1)], { signal, turn: refusing }))).toEqual(['retry']);
    const ending = new AbortController();
    const turn = (): Promise<void> => {
      ending.abort();
      return Promise.resolve();
    };
    expect(kinds(await connector().send(target, [record(1)], { signal: ending.signal, turn }))).toEqual([
      'retry',
    ]);
    expect(files()).toEqual([]);
  });
});

test('the doctor writes, reads and lists', async () => {
  expect(await connector().probe({ signal })).toEqual({ ok: true });
  expect(files()).toEqual(['_foyer/probe.txt']);
});

test('settings that name neither a folder nor a bucket are refused with what is missing', () => {
  const make = (settings: Record<string, unknown>) =>
    createConnector({ name: 'drops', connector: 'storage', settings });
  expect(() => make({})).toThrow(
    /S3_ENDPOINT.*STORAGE_FOLDER.*S3_BUCKET.*S3_ACCESS_KEY_ID.*S3_SECRET_ACCESS_KEY/s,
  );
  expect(() => make({ folder, prefix: '../up' })).toThrow('prefix must be folders');
  expect(() => make({ folder, format: 'parquet' })).toThrow('format');
});
