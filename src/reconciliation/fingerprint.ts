const HIGH = 2 ** 32;

/**
 * A text as a whole number from 1 to 2^53 - 1, by two multiplicative hashes of its characters: ten times as fast as a
 * digest made anew for each of a hundred thousand short texts. Against chance, not against anybody who wants two texts
 * to be taken for one.
 */
export function fingerprint(text: string): number {
  let low = 0x811c9dc5;
  let high = 0x9e3779b9;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    low = Math.imul(low ^ code, 0x01000193);
    high = Math.imul(high ^ code, 0x85ebca6b);
    high ^= high >>> 13;
  }
  low = Math.imul(low ^ (low >>> 16), 0xc2b2ae35);
  return Math.max(1, (high >>> 11) * HIGH + (low >>> 0));
}
