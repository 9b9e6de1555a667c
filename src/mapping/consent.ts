import type { Frame } from './value.js';

/** As a record may hold it: nothing of it is certain. */
type Word = { readonly purpose?: unknown; readonly at?: unknown; readonly granted?: unknown } | null;

/**
 * The latest word on a purpose decides. At one and the same time a withdrawal wins, so that the order of the list
 * never matters and doubt never sends.
 */
export function isConsentGranted(frame: Frame, purpose: string): boolean {
  const { consents } = frame.snapshot as { readonly consents?: unknown };
  if (!Array.isArray(consents)) return false;
  frame.spend(consents.length);
  let latestAt = '';
  let granted = false;
  for (const consent of consents as Word[]) {
    if (typeof consent !== 'object' || consent?.purpose !== purpose) continue;
    const { at } = consent;
    const isGranted = consent.granted === true;
    if (typeof at !== 'string' || at < latestAt) continue;
    granted = at === latestAt ? granted && isGranted : isGranted;
    latestAt = at;
  }
  return granted;
}
