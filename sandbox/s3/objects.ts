import { type Answer, type Call, textOf } from '../call.js';
import { distorted } from '../faults/distort.js';
import type { Store } from '../store/store.js';
import type { Fields, Row, Table } from '../store/table.js';
import { checkDigests, etagOf } from './digests.js';
import { error, headersOf } from './errors.js';

const KEY_BYTES_MAX = 1024;

/** What is told of an object when it is made. */
export interface Description {
  contentType: string;
  metadata: Record<string, string>;
}

export interface Made extends Description {
  body: Buffer;
  etag: string;
  checksums: Record<string, string>;
}

/** Objects by bucket and key. Text is kept as text, so that the page and the journal show it; else as base64. */
export class Objects {
  constructor(private readonly store: Store) {
    store.table('objects');
  }

  get table(): Table {
    return this.store.table('objects');
  }

  answer(call: Call, bucket: string, key: string): Answer {
    if (Buffer.byteLength(key) > KEY_BYTES_MAX)
      return error('KeyTooLongError', { MaxSizeAllowed: String(KEY_BYTES_MAX) });
    switch (call.method) {
      case 'PUT':
        return this.put(call, bucket, key);
      case 'GET':
      case 'HEAD':
        return this.get(call, bucket, key);
      case 'DELETE':
        return this.remove(call, bucket, key);
      default:
        return error('MethodNotAllowed', { Method: call.method, ResourceType: 'OBJECT' });
    }
  }

  find(bucket: string, key: string): Row | undefined {
    const row = this.table.get(`${bucket}/${key}`);
    return row?.isGone === false ? row : undefined;
  }

  private put(call: Call, bucket: string, key: string): Answer {
    if (call.headers['x-amz-copy-source'] !== undefined)
      return error('NotImplemented', { Header: 'x-amz-copy-source' });
    const digests = checkDigests(call);
    if ('answer' in digests) return digests.answer;
    const row = this.find(bucket, key);
    const refused = unmet(call, row);
    if (refused !== undefined) return refused;
    const etag = etagOf(call.body);
    this.keep(call, bucket, key, {
      body: call.body,
      etag,
      checksums: digests.checksums,
      ...describedBy(call),
    });
    return { status: 200, headers: { ...headersOf(), ETag: etag, ...digests.checksums }, body: '' };
  }

  /** Puts an object in its place, whole. */
  keep(call: Call, bucket: string, key: string, made: Made): void {
    const row = this.find(bucket, key);
    const id = `${bucket}/${key}`;
    const lie = call.lie();
    const content = distorted(contentOf(made.body), lie, []);
    const fields: Fields = {
      bucket,
      key,
      ...content,
      size: bytesOf(content).length,
      etag: made.etag,
      contentType: made.contentType,
      metadata: JSON.stringify(made.metadata),
      checksums: JSON.stringify(made.checksums),
    };
    if (lie !== 'lost' && row === undefined) this.store.insert(this.table, id, key, fields, call.at);
    if (lie !== 'lost' && row !== undefined) this.store.update(this.table, row, key, fields, call.at);
    const outcome = lie !== undefined ? 'lied' : row === undefined ? 'created' : 'updated';
    const request = { bytes: made.body.length, contentType: made.contentType };
    call.notes.push({ object: 'objects', key, id, outcome, request, response: { etag: made.etag } });
  }

  private get(call: Call, bucket: string, key: string): Answer {
    const row = this.find(bucket, key);
    if (row === undefined) return error('NoSuchKey', { Key: key });
    const refused = unmet(call, row);
    if (refused !== undefined) return refused;
    const bytes = bytesOf(row.fields);
    const wantsChecksum = textOf(call.headers['x-amz-checksum-mode']).toUpperCase() === 'ENABLED';
    const headers = {
      ...headersOf(),
      ETag: textOf(row.fields.etag),
      'Last-Modified': new Date(row.updatedAt).toUTCString(),
      'Content-Type': textOf(row.fields.contentType),
      'Accept-Ranges': 'bytes',
      ...(JSON.parse(textOf(row.fields.metadata) || '{}') as Record<string, string>),
      ...(wantsChecksum ? (JSON.parse(textOf(row.fields.checksums) || '{}') as Record<string, string>) : {}),
    };
    if (call.method === 'HEAD')
      return { status: 200, headers: { ...headers, 'Content-Length': String(bytes.length) }, body: '' };
    const range = rangeOf(call, bytes.length);
    if (range === undefined) return { status: 200, headers, body: '', bytes };
    if (range === 'unsatisfiable') return error('InvalidRange', { ActualObjectSize: String(bytes.length) });
    const [from, to] = range;
    const partial = { ...headers, 'Content-Range': `bytes ${from}-${to}/${bytes.length}` };
    return { status: 206, headers: partial, body: '', bytes: bytes.subarray(from, to + 1) };
  }

  /** What is not there is removed as well as what is. */
  private remove(call: Call, bucket: string, key: string): Answer {
    const row = this.find(bucket, key);
    const isLie = call.lie() !== undefined;
    if (row !== undefined && !isLie) this.store.remove(this.table, row, call.at);
    const outcome = isLie ? 'lied' : 'updated';
    const id = `${bucket}/${key}`;
    call.notes.push({ object: 'objects', key, id, outcome, request: { deleted: true }, response: null });
    return { status: 204, headers: headersOf(), body: '' };
  }
}

/** If-Match and If-None-Match, for reading and for writing. */
function unmet(call: Call, row: Row | undefined): Answer | undefined {
  const etag = row === undefined ? undefined : textOf(row.fields.etag);
  const match = call.headers['if-match'];
  const noneMatch = call.headers['if-none-match'];
  if (match !== undefined && row === undefined) return error('NoSuchKey');
  if (match !== undefined && match !== '*' && match !== etag)
    return error('PreconditionFailed', { Condition: 'If-Match' });
  const isSame = noneMatch !== undefined && row !== undefined && (noneMatch === '*' || noneMatch === etag);
  if (!isSame) return undefined;
  if (call.method === 'PUT') return error('PreconditionFailed', { Condition: 'If-None-Match' });
  return { status: 304, headers: { ...headersOf(), ETag: etag! }, body: '' };
}

function contentOf(body: Buffer): Fields {
  const text = body.toString('utf8');
  return Buffer.from(text).equals(body) ? { text } : { base64: body.toString('base64') };
}

export function bytesOf({ text, base64 }: Fields): Buffer {
  return typeof base64 === 'string' ? Buffer.from(base64, 'base64') : Buffer.from(textOf(text));
}

export function describedBy({ headers }: Call): Description {
  const metadata = Object.entries(headers).filter(([name]) => name.startsWith('x-amz-meta-'));
  return {
    contentType: textOf(headers['content-type']) || 'binary/octet-stream',
    metadata: Object.fromEntries(metadata.map(([name, value]) => [name, textOf(value)])),
  };
}

function rangeOf(call: Call, size: number): [number, number] | 'unsatisfiable' | undefined {
  const found = /^bytes=(\d*)-(\d*)$/.exec(textOf(call.headers.range));
  if (found === null || (found[1] === '' && found[2] === '')) return undefined;
  const from = found[1] === '' ? Math.max(0, size - Number(found[2])) : Number(found[1]);
  const to = found[1] === '' || found[2] === '' ? size - 1 : Math.min(Number(found[2]), size - 1);
  return from >= size || to < from ? 'unsatisfiable' : [from, to];
}
