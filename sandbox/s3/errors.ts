import { randomBytes } from 'node:crypto';
import type { Answer } from '../call.js';
import { element, xml } from './xml.js';

/** Amazon's codes with their statuses and words. */
const ERRORS: Record<string, [status: number, message: string]> = {
  AccessDenied: [403, 'Access Denied'],
  AuthorizationHeaderMalformed: [400, 'The authorization header is malformed.'],
  BadDigest: [
    400,
    'The Content-MD5 or checksum value that you specified did not match what the server received.',
  ],
  BucketAlreadyOwnedByYou: [
    409,
    'Your previous request to create the named bucket succeeded and you already own it.',
  ],
  EntityTooSmall: [400, 'Your proposed upload is smaller than the minimum allowed size'],
  EntityTooLarge: [400, 'Your proposed upload exceeds the maximum allowed size'],
  InternalError: [500, 'We encountered an internal error. Please try again.'],
  InvalidAccessKeyId: [403, 'The AWS Access Key Id you provided does not exist in our records.'],
  InvalidArgument: [400, 'Invalid Argument'],
  InvalidDigest: [400, 'The Content-MD5 you specified was invalid.'],
  InvalidPart: [
    400,
    "One or more of the specified parts could not be found. The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.",
  ],
  InvalidPartOrder: [
    400,
    'The list of parts was not in ascending order. Parts must be ordered by part number.',
  ],
  InvalidRange: [416, 'The requested range is not satisfiable'],
  InvalidRequest: [400, 'Invalid Request'],
  KeyTooLongError: [400, 'Your key is too long'],
  MethodNotAllowed: [405, 'The specified method is not allowed against this resource.'],
  NoSuchBucket: [404, 'The specified bucket does not exist'],
  NoSuchUpload: [
    404,
    'The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.',
  ],
  NoSuchKey: [404, 'The specified key does not exist.'],
  NotImplemented: [501, 'A header you provided implies functionality that is not implemented'],
  PreconditionFailed: [412, 'At least one of the pre-conditions you specified did not hold'],
  RequestTimeTooSkewed: [403, 'The difference between the request time and the current time is too large.'],
  ServiceUnavailable: [503, 'Service is unable to handle request.'],
  SignatureDoesNotMatch: [
    403,
    'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
  ],
  SlowDown: [503, 'Please reduce your request rate.'],
  XAmzContentSHA256Mismatch: [
    400,
    "The provided 'x-amz-content-sha256' header does not match what was computed.",
  ],
};
const BY_STATUS: Record<number, string> = {
  400: 'InvalidRequest',
  403: 'AccessDenied',
  404: 'NoSuchKey',
  405: 'MethodNotAllowed',
  412: 'PreconditionFailed',
  413: 'EntityTooLarge',
  500: 'InternalError',
  503: 'ServiceUnavailable',
};

export function headersOf(): Record<string, string> {
  return {
    'x-amz-request-id': randomBytes(8).toString('hex').toUpperCase(),
    'x-amz-id-2': randomBytes(24).toString('base64'),
    Server: 'AmazonS3',
  };
}

/** An error document; `more` are elements of this error alone. */
export function error(code: string, more: Record<string, string> = {}, message?: string): Answer {
  const [status, usual] = ERRORS[code] ?? [400, code];
  const headers = headersOf();
  const body = xml('Error', [
    element('Code', code),
    element('Message', message ?? usual),
    ...Object.entries(more).map(([name, value]) => element(name, value)),
    element('RequestId', headers['x-amz-request-id']!),
    element('HostId', headers['x-amz-id-2']!),
  ]);
  return {
    status,
    headers: { ...headers, 'Content-Type': 'application/xml' },
    body,
    ...(code === 'SlowDown' ? { isThrottled: true } : {}),
  };
}

/** The words for a status alone, for the fault `status`. */
export function refusal(status: number, code: string | undefined): Answer {
  return {
    ...error(code ?? BY_STATUS[status] ?? 'InternalError'),
    ...(code === undefined ? { status } : {}),
  };
}
