/** Drops by our connector and by Amazon's own client: the same on the wire, and each reads what the other wrote. */
import { GetObjectCommand, paginateListObjectsV2, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { s3 } from '../../sandbox/s3/s3.js';
import { startTwin, type Twin } from '../../sandbox/twin.js';
import type { ObjectTarget } from '../../src/connectors/connector.js';
import { createConnector } from '../../src/connectors/registry.js';
import { persons } from './dialects.js';
import { type Seen, sharedServer } from './scripted-server.js';

const signal = new AbortController().signal;
const Bucket = 'foyer-drops';
const target: ObjectTarget = { object: 'people', operation: 'upsert', keyField: 'email' };
const KEY = { accessKeyId: 'TWINACCESSKEY00000001', secretAccessKey: 'twin-secret-access-key' };

const connector = (endpoint: string) =>
  createConnector({
    name: 'drops',
    connector: 'storage',
    settings: { endpoint, bucket: Bucket, region: 'eu-central-1', prefix: 'a/b', ...KEY },
  });
const client = (endpoint: string) =>
  new S3Client({
    endpoint,
    region: 'eu-central-1',
    forcePathStyle: true,
    maxAttempts: 1,
    credentials: { ...KEY },
  });

describe('@aws-sdk/client-s3 puts what we put', () => {
  const server = sharedServer();
  const shape = ({ method, path, headers, body }: Seen) => ({
    method,
    path: path.split('?')[0],
    body,
    type: headers['content-type'],
    hash: headers['x-amz-content-sha256'],
    scope: /Credential=[^/]+\/\d{8}(\/[^,]+),/.exec(headers.authorization ?? '')?.[1],
  });

  test('to the same place, with the same bytes under the signature', async () => {
    server.script = (_, response) => response.writeHead(200, { etag: '"1"' }).end();
    await connector(server.baseUrl).send(target, persons(3), { signal });
    const [drop] = server.seen;
    const theirs = client(server.baseUrl);
    await theirs.send(
      new PutObjectCommand({
        Bucket,
        Key: decodeURIComponent(drop!.path.slice(`/${Bucket}/`.length)),
        Body: drop!.body,
        ContentType: drop!.headers['content-type'],
      }),
    );
    theirs.destroy();
    expect(server.seen).toHaveLength(3);
    expect(shape(drop!)).toEqual(shape(server.seen[2]!));
  });
});

describe('Somebody who reads by manifests', () => {
  let twin: Twin;
  let reader: S3Client;
  beforeAll(async () => {
    twin = await startTwin(s3());
    reader = client(twin.url);
  });
  afterAll(async () => {
    reader.destroy();
    await twin.stop();
  });

  const get = async (Key: string) =>
    (await reader.send(new GetObjectCommand({ Bucket, Key }))).Body!.transformToString();

  test('finds each drop once and whole', async () => {
    const ours = connector(twin.url);
    const list = persons(5);
    for (const part of [list.slice(0, 3), list.slice(3), list.slice(0, 3)])
      await ours.send(target, part, { signal });
    const keys: string[] = [];
    for await (const page of paginateListObjectsV2(
      { client: reader },
      { Bucket, Prefix: 'a/b/people/_manifests/' },
    ))
      keys.push(...(page.Contents ?? []).map(({ Key }) => Key!));
    expect(keys).toHaveLength(2);
    const rows: string[] = [];
    for (const key of keys) {
      const manifest = JSON.parse(await get(key)) as { drop: string; sha256: string; bytes: number };
      const text = await get(`a/b/${manifest.drop}`);
      expect(createHash('sha256').update(text).digest('hex')).toBe(manifest.sha256);
      expect(Buffer.byteLength(text)).toBe(manifest.bytes);
      rows.push(...text.split('\r\n').slice(1, -1));
    }
    expect(rows.map((row) => row.split(',')[4]).sort()).toEqual(list.map(({ key }) => key).sort());
  });
});
