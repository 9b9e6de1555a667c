import type { CallLimits } from '../connectors/connector.js';

/**
 * Of a window one call is kept, so that one that comes late makes no window too full. Of a small window that would be
 * most of it: there it is so much of one.
 */
const RESERVE_SHARE_MAX = 0.1;

/** Milliseconds between two calls by what is allowed; 0: none are needed. */
export function gapOf({ callsPerSecond, window }: CallLimits): number {
  return Math.max(callsPerSecond ? 1000 / callsPerSecond : 0, window ? window.ms / usable(window.calls) : 0);
}

function usable(calls: number): number {
  return calls - Math.min(1, calls * RESERVE_SHARE_MAX);
}
