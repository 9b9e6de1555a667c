import { isISO31661Alpha2 } from 'class-validator';

const LETTERS = Array.from('ABCDEFGHIJKLMNOPQRSTUVWXYZ');
const CODES = LETTERS.flatMap((a) => LETTERS.map((b) => a + b)).filter((c) => isISO31661Alpha2(c));

const known = new Map<string, (readonly [code: string, name: string])[]>();

/** Every country by ISO 3166-1 with its name in the language, in that language's order. */
export function countriesIn(language: string): readonly (readonly [code: string, name: string])[] {
  const found = known.get(language);
  if (found) return found;
  const names = new Intl.DisplayNames(language, { type: 'region' });
  const { compare } = new Intl.Collator(language);
  const list = CODES.map((code) => [code, names.of(code) ?? code] as const).sort((a, b) =>
    compare(a[1], b[1]),
  );
  known.set(language, list);
  return list;
}
