/** One part of a multipart body. */
export interface Part {
  headers: Record<string, string>;
  content: string;
}

/** The boundary that a Content-Type names. */
export function boundaryOf(contentType: string): string | undefined {
  const found = /^multipart\/mixed\s*;.*?boundary\s*=\s*(?:"([^"]+)"|([^;\s]+))/i.exec(contentType);
  return found?.[1] ?? found?.[2];
}

/** Undefined: the body is not closed by its boundary. */
export function partsOf(body: string, boundary: string): Part[] | undefined {
  const mark = `--${boundary}`;
  const parts: Part[] = [];
  let at = lineStart(body, mark, 0);
  while (at >= 0) {
    const afterMark = at + mark.length;
    if (body.startsWith('--', afterMark)) return parts;
    const from = body.indexOf('\n', afterMark) + 1;
    const next = lineStart(body, mark, afterMark);
    if (from === 0 || next < 0) return undefined;
    parts.push(partOf(body.slice(from, next).replace(/\r?\n$/, '')));
    at = next;
  }
  return undefined;
}

/** Header lines, an empty line, the rest. */
export function partOf(text: string): Part {
  const gap = /\r?\n\r?\n/.exec(text);
  const head = gap === null ? text : text.slice(0, gap.index);
  const content = gap === null ? '' : text.slice(gap.index + gap[0].length);
  return { headers: headersOf(head.split(/\r?\n/)), content };
}

export function headersOf(lines: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    lines
      .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)] as const)
      .filter(([name]) => name !== '')
      .map(([name, value]) => [name.trim().toLowerCase(), value.trim()]),
  );
}

/** Where a line begins with `mark`, and with nothing that would make it another one. */
function lineStart(body: string, mark: string, from: number): number {
  for (let at = body.indexOf(mark, from); at >= 0; at = body.indexOf(mark, at + 1)) {
    const isAtLineStart = at === 0 || body[at - 1] === '\n';
    const next = body[at + mark.length];
    if (isAtLineStart && (next === undefined || '\r\n- \t'.includes(next))) return at;
  }
  return -1;
}
