import type { HttpAnswer } from '../platform/http-client/http-engine.js';
import { byStatus, type Failure, retryAfterMs } from './call-outcome.js';
import type { Owner } from './connector.js';

/** How long all wait after SlowDown, which names no time. */
const SLOW_DOWN_MS = 5_000;
const XML_CHARACTERS_MAX = 4_000;

interface Known {
  readonly kind: 'unauthorised' | 'retry' | 'throttled' | 'rejected';
  readonly owner: Owner;
  readonly message: string;
}

const credentials = (message: string): Known => ({ kind: 'unauthorised', owner: 'backend', message });
const again = (message: string): Known => ({ kind: 'retry', owner: 'backend', message });
const slow: Known = {
  kind: 'throttled',
  owner: 'quota',
  message: 'The bucket asks for fewer calls; all wait a moment.',
};

const KEY_UNKNOWN = credentials('The access key is not accepted: check accessKeyId and secretAccessKey.');
const KEY_ENDED = credentials('The session of the access key has ended: renew it.');
const NO_ACCESS = credentials(
  'The access key may not do this: it needs s3:PutObject, s3:GetObject and s3:ListBucket on the bucket.',
);
const DAMAGED = again('The object arrived damaged and was not taken; it is sent again.');
const FULL = again('The store is full: make room or raise its quota; it is tried again later.');

/** The codes of S3 and of those that speak like it, with what they mean for us. */
const KNOWN: Readonly<Record<string, Known>> = {
  AccessDenied: NO_ACCESS,
  AllAccessDisabled: NO_ACCESS,
  AccountProblem: credentials('The account of the bucket is locked: ask its owner.'),
  AuthorizationHeaderMalformed: credentials(
    'The signature was made for another region: set region to that of the bucket.',
  ),
  BadDigest: DAMAGED,
  EntityTooLarge: {
    kind: 'rejected',
    owner: 'backend',
    message: 'The object is larger than the store takes: set a smaller batchSize.',
  },
  ExpiredToken: KEY_ENDED,
  IncompleteBody: DAMAGED,
  InvalidAccessKeyId: KEY_UNKNOWN,
  InvalidToken: KEY_ENDED,
  NoSuchBucket: credentials('There is no such bucket: check bucket and endpoint.'),
  OperationAborted: again('Something else is being done to this object; it is tried again.'),
  PermanentRedirect: again('The bucket stands in another region: set endpoint and region to its own.'),
  QuotaExceeded: FULL,
  RequestTimeTooSkewed: {
    kind: 'retry',
    owner: 'foyer',
    message: 'Our clock and that of the store are more than 15 minutes apart: set the clock of this machine.',
  },
  RequestTimeout: again('The object took too long to arrive; it is sent again.'),
  SignatureDoesNotMatch: KEY_UNKNOWN,
  SlowDown: slow,
  TooManyRequests: slow,
  XAmzContentSHA256Mismatch: DAMAGED,
  XMinioStorageFull: FULL,
};

/** The code in an error document; null where there is none: answers to HEAD, pages of gateways. */
export function s3Code({ bytes }: HttpAnswer): string | null {
  const text = bytes.subarray(0, XML_CHARACTERS_MAX).toString('utf8');
  return /<Error>[\s\S]*?<Code>([A-Za-z0-9.]{1,64})<\/Code>/.exec(text)?.[1] ?? null;
}

/** The words of the store are left out: they quote keys and signatures. */
export function s3Failure(answer: HttpAnswer, nowMs: number): Failure {
  const { status, headers } = answer;
  const code = s3Code(answer);
  const known = meaningOf(code, status);
  if (!known) return byStatus(status, code, null);
  const reason = { code: code ?? `http-${status}`, message: known.message, owner: known.owner, status };
  const waitMs = retryAfterMs(headers, nowMs);
  if (known.kind === 'throttled')
    return { kind: 'throttled', untilMs: nowMs + (waitMs ?? SLOW_DOWN_MS), reason };
  return known.kind === 'retry' ? { kind: 'retry', afterMs: waitMs, reason } : { kind: known.kind, reason };
}

function meaningOf(code: string | null, status: number): Known | undefined {
  if (code !== null && Object.hasOwn(KNOWN, code)) return KNOWN[code];
  if (status === 403) return NO_ACCESS;
  if (status === 429) return slow;
  return status === 507 ? FULL : undefined;
}
