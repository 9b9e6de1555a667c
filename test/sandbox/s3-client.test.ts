import {
  CreateMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  paginateListObjectsV2,
  PutObjectCommand,
  S3Client,
  type S3ServiceException,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { s3 } from '../../sandbox/s3/s3.js';
import type { Twin } from '../../sandbox/twin.js';
import { control, started } from './twins.js';

const Bucket = 'foyer-drops';
const PART_BYTES = 5 * 1024 * 1024;

let twin: Twin;
let client: S3Client;

function clientOf(secretAccessKey: string): S3Client {
  return new S3Client({
    endpoint: twin.url,
    region: 'eu-central-1',
    forcePathStyle: true,
    maxAttempts: 1,
    credentials: { accessKeyId: 'TWINACCESSKEY00000001', secretAccessKey },
  });
}

beforeAll(async () => {
  twin = await started(s3());
  client = clientOf('twin-secret-access-key');
});
afterAll(() => client.destroy());
beforeEach(() => control(twin, 'DELETE', ''));

const put = (Key: string, Body: string) =>
  client.send(new PutObjectCommand({ Bucket, Key, Body, ContentType: 'text/csv' }));
const refusal = (sent: Promise<unknown>): Promise<{ name: string; status: number | undefined }> =>
  sent.then(
    () => ({ name: 'none', status: undefined }),
    (error: unknown) => {
      const { name, $metadata } = error as S3ServiceException;
      return { name, status: $metadata.httpStatusCode };
    },
  );

describe('@aws-sdk/client-s3 drives the twin unmodified', () => {
  it('puts, reads, heads and deletes an object, whatever its name', async () => {
    const Key = 'out/dt=2026-03-01/a b+c(ö)&.csv';
    const { ETag } = await put(Key, 'name\r\nÖzgür\r\n');
    const got = await client.send(new GetObjectCommand({ Bucket, Key }));
    expect(await got.Body!.transformToString()).toBe('name\r\nÖzgür\r\n');
    const head = await client.send(new HeadObjectCommand({ Bucket, Key }));
    expect(head).toMatchObject({ ETag, ContentType: 'text/csv', ContentLength: 15 });
    await client.send(new DeleteObjectCommand({ Bucket, Key }));
    expect(await refusal(client.send(new GetObjectCommand({ Bucket, Key })))).toEqual({
      name: 'NoSuchKey',
      status: 404,
    });
  });

  it('lists in pages, and folders as such', async () => {
    for (const name of ['a/1', 'a/2', 'b/1', 'c']) await put(name, 'x');
    const keys: (string | undefined)[] = [];
    for await (const page of paginateListObjectsV2({ client, pageSize: 3 }, { Bucket }))
      keys.push(...(page.Contents ?? []).map((object) => object.Key));
    expect(keys).toEqual(['a/1', 'a/2', 'b/1', 'c']);
    const top = await client.send(new ListObjectsV2Command({ Bucket, Delimiter: '/' }));
    expect(top.CommonPrefixes).toEqual([{ Prefix: 'a/' }, { Prefix: 'b/' }]);
  });

  it('uploads in parts', async () => {
    const Key = 'large.csv';
    const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key }));
    const bodies = ['x'.repeat(PART_BYTES), 'the end'];
    const Parts = [];
    for (const [place, Body] of bodies.entries()) {
      const PartNumber = place + 1;
      const { ETag } = await client.send(new UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body }));
      Parts.push({ PartNumber, ETag });
    }
    await client.send(
      new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts } }),
    );
    const head = await client.send(new HeadObjectCommand({ Bucket, Key }));
    expect(head.ContentLength).toBe(PART_BYTES + 'the end'.length);
  });

  it('hears Amazon’s own names of what is wrong', async () => {
    const stranger = clientOf('wrong');
    const elsewhere = new GetObjectCommand({ Bucket: 'elsewhere', Key: 'x' });
    expect(await refusal(client.send(elsewhere))).toEqual({ name: 'NoSuchBucket', status: 404 });
    const strange = stranger.send(new GetObjectCommand({ Bucket, Key: 'x' }));
    expect(await refusal(strange)).toEqual({ name: 'SignatureDoesNotMatch', status: 403 });
    stranger.destroy();
    await control(twin, 'PUT', '/faults', {
      faults: [{ kind: 'throttle', rate: 1, times: 1 }],
      limits: true,
    });
    expect(await refusal(put('x', 'y'))).toEqual({ name: 'SlowDown', status: 503 });
  });
});
