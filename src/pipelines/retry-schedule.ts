import type { PipelineSettings } from '../platform/config/settings.js';

/** Doubling from the first wait to the longest, with a fifth of jitter so that a crowd does not come back at once. */
export function retryAt(now: Date, tries: number, settings: PipelineSettings): Date {
  const waitMs = Math.min(settings.retryFirstMs * 2 ** (tries - 1), settings.retryMaxMs);
  return new Date(now.getTime() + waitMs * (0.8 + 0.4 * Math.random()));
}
