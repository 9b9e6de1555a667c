import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { type Answer, type Call, decoded } from '../call.js';
import { error } from './errors.js';
import type { S3Settings } from './settings.js';

const ALGORITHM = 'AWS4-HMAC-SHA256';
const SKEW_MS_MAX = 900_000;
const AUTHORIZATION =
  /^AWS4-HMAC-SHA256\s+Credential=([^/,]+)\/(\d{8})\/([^/,]+)\/([^/,]+)\/aws4_request\s*,\s*SignedHeaders=([^,\s]+)\s*,\s*Signature=([0-9a-f]{64})\s*$/;

/**
 * Signature Version 4 in the Authorization header, as the AWS General Reference defines it, checked from the request
 * as it arrived:
 * 1. the canonical request: method, path, query, signed headers, hash of the body as the client names it;
 * 2. the string to sign: algorithm, time, scope, hash of 1;
 * 3. a key derived from the secret by day, region and service signs 2.
 * Undefined: the request is who it says, and the body is what was signed.
 */
export function unsigned(call: Call, settings: S3Settings): Answer | undefined {
  const { authorization } = call.headers;
  if (authorization === undefined) return error('AccessDenied');
  const found = AUTHORIZATION.exec(authorization);
  if (found === null)
    return error(
      'AuthorizationHeaderMalformed',
      {},
      'The authorization header that you provided is not valid.',
    );
  const [, accessKeyId = '', day = '', region = '', service = '', signedList = '', signature = ''] = found;
  const time = textOf(call, 'x-amz-date');
  const wrong =
    wrongScope(accessKeyId, region, service, settings) ??
    wrongTime(call, time, day) ??
    wrongHeaders(call, signedList);
  if (wrong !== undefined) return wrong;

  const canonical = canonicalRequest(call, signedList);
  const scope = `${day}/${region}/${service}/aws4_request`;
  const toSign = [ALGORITHM, time, scope, sha256(canonical)].join('\n');
  const expected = sign(toSign, day, settings);
  if (!timingSafeEqual(Buffer.from(expected), Buffer.from(signature)))
    return error('SignatureDoesNotMatch', {
      AWSAccessKeyId: accessKeyId,
      StringToSign: toSign,
      SignatureProvided: signature,
      CanonicalRequest: canonical,
    });
  return wrongBody(call);
}

function wrongScope(
  accessKeyId: string,
  region: string,
  service: string,
  settings: S3Settings,
): Answer | undefined {
  if (accessKeyId !== settings.accessKeyId)
    return error('InvalidAccessKeyId', { AWSAccessKeyId: accessKeyId });
  if (region !== settings.region)
    return error(
      'AuthorizationHeaderMalformed',
      { Region: settings.region },
      `The authorization header is malformed; the region '${region}' is wrong; expecting '${settings.region}'`,
    );
  if (service !== 's3')
    return error(
      'AuthorizationHeaderMalformed',
      {},
      `The authorization header is malformed; incorrect service "${service}". This endpoint belongs to "s3".`,
    );
  return undefined;
}

function wrongTime(call: Call, time: string, day: string): Answer | undefined {
  const parts = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(time);
  if (parts === null)
    return error('AccessDenied', {}, 'AWS authentication requires a valid Date or x-amz-date header');
  const [, year, month, date, hour, minute, second] = parts.map(Number);
  const at = Date.UTC(year!, month! - 1, date, hour, minute, second);
  if (Math.abs(at - call.at) > SKEW_MS_MAX)
    return error('RequestTimeTooSkewed', {
      RequestTime: time,
      ServerTime: `${new Date(call.at).toISOString().slice(0, 19)}Z`,
      MaxAllowedSkewMilliseconds: String(SKEW_MS_MAX),
    });
  if (!time.startsWith(day))
    return error(
      'AuthorizationHeaderMalformed',
      {},
      `The authorization header is malformed; Invalid credential date "${day}".`,
    );
  return undefined;
}

/** Everything that Amazon gives a meaning must be under the signature. */
function wrongHeaders(call: Call, signedList: string): Answer | undefined {
  const signed = signedList.split(';');
  const left = Object.keys(call.headers).filter(
    (name) => (name === 'host' || name.startsWith('x-amz-')) && !signed.includes(name),
  );
  if (left.length > 0)
    return error(
      'AccessDenied',
      { HeadersNotSigned: left.join(', ') },
      'There were headers present in the request which were not signed',
    );
  if (textOf(call, 'x-amz-content-sha256') === '')
    return error('InvalidRequest', {}, 'Missing required header for this request: x-amz-content-sha256');
  return undefined;
}

function wrongBody(call: Call): Answer | undefined {
  const named = textOf(call, 'x-amz-content-sha256');
  if (named === 'UNSIGNED-PAYLOAD') return undefined;
  if (named.startsWith('STREAMING-')) return error('NotImplemented', { Header: 'x-amz-content-sha256' });
  const computed = sha256(call.body);
  if (named === computed) return undefined;
  return error('XAmzContentSHA256Mismatch', {
    ClientComputedContentSHA256: named,
    S3ComputedContentSHA256: computed,
  });
}

function canonicalRequest(call: Call, signedList: string): string {
  const headers = signedList
    .split(';')
    .map((name) => `${name}:${textOf(call, name).trim().replace(/\s+/g, ' ')}\n`);
  const hash = textOf(call, 'x-amz-content-sha256');
  return [
    call.method,
    canonicalPath(call.path),
    canonicalQuery(call.target),
    headers.join(''),
    signedList,
    hash,
  ].join('\n');
}

/** S3 neither normalises a path nor encodes it twice; how the client encoded it does not matter, a slash stays one. */
function canonicalPath(path: string): string {
  return decoded(path).split('/').map(encoded).join('/');
}

function canonicalQuery(target: string): string {
  const mark = target.indexOf('?');
  if (mark < 0) return '';
  return target
    .slice(mark + 1)
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => {
      const at = pair.indexOf('=');
      const [name, value] = at < 0 ? [pair, ''] : [pair.slice(0, at), pair.slice(at + 1)];
      return [encoded(decoded(name)), encoded(decoded(value))] as const;
    })
    .sort(([one, first], [other, second]) => (one === other ? compare(first, second) : compare(one, other)))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
}

function sign(toSign: string, day: string, { secretAccessKey, region }: S3Settings): string {
  const key = [day, region, 's3', 'aws4_request'].reduce(
    (last: Buffer, part) => hmac(last, part),
    Buffer.from(`AWS4${secretAccessKey}`),
  );
  return hmac(key, toSign).toString('hex');
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

function sha256(given: string | Buffer): string {
  return createHash('sha256').update(given).digest('hex');
}

function textOf(call: Call, name: string): string {
  const value = call.headers[name];
  return Array.isArray(value) ? value.join(',') : (value ?? '');
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

/** RFC 3986: all but letters, digits and -_.~ */
function encoded(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
