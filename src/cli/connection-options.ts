import { connectionOf } from './api-connection.js';
import type { Invocation } from './command.js';
import { OperatorClient } from './operator-client.js';

/** Of every command that speaks to a running Foyer. */
export const connectionOptions = { api: { type: 'string' }, key: { type: 'string' } } as const;

export const CONNECTION_USAGE = '[--api URL] [--key KEY]';
export const CONNECTION_HELP = `--api  otherwise FOYER_API_URL, otherwise npm start as it runs here
--key  of an engineer or operator; otherwise FOYER_OPERATOR_KEY, otherwise that of npm start as it runs here`;

/** So long fetch waits for the first byte of an answer; what takes longer is asked for by `sendLong`. */
const TIMEOUT_MS = 300_000;

/** @throws UsageError where the address or the key is not known */
export function clientOf(invocation: Invocation): OperatorClient {
  return new OperatorClient(connectionOf(invocation), TIMEOUT_MS);
}

export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
