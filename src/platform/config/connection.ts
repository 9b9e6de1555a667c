import { readFileSync } from 'node:fs';

/** Where the API is and who we are, for commands that speak to it. */
export interface Connection {
  readonly api: string;
  readonly key: string;
}

const RUN_FILE = 'var/run.json';

/**
 * What was given wins, then FOYER_API_URL and FOYER_OPERATOR_KEY, then what a running `npm start` wrote.
 * @returns null where no address or no key is to be had
 */
export function findConnection(
  given: { readonly api?: string | undefined; readonly key?: string | undefined },
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Connection | null {
  const running = readRunFile();
  const api = given.api ?? environment.FOYER_API_URL ?? running?.api;
  const key = given.key ?? environment.FOYER_OPERATOR_KEY ?? running?.operatorKey;
  return api && key ? { api: api.replace(/\/+$/, ''), key } : null;
}

function readRunFile(): { api?: string; operatorKey?: string } | null {
  try {
    return JSON.parse(readFileSync(RUN_FILE, 'utf8')) as { api?: string; operatorKey?: string };
  } catch {
    // Nothing runs here, which is one of the three ways and no fault.
    return null;
  }
}
