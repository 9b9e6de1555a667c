export const FAULT_KINDS = ['refuse', 'slow', 'status', 'throttle', 'timeoutAfterCommit', 'lie'] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

/** Faults that may stand at once. */
export const FAULTS_MAX = 100;
/** The longest a fault may hold a call. */
export const FAULT_DELAY_MS_MAX = 600_000;

export interface Fault {
  kind: FaultKind;
  /** How often, 0 to 1. */
  rate: number;
  /** How many times at most; without it, for ever. */
  times?: number;
  /** Only calls whose path contains this. */
  path?: string;
  /** What `status` answers; 500 without it. */
  status?: number;
  /** How long `slow` waits (100 ms without it) and `timeoutAfterCommit` holds the socket (60 s). */
  delayMs?: number;
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

function wrongsOf(fault: unknown, at: string): string[] {
  if (typeof fault !== 'object' || fault === null || Array.isArray(fault))
    return [`${at} must be an object.`];
  const { kind, rate, times, path, status, delayMs, seed, ...rest } = fault as Record<string, unknown>;
  const wrong = Object.keys(rest).map((name) => `${at}.${name} is unknown.`);
  const check = (isRight: boolean, text: string) => {
    if (!isRight) wrong.push(`${at}.${text}`);
  };
  check(FAULT_KINDS.includes(kind as FaultKind), `kind must be one of ${FAULT_KINDS.join(', ')}.`);
  check(typeof rate === 'number' && rate >= 0 && rate <= 1, 'rate must be a number from 0 to 1.');
  check(
    times === undefined || isWhole(times, 0, Number.MAX_SAFE_INTEGER),
    'times must be a whole number, 0 or more.',
  );
  check(path === undefined || (typeof path === 'string' && path !== ''), 'path must be a part of a path.');
  check(status === undefined || isWhole(status, 400, 599), 'status must be a whole number from 400 to 599.');
  check(
    delayMs === undefined || isWhole(delayMs, 0, FAULT_DELAY_MS_MAX),
    `delayMs must be a whole number from 0 to ${FAULT_DELAY_MS_MAX}.`,
  );
  check(
    seed === undefined || isWhole(seed, 0, 2 ** 32 - 1),
    'seed must be a whole number from 0 to 4294967295.',
  );
  return wrong;
}

function isWhole(value: unknown, least: number, most: number): boolean {
  return Number.isInteger(value) && (value as number) >= least && (value as number) <= most;
}
