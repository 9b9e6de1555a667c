import { describe, expect, test } from 'vitest';
import { kinds } from './dialects.js';
import { sharedServer } from './scripted-server.js';
import {
  signal,
  target,
  storageTwin,
  connector,
  faults,
  type Stored,
  objects,
  record,
  records,
  idOf,
  send,
  read,
} from './storage-twin.js';

storageTwin();

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
