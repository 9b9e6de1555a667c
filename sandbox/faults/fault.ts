export const FAULT_KINDS = [
  'refuse',
  'slow',
  'status',
  'throttle',
  'timeoutAfterCommit',
  'lie',
  'html',
  'redirect',
  'truncate',
  'malformed',
  'drip',
  'flood',
  'skew',
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

/** How a lie stands in the store: not at all, cut short, or in another form. */
export const LIES = ['lost', 'truncated', 'coerced'] as const;
export type Lie = (typeof LIES)[number];

/** Faults that may stand at once. */
export const FAULTS_MAX = 100;
/** The longest a fault may hold a call. */
export const FAULT_DELAY_MS_MAX = 600_000;
/** The largest answer of `flood`. */
export const FLOOD_BYTES_MAX = 1_000_000_000;

export interface Fault {
  kind: FaultKind;
  /** How often, 0 to 1. */
  rate: number;
  /** How many times at most; without it, for ever. */
  times?: number;
  /** Only calls whose path contains this. */
  path?: string;
  /** What `status` answers (500 without it), `html` (200) and `redirect` (302). */
  status?: number;
  /** The vendor's own code for `status`, where it has one: Marketo 606, Dataverse 0x80072322. */
  code?: string;
  /** What `throttle` says in Retry-After, where the vendor says it. */
  retryAfterSeconds?: number;
  /** How long `slow` waits (100 ms), `timeoutAfterCommit` holds the socket (60 s), `drip` pauses (50 ms), `skew` is ahead (1 h). */
  delayMs?: number;
  /** How `lie` lies; `lost` without it. */
  how?: Lie;
  /** Where `redirect` sends to; the twin's own /_twin/elsewhere without it, which counts who comes. */
  to?: string;
  /** How much `flood` answers; 50 MB without it. */
  bytes?: number;
  seed?: number;
}

export interface FaultRequest {
  faults: Fault[];
  /** Undefined: the vendor's limits stay as they are. */
  limits: boolean | undefined;
}

/** Reads the body of PUT /_twin/faults; a string says everything that is wrong with it. */
export function readFaultRequest(body: unknown): FaultRequest | string {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return 'The body must be an object.';
  const { faults = [], limits, ...rest } = body as Record<string, unknown>;
  const wrong = Object.keys(rest).map((name) => `"${name}" is unknown; "faults" and "limits" are known.`);
  if (limits !== undefined && typeof limits !== 'boolean') wrong.push('"limits" must be true or false.');
  if (!Array.isArray(faults)) return [...wrong, '"faults" must be an array.'].join(' ');
  if (faults.length > FAULTS_MAX) wrong.push(`"faults" may hold at most ${FAULTS_MAX}.`);
  faults.forEach((fault, index) => wrong.push(...wrongsOf(fault, `faults[${index}]`)));
  if (wrong.length > 0) return wrong.join(' ');
  return { faults: faults as Fault[], limits: limits as boolean | undefined };
}

/** What each value of a fault must be; a name that is not here is unknown. */
const RULES: Record<keyof Fault, [isRight: (value: unknown, kind: unknown) => boolean, rule: string]> = {
  kind: [(value) => FAULT_KINDS.includes(value as FaultKind), `must be one of ${FAULT_KINDS.join(', ')}.`],
  rate: [(value) => typeof value === 'number' && value >= 0 && value <= 1, 'must be a number from 0 to 1.'],
  times: [isWholeUpTo(Number.MAX_SAFE_INTEGER), 'must be a whole number, 0 or more.'],
  path: [(value) => typeof value === 'string' && value !== '', 'must be a part of a path.'],
  status: [
    (value, kind) => isWhole(value, kind === 'html' ? 200 : kind === 'redirect' ? 300 : 400, 599),
    'must be a whole number from 400 to 599 (html: from 200, redirect: from 300).',
  ],
  code: [(value) => typeof value === 'string' && value !== '', "must be the vendor's code, as text."],
  retryAfterSeconds: [isWholeUpTo(86_400), 'must be a whole number from 0 to 86400.'],
  delayMs: [isWholeUpTo(FAULT_DELAY_MS_MAX), `must be a whole number from 0 to ${FAULT_DELAY_MS_MAX}.`],
  how: [(value) => LIES.includes(value as Lie), `must be one of ${LIES.join(', ')}.`],
  to: [(value) => typeof value === 'string' && URL.canParse(value), 'must be an address.'],
  bytes: [isWholeUpTo(FLOOD_BYTES_MAX), `must be a whole number from 0 to ${FLOOD_BYTES_MAX}.`],
  seed: [isWholeUpTo(2 ** 32 - 1), 'must be a whole number from 0 to 4294967295.'],
};

function wrongsOf(fault: unknown, at: string): string[] {
  if (typeof fault !== 'object' || fault === null || Array.isArray(fault))
    return [`${at} must be an object.`];
  const given = { kind: undefined, rate: undefined, ...fault } as Record<string, unknown>;
  return Object.entries(given).flatMap(([name, value]) => {
    if (!Object.hasOwn(RULES, name)) return [`${at}.${name} is unknown.`];
    const [isRight, rule] = RULES[name as keyof Fault];
    const isAbsent = value === undefined && name !== 'kind' && name !== 'rate';
    return isAbsent || isRight(value, given.kind) ? [] : [`${at}.${name} ${rule}`];
  });
}

function isWhole(value: unknown, least: number, most: number): boolean {
  return Number.isInteger(value) && (value as number) >= least && (value as number) <= most;
}

function isWholeUpTo(most: number): (value: unknown) => boolean {
  return (value) => isWhole(value, 0, most);
}
