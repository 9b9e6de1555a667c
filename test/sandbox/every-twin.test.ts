/** What holds of every twin, whatever its vendor: the journal, the faults, the limits, a colleague's hand, the file. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startTwin, type Twin } from '../../sandbox/twin.js';
import { TWIN_NAMES } from '../../sandbox/vendor.js';
import { TWIN_DIALECTS } from './twin-dialects.js';
import { control, journal, records, type Reply } from './twins.js';

const KEY = 'ada@example.com';

interface Calls {
  items: {
    n: number;
    at: number;
    status: number;
    records: number;
    isThrottled: boolean;
    fault: string | null;
  }[];
  next: string | null;
}

describe.each(TWIN_NAMES)('The %s twin', (name) => {
  const { make, object, field, throttle, login, byHand } = TWIN_DIALECTS[name];
  let folder: string;
  let twin: Twin;
  let write: (key: string, name: string) => Promise<Reply<unknown>>;
  const fault = (one: object) => control(twin, 'PUT', '/faults', { faults: [{ rate: 1, times: 1, ...one }] });
  const outcomes = async () =>
    (await journal(twin)).map(({ key, outcome, status }) => [key, outcome, status]);
  const stored = async () => (await records(twin, object)).map(({ fields }) => fields[field]);

  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), `foyer-${name}-`));
    twin = await startTwin(make, { journalFile: path.join(folder, 'journal.ndjson') });
    write = await login(twin.url);
  });
  beforeEach(async () => {
    await control(twin, 'DELETE', '');
    await control(twin, 'PUT', '/faults', { faults: [], limits: false });
  });
  afterAll(async () => {
    await twin.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('writes down what arrived, and shows it on its page', async () => {
    expect((await write(KEY, 'Ada')).status).toBeLessThan(300);
    expect((await write(KEY, 'Augusta')).status).toBeLessThan(300);
    expect((await outcomes()).map(([key, outcome]) => [key, outcome])).toEqual([
      [KEY, 'created'],
      [KEY, 'updated'],
    ]);
    expect(await records(twin, object)).toMatchObject([
      { key: KEY, writes: 2, fields: { [field]: 'Augusta' } },
    ]);
    expect((await control(twin, 'GET', '/summary')).body).toMatchObject({
      twin: name,
      records: { [object]: 1 },
    });
    expect((await control(twin, 'GET', '')).text).toContain('<html');
  });

  it('lists every call, and which of them were refused for their rate', async () => {
    expect((await write(KEY, 'Ada')).status).toBeLessThan(300);
    await fault({ kind: 'throttle' });
    await write(KEY, 'Ada');
    await fault({ kind: 'status', status: 500 });
    await write(KEY, 'Ada');
    const first = await control<Calls>(twin, 'GET', '/calls?limit=2');
    const { body } = await control<Calls>(twin, 'GET', `/calls?cursor=${first.body.next}`);
    const writes = [...first.body.items, ...body.items].filter(({ records: many }) => many > 0);
    expect(writes.map(({ isThrottled, fault: struck }) => [isThrottled, struck])).toEqual([
      [false, null],
      [true, 'throttle'],
      [false, 'status'],
    ]);
    expect(body.items.at(-1)).toMatchObject({ n: expect.any(Number) as number, status: 500 });
    expect(Math.abs(body.items.at(-1)!.at - Date.now())).toBeLessThan(60_000);
    await control(twin, 'DELETE', '');
    expect((await control<Calls>(twin, 'GET', '/calls')).body).toEqual({ items: [], next: null });
  });

  it('refuses in its vendor’s words without storing anything', async () => {
    await fault({ kind: 'throttle' });
    expect((await write(KEY, 'Ada')).status).toBe(throttle);
    await fault({ kind: 'status', status: 500 });
    expect((await write(KEY, 'Ada')).status).toBe(500);
    await fault({ kind: 'html', status: 502 });
    expect((await write(KEY, 'Ada')).status).toBe(502);
    await fault({ kind: 'redirect' });
    await write(KEY, 'Ada').catch(() => undefined);
    expect((await control(twin, 'GET', '/summary')).body).toMatchObject({ elsewhere: 1 });
    expect(await outcomes()).toEqual([
      [KEY, 'throttled', throttle],
      [KEY, 'rejected', 500],
      [KEY, 'rejected', 502],
      [KEY, 'rejected', 302],
    ]);
    expect(await stored()).toEqual([]);
  });

  it('stores and does not answer, or stores something else and says it is well', async () => {
    await fault({ kind: 'refuse' });
    await expect(write(KEY, 'Never')).rejects.toThrow();
    await fault({ kind: 'timeoutAfterCommit', delayMs: 10 });
    await expect(write(KEY, 'Augusta')).rejects.toThrow();
    expect(await stored()).toEqual(['Augusta']);
    await fault({ kind: 'lie' });
    expect((await write(KEY, 'Lost')).status).toBeLessThan(300);
    expect(await stored()).toEqual(['Augusta']);
    await fault({ kind: 'lie', how: 'truncated' });
    expect((await write(KEY, 'Countess')).status).toBeLessThan(300);
    expect(await stored()).toEqual(['Coun']);
    expect((await outcomes()).map(([, outcome]) => outcome)).toEqual(['unanswered', 'lied', 'lied']);
  });

  it('lets a colleague seed, change and remove records, which count as no write', async () => {
    const seeded = await control<{ ids: string[] }>(twin, 'POST', `/records/${object}`, {
      records: [{ key: KEY, fields: byHand(KEY, 'Ada') }],
    });
    const [id = ''] = seeded.body.ids;
    await control(twin, 'PUT', `/records/${object}/${encodeURIComponent(id)}`, {
      fields: { [field]: 'Augusta' },
    });
    expect(await records(twin, object)).toMatchObject([{ id, writes: 0, fields: { [field]: 'Augusta' } }]);
    // The vendor's own write finds the colleague's record.
    await write(KEY, 'Ada');
    expect(await records(twin, object)).toMatchObject([{ id, writes: 1, fields: { [field]: 'Ada' } }]);
    await control(twin, 'DELETE', `/records/${object}/${encodeURIComponent(id)}`);
    expect(await stored()).toEqual([]);
    expect((await write(KEY, 'Again')).status).toBeLessThan(300);
    expect(await stored()).toEqual(['Again']);
  });

  it('keeps all of it in its file, from one process to the next', async () => {
    await write(KEY, 'Ada');
    await write('bob@example.com', 'Bob');
    const before = [await journal(twin), await records(twin, object)];
    await twin.stop();
    twin = await startTwin(make, { journalFile: path.join(folder, 'journal.ndjson') });
    expect([await journal(twin), await records(twin, object)]).toEqual(before);
    expect((await control(twin, 'GET', '/faults')).body).toMatchObject({ limits: true });
    write = await login(twin.url);
    await write(KEY, 'Augusta');
    expect(await records(twin, object)).toMatchObject([{ key: KEY, writes: 2 }, { writes: 1 }]);
  });
});
