import { AwsV4Signer } from 'aws4fetch';
import type { Clock } from '../platform/clock.js';
import type { HttpAnswer, HttpEngine } from '../platform/http-client/http-engine.js';
import { clockSkewMs, type Failure, unreadable, withoutAnswer } from './call-outcome.js';
import type { CallOptions } from './connector.js';
import { sha256 } from './drop.js';
import type { DropStore, Got, Put } from './drop-store.js';
import { s3Code, s3Failure } from './s3-errors.js';
import type { StorageSettings } from './storage-settings.js';

interface S3Call {
  readonly method: 'GET' | 'PUT';
  readonly url: string;
  readonly body?: { readonly text: string; readonly type: string };
}

/** A bucket behind the S3 API, named in the path; signed by Signature Version 4, the body under the signature. */
export class S3Store implements DropStore {
  /** How far the store's clock is ahead of ours, once it has refused our time. */
  private skewMs = 0;

  constructor(
    private readonly engine: HttpEngine,
    private readonly settings: StorageSettings,
    private readonly clock: Clock,
  ) {}

  async put(name: string, text: string, type: string, options: CallOptions): Promise<Put> {
    const called = await this.call({ method: 'PUT', url: this.urlOf(name), body: { text, type } }, options);
    if ('failure' in called) return { failure: called.failure, requestId: null, status: null };
    const { answer } = called;
    const failure = this.failureOf(answer);
    return { failure, requestId: requestIdOf(answer), status: answer.status };
  }

  async get(name: string, options: CallOptions): Promise<Got> {
    const called = await this.call({ method: 'GET', url: this.urlOf(name) }, options);
    if ('failure' in called) return called;
    const { answer } = called;
    if (answer.status === 404 && s3Code(answer) === 'NoSuchKey') return { text: null };
    const failure = this.failureOf(answer);
    return failure ? { failure } : { text: answer.bytes.toString('utf8') };
  }

  async list(options: CallOptions): Promise<Failure | null> {
    const { endpoint, bucket } = this.settings;
    const query = `list-type=2&max-keys=1&prefix=${encodeURIComponent(folderOf(this.settings))}`;
    const called = await this.call({ method: 'GET', url: `${endpoint}/${bucket}?${query}` }, options);
    if ('failure' in called) return called.failure;
    const { answer } = called;
    if (answer.status !== 200) return s3Failure(answer, this.clock.now().getTime());
    return answer.bytes.includes('<ListBucketResult') ? null : unreadable(answer.status);
  }

  private urlOf(name: string): string {
    const path = `${folderOf(this.settings)}${name}`.split('/').map(encodeURIComponent).join('/');
    return `${this.settings.endpoint}/${this.settings.bucket}/${path}`;
  }

  /** A tag is what tells an object of the store from a gateway's page. */
  private failureOf(answer: HttpAnswer): Failure | null {
    const { status, headers } = answer;
    if (status !== 200) return s3Failure(answer, this.clock.now().getTime());
    return /^"[^"]+"$/.test(headers.etag ?? '') ? null : unreadable(status);
  }

  /** A time that is refused is corrected by the store's own clock, once a call. */
  private async call(
    call: S3Call,
    options: CallOptions,
  ): Promise<{ answer: HttpAnswer } | { failure: Failure }> {
    const first = await this.signed(call, options);
    if ('failure' in first || s3Code(first.answer) !== 'RequestTimeTooSkewed') return first;
    this.skewMs = clockSkewMs(first.answer.headers, this.clock.now().getTime());
    return this.signed(call, options);
  }

  private async signed({ method, url, body }: S3Call, options: CallOptions) {
    const { accessKeyId, secretAccessKey, sessionToken, region } = this.settings;
    const { headers } = await new AwsV4Signer({
      method,
      url,
      headers: {
        'x-amz-content-sha256': sha256(body?.text ?? ''),
        ...(body ? { 'content-type': body.type } : {}),
      },
      accessKeyId,
      secretAccessKey,
      ...(sessionToken === '' ? {} : { sessionToken }),
      service: 's3',
      region,
      datetime: compact(new Date(this.clock.now().getTime() + this.skewMs)),
    }).sign();
    const result = await this.engine.call({
      method,
      url,
      headers: Object.fromEntries(headers),
      ...(body ? { body: body.text } : {}),
      isRepeatable: method === 'GET',
      signal: options.signal,
      turn: options.turn,
    });
    return result.kind === 'answered' ? { answer: result } : { failure: withoutAnswer(result) };
  }
}

/** The prefix as a folder: nothing, or with a `/` at its end. */
export function folderOf({ prefix }: Pick<StorageSettings, 'prefix'>): string {
  return prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/`;
}

/** `20260301T120000Z` */
function compact(time: Date): string {
  return `${time.toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`;
}

function requestIdOf({ headers }: HttpAnswer): string | null {
  const id = headers['x-amz-request-id'];
  return typeof id === 'string' ? id : null;
}
