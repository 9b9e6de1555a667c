/**
 * Every error that leaves over HTTP, as RFC 9457 problem+json. The code is stable and is the last part of `type`; the
 * page behind it explains what happened and what to do.
 */
export const PROBLEMS = {
  'invalid-request': [
    400,
    'The request is not well formed',
    'Look at `errors`: each names the place in the body by a JSON pointer and says what is expected there.',
  ],
  unauthenticated: [
    401,
    'Credentials are missing or not valid',
    'Send `Authorization: Bearer` with an API key (fk_…) or a manage token (fm_…) that is still valid.',
  ],
  forbidden: [
    403,
    'The credentials do not allow this',
    'The key is valid, but its role does not reach here. Ask an admin for a key with the role that the documentation names.',
  ],
  'pass-invalid': [403, 'The pass is not valid', 'Fetch a new pass from the lobby with the ticket.'],
  'pass-expired': [
    403,
    'The pass has expired',
    'Go back to the lobby with the ticket; the place in line is kept.',
  ],
  'not-found': [
    404,
    'There is nothing here',
    'The address is wrong, the thing does not exist, or the token does not belong to it. For reasons of privacy these are not told apart.',
  ],
  'method-not-allowed': [
    405,
    'This address does not know the method',
    'The `Allow` header lists the methods that it knows.',
  ],
  gone: [410, 'It is no longer there', 'It existed and was taken away; asking again is of no use.'],
  'already-registered': [
    409,
    'There is a registration for the event already',
    'It has this e-mail, or belongs to this login and is named in `registration`. The manage link that was given with it shows and changes it; so does its login.',
  ],
  'event-full': [
    409,
    'The event and its waitlist are full',
    'Try again later: places become free when people cancel.',
  ],
  'registration-closed': [
    409,
    'Registration is not open',
    'The event says when registration opens and closes.',
  ],
  'pass-spent': [409, 'The pass was used already', 'A pass is good for one registration.'],
  conflict: [
    409,
    'It cannot be done in this state',
    'Read the resource again; `detail` says which state is in the way.',
  ],
  'idempotency-key-in-flight': [
    409,
    'The first request with this key is still under way',
    'Wait a moment and send the same request again with the same key.',
  ],
  'precondition-failed': [
    412,
    'It was changed in the meantime',
    'Read it again, apply your change to what you find, and send the new ETag in `If-Match`.',
  ],
  'payload-too-large': [413, 'The body is too large', 'Send less at once.'],
  'unsupported-media-type': [
    415,
    'The body has a type that is not understood here',
    'Send JSON with `Content-Type: application/json`.',
  ],
  'invalid-answer': [
    422,
    'An answer does not fit the form',
    'Look at `errors`, and at the form of the event: it is a JSON Schema.',
  ],
  'idempotency-key-reused': [
    422,
    'The key was used for another request',
    'An Idempotency-Key belongs to one body. Use a new key for a new request.',
  ],
  'precondition-required': [
    428,
    'Say which version you are changing',
    'Send `If-Match` with the ETag that you read.',
  ],
  'rate-limited': [429, 'Too many requests', 'Wait as long as `Retry-After` says.'],
  'lobby-required': [
    429,
    'Many people are registering: there is a line',
    'Keep the ticket and come back as `Retry-After` says; the place is kept.',
  ],
  'headers-too-large': [431, 'The headers are too large', 'Send fewer or shorter headers and cookies.'],
  'internal-error': [
    500,
    'Something went wrong on our side',
    'It was logged. Nothing was acknowledged, so the request may be sent again, best with an Idempotency-Key.',
  ],
  'service-unavailable': [
    503,
    'It cannot be served at the moment',
    'Nothing was lost that had been acknowledged. Send the same request again after `Retry-After`, best with an Idempotency-Key.',
  ],
} as const satisfies Record<string, readonly [status: number, title: string, advice: string]>;

export type ProblemCode = keyof typeof PROBLEMS;

/** One fault of the request: where (a JSON pointer into the body, or a header or parameter by name) and what. */
export interface ProblemFault {
  readonly pointer: string;
  readonly code: string;
  readonly message: string;
}

export interface ProblemExtras {
  readonly errors?: readonly ProblemFault[];
  readonly headers?: Readonly<Record<string, string>>;
  /** Further members of the body, such as `lobby`. */
  readonly members?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
  /** Another status than the code's own: a redirect, for those who can follow it. */
  readonly status?: number;
}

/** Throw it anywhere; the filter answers with it. `detail` is read by people: never a stack, SQL or a secret. */
export class Problem extends Error {
  readonly status: number;

  constructor(
    readonly code: ProblemCode,
    readonly detail: string,
    readonly extras: ProblemExtras = {},
  ) {
    super(detail, { cause: extras.cause });
    this.name = 'Problem';
    this.status = extras.status ?? PROBLEMS[code][0];
  }

  /** The body of the answer. */
  body(instance: string): Record<string, unknown> {
    return {
      type: `/problems/${this.code}`,
      title: PROBLEMS[this.code][1],
      status: this.status,
      detail: this.detail,
      instance,
      ...(this.extras.errors ? { errors: this.extras.errors } : {}),
      ...this.extras.members,
    };
  }
}

/** @param errors one or more faults; the detail counts them */
export function invalidRequest(errors: readonly ProblemFault[]): Problem {
  const detail =
    errors.length === 1
      ? `${errors[0]!.pointer || 'The body'} ${errors[0]!.message}`
      : `${errors.length} parts of the request are not as expected.`;
  return new Problem('invalid-request', detail, { errors });
}

export function notFound(what = 'There is nothing at this address.'): Problem {
  return new Problem('not-found', what);
}
