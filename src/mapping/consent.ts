import { attribute, type Frame } from './value.js';

/**
 * The latest word on a purpose decides. At one and the same time a withdrawal wins, so that the order of the list
 * never matters and doubt never sends.
 */
export function isConsentGranted(frame: Frame, purpose: string): boolean {
  const consents = attribute(frame.snapshot, 'consents');
  if (!Array.isArray(consents)) return false;
  frame.spend(consents.length);
  let latestAt = '';
  let granted = false;
  for (const consent of consents as unknown[]) {
    if (typeof consent !== 'object' || consent === null || attribute(consent, 'purpose') !== purpose)
      continue;
    const at = attribute(consent, 'at');
    const isGranted = attribute(consent, 'granted') === true;
    if (typeof at !== 'string' || at < latestAt) continue;
    granted = at === latestAt ? granted && isGranted : isGranted;
    latestAt = at;
  }
  return granted;
}
