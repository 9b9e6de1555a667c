import { createHash, randomBytes } from 'node:crypto';
import type { Answer, Call } from '../call.js';
import { checkDigests, etagOf } from './digests.js';
import { error, headersOf } from './errors.js';
import { describedBy, type Description, type Objects } from './objects.js';
import { element, xml } from './xml.js';

const PART_BYTES_MIN = 5 * 1024 * 1024;
const PART_NUMBER_MAX = 10_000;

interface Upload {
  bucket: string;
  key: string;
  description: Description;
  parts: Map<number, Buffer>;
}

/** Uploads in parts: nothing is there until all is, and then at once. */
export class Uploads {
  private readonly open = new Map<string, Upload>();

  constructor(private readonly objects: Objects) {}

  /** Undefined: the call is about no upload. */
  answer(call: Call, bucket: string, key: string): Answer | undefined {
    if (call.method === 'POST' && call.query.has('uploads')) return this.begin(call, bucket, key);
    const id = call.query.get('uploadId');
    if (id === null) return undefined;
    const upload = this.open.get(id);
    if (upload?.bucket !== bucket || upload.key !== key) return error('NoSuchUpload', { UploadId: id });
    if (call.method === 'PUT') return this.addPart(call, upload);
    if (call.method === 'POST') return this.complete(call, id, upload);
    if (call.method !== 'DELETE') return error('NotImplemented', { Header: 'uploadId' });
    this.open.delete(id);
    return { status: 204, headers: headersOf(), body: '' };
  }

  private begin(call: Call, bucket: string, key: string): Answer {
    const id = randomBytes(24).toString('hex');
    this.open.set(id, { bucket, key, description: describedBy(call), parts: new Map() });
    return document('InitiateMultipartUploadResult', { Bucket: bucket, Key: key, UploadId: id });
  }

  private addPart(call: Call, { parts }: Upload): Answer {
    const number = Number(call.query.get('partNumber'));
    if (!Number.isInteger(number) || number < 1 || number > PART_NUMBER_MAX)
      return error('InvalidArgument', { ArgumentName: 'partNumber' });
    const digests = checkDigests(call);
    if ('answer' in digests) return digests.answer;
    parts.set(number, call.body);
    return {
      status: 200,
      headers: { ...headersOf(), ETag: etagOf(call.body), ...digests.checksums },
      body: '',
    };
  }

  private complete(call: Call, id: string, upload: Upload): Answer {
    const named = partsIn(call.body.toString('utf8'));
    const bodies = named.map(({ number, etag }) => {
      const body = upload.parts.get(number);
      return body !== undefined && etagOf(body) === etag ? body : undefined;
    });
    if (named.length === 0 || bodies.some((body) => body === undefined))
      return error('InvalidPart', { UploadId: id });
    if (named.some(({ number }, index) => index > 0 && number <= named[index - 1]!.number))
      return error('InvalidPartOrder', { UploadId: id });
    const parts = bodies as Buffer[];
    if (parts.slice(0, -1).some((body) => body.length < PART_BYTES_MIN))
      return error('EntityTooSmall', { MinSizeAllowed: String(PART_BYTES_MIN) });
    const digests = Buffer.concat(parts.map((body) => createHash('md5').update(body).digest()));
    const etag = `"${createHash('md5').update(digests).digest('hex')}-${parts.length}"`;
    const { bucket, key, description } = upload;
    this.objects.keep(call, bucket, key, { body: Buffer.concat(parts), etag, checksums: {}, ...description });
    this.open.delete(id);
    return document('CompleteMultipartUploadResult', { Bucket: bucket, Key: key, ETag: etag });
  }
}

function partsIn(body: string): { number: number; etag: string }[] {
  return [...body.matchAll(/<Part>([\s\S]*?)<\/Part>/g)].map(([, inner = '']) => ({
    number: Number(/<PartNumber>\s*(\d+)\s*</.exec(inner)?.[1]),
    etag: `"${(/<ETag>\s*([^<]+?)\s*</.exec(inner)?.[1] ?? '').replaceAll('&quot;', '').replaceAll('"', '')}"`,
  }));
}

function document(root: string, values: Record<string, string>): Answer {
  const elements = Object.entries(values).map(([name, value]) => element(name, value));
  return {
    status: 200,
    headers: { ...headersOf(), 'Content-Type': 'application/xml' },
    body: xml(root, elements),
  };
}
