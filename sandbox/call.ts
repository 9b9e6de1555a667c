import type { IncomingHttpHeaders } from 'node:http';
import type { Lie } from './faults/fault.js';

/** What became of one record of a call. */
export type Outcome = 'created' | 'updated' | 'rejected' | 'throttled' | 'lied' | 'unanswered';

/**
 * One record of a call, as the journal shows it. `request` and `response` are that record's part; a function
 * stands for a response that is rendered when somebody reads it.
 */
export interface Note {
  object: string;
  key: string | null;
  id: string | null;
  outcome: Outcome;
  request: unknown;
  response: unknown;
}

/** A request that has been read in full. */
export interface Call {
  at: number;
  method: string;
  /** The path without the query, still percent-encoded. */
  path: string;
  /** Path and query as they were sent. */
  target: string;
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
  body: Buffer;
  /** The records the call wrote or refused, added while it is answered. */
  notes: Note[];
  /** Calls under way at this moment, this one among them. */
  inFlight: number;
  /** Asked once per record: answer success, and store nothing or something else. */
  lie: () => Lie | undefined;
}

export interface Answer {
  status: number;
  headers: Record<string, string>;
  body: string;
  /** In place of `body`, where it is not text. */
  bytes?: Buffer;
  /** The vendor's rate limit refused the call. */
  isThrottled?: boolean;
  /** Nothing was written, though the status does not say so. */
  isRefused?: boolean;
}

/** Parses the body once; undefined means that it is not JSON. */
export function jsonOf(call: Call): unknown {
  try {
    return JSON.parse(call.body.toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A piece of an address; one with a stray percent sign is taken as it stands. */
export function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** A JSON scalar as text; null, lists and objects are empty. */
export function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';
}
