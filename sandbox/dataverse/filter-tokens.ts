import { unknown } from './errors.js';

export interface Token {
  kind: 'word' | 'text' | 'sign';
  text: string;
  at: number;
}

const TOKEN = /\s*(?:'((?:[^']|'')*)'|([(),=[\]])|([^\s(),='[\]]+))/y;

/** The words, texts and signs of a `$filter`. A quote inside a text is doubled. */
export function tokensOf(source: string): Token[] {
  const tokens: Token[] = [];
  const end = source.trimEnd().length;
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < end) {
    const from = TOKEN.lastIndex;
    const found = TOKEN.exec(source);
    if (found === null)
      throw unknown(400, `There is an unterminated literal at position ${from} in the query.`);
    const [, text, sign, word] = found;
    const kind = text !== undefined ? 'text' : sign !== undefined ? 'sign' : 'word';
    tokens.push({ kind, text: text?.replaceAll("''", "'") ?? sign ?? word!, at: from });
  }
  return tokens;
}
