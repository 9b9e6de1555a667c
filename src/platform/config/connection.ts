import { readFileSync } from 'node:fs';
import path from 'node:path';
import { isLoopbackUrl } from './loopback.js';

/** Where the API is and who we are, for commands that speak to it. */
export interface Connection {
  /** Without a slash at its end. */
  readonly api: string;
  readonly key: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

interface Running {
  readonly api?: string | null;
  readonly operatorKey?: string;
  readonly twins?: Readonly<Record<string, string | null>>;
}

const ROOT = path.resolve(import.meta.dirname, '../../..');

/**
 * What was given wins, then FOYER_API_URL and FOYER_OPERATOR_KEY, then what a running `npm start` wrote. The key of
 * what runs here is sent nowhere else: another address needs its own.
 * @returns what is known; an address without a key, a key without an address, or neither
 */
export function findConnection(
  given: { readonly api?: string | undefined; readonly key?: string | undefined },
  environment: Environment = process.env,
  runFile = runFileOf(environment),
): Partial<Connection> {
  const running = readRunFile(runFile);
  const api = (given.api ?? environment.FOYER_API_URL ?? running?.api)?.replace(/\/+$/, '');
  const isRunning = running?.api != null && api !== undefined && originOf(api) === originOf(running.api);
  const key = given.key ?? environment.FOYER_OPERATOR_KEY ?? running?.operatorKey;
  const isOurs = given.key === undefined && key !== undefined && key === running?.operatorKey;
  return { ...(api ? { api } : {}), ...(key && (!isOurs || isRunning) ? { key } : {}) };
}

/** Where people reach Foyer, for commands that must know without speaking to it; null where nothing says so. */
export function findPublicUrl(environment: Environment = process.env): string | null {
  return environment.FOYER_HTTP_PUBLIC_URL || (findConnection({}, environment).api ?? null);
}

/** The destinations that `npm start` plays by twins on this machine, where it is what runs at this address. */
export function twinsAt(
  api: string,
  environment: Environment = process.env,
  runFile = runFileOf(environment),
): string[] {
  const running = readRunFile(runFile);
  if (running?.api == null || originOf(running.api) !== originOf(api)) return [];
  return Object.entries(running.twins ?? {}).flatMap(([name, url]) =>
    url != null && isLoopbackUrl(url) ? [name] : [],
  );
}

function runFileOf(environment: Environment): string {
  return path.join(path.resolve(ROOT, environment.FOYER_VAR_DIR ?? 'var'), 'run.json');
}

function readRunFile(file: string): Running | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Running;
  } catch {
    // Nothing runs here, which is one of the three ways and no fault.
    return null;
  }
}

function originOf(url: string): string {
  try {
    return new URL(url).origin.replace('//localhost', '//127.0.0.1');
  } catch {
    return url; // No address at all: it is told where it is called.
  }
}
