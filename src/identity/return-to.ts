const CHARACTERS_MAX = 2_000;
const NOWHERE = 'http://foyer.invalid';
/** Browsers drop tabs and line feeds inside addresses and read a backslash as a slash. */
const TREACHEROUS = /[\u0000-\u0020\u007f-\u009f\\\u2028\u2029]/;

/**
 * Where a login leads back to: a path of ours, or null. What a browser would make of it decides, not how it looks;
 * the answer is the normalised path, never the text that was given.
 */
export function returnPath(given: unknown): string | null {
  if (typeof given !== 'string' || given.length > CHARACTERS_MAX || TREACHEROUS.test(given)) return null;
  if (!given.startsWith('/') || given.startsWith('//') || !URL.canParse(given, NOWHERE)) return null;
  const { origin, pathname, search, hash } = new URL(given, NOWHERE);
  // `/.//elsewhere` becomes `//elsewhere` only once it is normalised.
  if (origin !== NOWHERE || pathname.startsWith('//')) return null;
  return pathname + search + hash;
}
