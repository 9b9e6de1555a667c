import { createHash } from 'node:crypto';
import { AwsClient } from 'aws4fetch';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { s3 } from '../../sandbox/s3/s3.js';
import type { Twin } from '../../sandbox/twin.js';
import { control, journal, records, started } from './twins.js';

const ACCOUNT = {
  accessKeyId: 'TWINACCESSKEY00000001',
  secretAccessKey: 'twin-secret-access-key',
  service: 's3',
  region: 'eu-central-1',
  retries: 0,
};
let twin: Twin;
let aws: AwsClient;

async function ask(
  method: string,
  path: string,
  body?: string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string> = {},
  client = aws,
) {
  const answer = await client.fetch(`${twin.url}${path}`, {
    method,
    headers,
    ...(body === undefined ? {} : { body }),
  });
  const text = await answer.text();
  return {
    status: answer.status,
    headers: answer.headers,
    text,
    code: /<Code>(\w+)<\/Code>/.exec(text)?.[1],
  };
}
const md5 = (text: string) => createHash('md5').update(text).digest();
const PATH = '/foyer-drops/out/dt%3D2026-03-01/leads-1-200%20(a)%2Bb.csv';
const CSV = 'email,name\r\nada@example.com,Ada Ö\r\n';

beforeAll(async () => {
  twin = await started(s3());
  aws = new AwsClient(ACCOUNT);
});
beforeEach(async () => {
  await control(twin, 'DELETE', '');
  await control(twin, 'PUT', '/faults', { faults: [], limits: true });
});

describe('S3', () => {
  it('keeps what is put, to the byte, and says so by its tag', async () => {
    const put = await ask('PUT', PATH, CSV, {
      'content-type': 'text/csv',
      'x-amz-meta-run': '7',
      'content-md5': md5(CSV).toString('base64'),
    });
    expect([put.status, put.headers.get('etag')]).toEqual([200, `"${md5(CSV).toString('hex')}"`]);
    const got = await ask('GET', PATH);
    expect(got).toMatchObject({ status: 200, text: CSV });
    expect(got.headers.get('content-type')).toBe('text/csv');
    expect(got.headers.get('x-amz-meta-run')).toBe('7');
    const head = await ask('HEAD', PATH);
    expect([head.status, head.text, head.headers.get('content-length')]).toEqual([
      200,
      '',
      String(Buffer.byteLength(CSV)),
    ]);
    expect((await ask('GET', PATH, undefined, { range: 'bytes=0-4' })).text).toBe('email');
    const [stored] = await records(twin, 'objects');
    expect(stored).toMatchObject({
      key: 'out/dt=2026-03-01/leads-1-200 (a)+b.csv',
      writes: 1,
      fields: { text: CSV },
    });

    const bytes = new Uint8Array([0, 255, 254, 10]);
    await ask('PUT', '/foyer-drops/b.bin', bytes);
    const back = await (await aws.fetch(`${twin.url}/foyer-drops/b.bin`)).arrayBuffer();
    expect(new Uint8Array(back)).toEqual(bytes);
    await ask('PUT', PATH, 'other');
    for (const _ of [1, 2]) expect((await ask('DELETE', PATH)).status).toBe(204);
    expect(await ask('GET', PATH)).toMatchObject({ status: 404, code: 'NoSuchKey' });
    expect((await ask('HEAD', PATH)).status).toBe(404);
    expect((await journal(twin)).map(({ outcome }) => outcome)).toEqual([
      'created',
      'created',
      'updated',
      'updated',
      'updated',
    ]);
  });

  it('holds what is sent against the digests that came with it', async () => {
    const sha256 = createHash('sha256').update(CSV).digest('base64');
    const put = (name: string, value: string) => ask('PUT', PATH, CSV, { [name]: value });
    const kept = await put('x-amz-checksum-sha256', sha256);
    expect([kept.status, kept.headers.get('x-amz-checksum-sha256')]).toEqual([200, sha256]);
    expect(
      (await ask('HEAD', PATH, undefined, { 'x-amz-checksum-mode': 'ENABLED' })).headers.get(
        'x-amz-checksum-sha256',
      ),
    ).toBe(sha256);
    expect((await put('x-amz-checksum-sha256', md5('x').toString('base64'))).code).toBe('BadDigest');
    expect((await put('content-md5', md5('x').toString('base64'))).code).toBe('BadDigest');
    expect((await put('content-md5', 'short')).code).toBe('InvalidDigest');
    expect((await put('x-amz-checksum-crc32', 'AAAAAA==')).code).toBe('BadDigest');
    expect((await put('x-amz-checksum-crc64nvme', 'AAAAAA==')).status).toBe(501);
  });

  it('writes only where the client’s condition holds', async () => {
    expect((await ask('PUT', PATH, CSV, { 'if-none-match': '*' })).status).toBe(200);
    expect(await ask('PUT', PATH, 'x', { 'if-none-match': '*' })).toMatchObject({
      status: 412,
      code: 'PreconditionFailed',
    });
    const etag = (await ask('HEAD', PATH)).headers.get('etag')!;
    expect((await ask('GET', PATH, undefined, { 'if-none-match': etag })).status).toBe(304);
    expect((await ask('PUT', PATH, 'x', { 'if-match': etag })).status).toBe(200);
    expect((await ask('PUT', PATH, 'y', { 'if-match': etag })).status).toBe(412);
    expect((await ask('GET', PATH)).text).toBe('x');
  });

  it('lists keys in the order of their bytes, in pages, with common prefixes', async () => {
    for (const key of ['b/2.csv', 'a.csv', 'b/1.csv', 'b/ä&<.csv', 'c/d/e.csv'])
      await ask('PUT', `/foyer-drops/${encodeURIComponent(key)}`, key);
    const list = async (query: string) => {
      const { text } = await ask('GET', `/foyer-drops?list-type=2${query}`);
      const all = (name: string) =>
        [...text.matchAll(new RegExp(`<${name}>([^<]*)</${name}>`, 'g'))].map(([, value]) => value!);
      return {
        keys: all('Key'),
        prefixes: all('Prefix').slice(1),
        next: all('NextContinuationToken')[0],
        count: all('KeyCount')[0],
      };
    };
    const seen: string[] = [];
    for (let token: string | undefined = ''; token !== undefined;) {
      const page = await list(`&max-keys=2${token === '' ? '' : `&continuation-token=${token}`}`);
      seen.push(...page.keys);
      token = page.next;
    }
    expect(seen).toEqual(['a.csv', 'b/1.csv', 'b/2.csv', 'b/ä&amp;&lt;.csv', 'c/d/e.csv']);
    expect(await list('&delimiter=%2F')).toMatchObject({
      keys: ['a.csv'],
      prefixes: ['b/', 'c/'],
      count: '3',
    });
    expect((await list('&prefix=b%2F&start-after=b%2F1.csv')).keys).toEqual(['b/2.csv', 'b/ä&amp;&lt;.csv']);
    expect((await ask('GET', '/elsewhere?list-type=2')).code).toBe('NoSuchBucket');
    expect((await ask('GET', '/foyer-drops?list-type=2&max-keys=many')).code).toBe('InvalidArgument');
    expect((await ask('GET', '/foyer-drops/x?acl')).status).toBe(501);
  });
});

describe('A multipart upload', () => {
  const PART = 5 * 1024 * 1024;
  const begin = async () => {
    const { text } = await ask('POST', `${PATH}?uploads`, undefined, { 'content-type': 'text/csv' });
    return /<UploadId>(\w+)</.exec(text)![1]!;
  };
  const part = async (id: string, number: number, body: string) =>
    (await ask('PUT', `${PATH}?partNumber=${number}&uploadId=${id}`, body)).headers.get('etag')!;
  const complete = (id: string, parts: [number, string][]) => {
    const list = parts.map(([n, etag]) => `<Part><PartNumber>${n}</PartNumber><ETag>${etag}</ETag></Part>`);
    return ask(
      'POST',
      `${PATH}?uploadId=${id}`,
      `<CompleteMultipartUpload>${list.join('')}</CompleteMultipartUpload>`,
    );
  };

  it('becomes one object when it is completed, and nothing before', async () => {
    const id = await begin();
    const [first, second] = [await part(id, 1, 'a'.repeat(PART)), await part(id, 2, 'b')];
    expect((await ask('HEAD', PATH)).status).toBe(404);
    const done = await complete(id, [
      [1, first],
      [2, second],
    ]);
    const tag = createHash('md5')
      .update(Buffer.concat([md5('a'.repeat(PART)), md5('b')]))
      .digest('hex');
    expect([done.status, done.text]).toEqual([200, expect.stringContaining(`&quot;${tag}-2&quot;`)]);
    const head = await ask('HEAD', PATH);
    expect([head.headers.get('content-length'), head.headers.get('content-type')]).toEqual([
      String(PART + 1),
      'text/csv',
    ]);
    expect((await complete(id, [[1, first]])).code).toBe('NoSuchUpload');
    expect((await journal(twin)).map(({ outcome }) => outcome)).toEqual(['created', 'rejected']);
  });

  it('is refused with parts that are small, unknown or out of order, and can be given up', async () => {
    const id = await begin();
    const [first, second] = [await part(id, 1, 'a'), await part(id, 2, 'b')];
    expect(
      (
        await complete(id, [
          [1, first],
          [2, second],
        ])
      ).code,
    ).toBe('EntityTooSmall');
    expect(
      (
        await complete(id, [
          [2, second],
          [1, first],
        ])
      ).code,
    ).toBe('InvalidPartOrder');
    expect((await complete(id, [[1, second]])).code).toBe('InvalidPart');
    expect((await complete(id, [[3, second]])).code).toBe('InvalidPart');
    expect((await ask('DELETE', `${PATH}?uploadId=${id}`)).status).toBe(204);
    expect((await ask('PUT', `${PATH}?partNumber=1&uploadId=${id}`, 'a')).code).toBe('NoSuchUpload');
    expect(await records(twin, 'objects')).toEqual([]);
  });
});

describe('Signatures', () => {
  const as = (more: object) => new AwsClient({ ...ACCOUNT, ...more });

  it('are told apart by what is wrong with them', async () => {
    const code = async (client: AwsClient) => (await ask('PUT', PATH, CSV, {}, client)).code;
    expect(await code(as({ secretAccessKey: 'other' }))).toBe('SignatureDoesNotMatch');
    expect(await code(as({ accessKeyId: 'OTHER' }))).toBe('InvalidAccessKeyId');
    expect(await code(as({ region: 'us-east-1' }))).toBe('AuthorizationHeaderMalformed');
    expect(await code(as({ service: 'sqs' }))).toBe('AuthorizationHeaderMalformed');
    const without = await fetch(`${twin.url}${PATH}`);
    expect([without.status, /<Code>(\w+)/.exec(await without.text())?.[1]]).toEqual([403, 'AccessDenied']);
    await control(twin, 'PUT', '/faults', { faults: [{ kind: 'skew', rate: 1 }] });
    expect(await code(aws)).toBe('RequestTimeTooSkewed');
    expect((await journal(twin)).map(({ outcome }) => outcome)).toEqual(
      Array.from({ length: 5 }, () => 'rejected'),
    );
    expect(await records(twin, 'objects')).toEqual([]);
  });

  it('cover method, path, query, headers and body', async () => {
    const signed = async (headers: Record<string, string> = {}) => {
      const { headers: made } = await aws.sign(`${twin.url}${PATH}`, {
        method: 'PUT',
        body: CSV,
        headers: { 'x-amz-content-sha256': createHash('sha256').update(CSV).digest('hex'), ...headers },
      });
      return Object.fromEntries(made);
    };
    const send = async (
      headers: Record<string, string>,
      more: { path?: string; body?: string; method?: string } = {},
    ) => {
      const { path = PATH, body = CSV, method = 'PUT' } = more;
      const answer = await fetch(`${twin.url}${path}`, { method, headers, body });
      return /<Code>(\w+)/.exec(await answer.text())?.[1] ?? answer.status;
    };
    expect(await send(await signed())).toBe(200);
    expect(await send(await signed(), { body: `${CSV}x` })).toBe('XAmzContentSHA256Mismatch');
    expect(await send(await signed(), { path: '/foyer-drops/else.csv' })).toBe('SignatureDoesNotMatch');
    expect(await send(await signed(), { path: `${PATH}?x=1` })).toBe('SignatureDoesNotMatch');
    expect(await send(await signed(), { method: 'POST' })).toBe('SignatureDoesNotMatch');
    expect(await send({ ...(await signed({ 'x-amz-meta-a': '1' })), 'x-amz-meta-a': '2' })).toBe(
      'SignatureDoesNotMatch',
    );
    expect(await send({ ...(await signed()), 'x-amz-meta-late': '1' })).toBe('AccessDenied');
    expect((await records(twin, 'objects')).map(({ writes }) => writes)).toEqual([1]);
  });
});

describe('S3’s limits', () => {
  it('say SlowDown for each prefix, and are played by faults', async () => {
    twin = await started(s3({}, { writesPerSecondMax: 3 }));
    // Whole seconds: of eight writes within two of them, at least two are too many.
    const codes = await Promise.all(
      Array.from({ length: 8 }, async (_, n) => (await ask('PUT', `/foyer-drops/a/${n}`, 'x')).code),
    );
    expect(codes.filter((code) => code === 'SlowDown').length).toBeGreaterThanOrEqual(2);
    expect((await ask('PUT', '/foyer-drops/b/1', 'x')).status).toBe(200);
    await control(twin, 'PUT', '/faults', {
      faults: [
        { kind: 'throttle', rate: 1, times: 1 },
        { kind: 'lie', rate: 1, how: 'truncated' },
      ],
      limits: false,
    });
    expect(await ask('PUT', '/foyer-drops/c', 'x')).toMatchObject({ status: 503, code: 'SlowDown' });
    await ask('PUT', '/foyer-drops/c', 'abcdef');
    expect((await ask('GET', '/foyer-drops/c')).text).toBe('abc');
    await control(twin, 'PUT', '/faults', { faults: [{ kind: 'status', rate: 1, code: 'InternalError' }] });
    expect(await ask('PUT', '/foyer-drops/c', 'x')).toMatchObject({ status: 500, code: 'InternalError' });
  });
});
