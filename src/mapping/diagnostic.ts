/** One fault in a file, told so that the reader can mend it without opening the manual. */
export interface Diagnostic {
  /** Stable, for machines and for looking it up: `unknown-attribute`, `missing-when-not`, … */
  readonly code: string;
  readonly severity: 'error' | 'warning';
  readonly file: string;
  /** 1-based, in UTF-16 units as editors count. */
  readonly line: number;
  readonly column: number;
  /** How much of the line is marked, at least 1. */
  readonly length: number;
  readonly message: string;
  /** What would have been right there. */
  readonly expected: string | null;
  /** The nearest name that exists. */
  readonly nearest: string | null;
  /** What to write instead. */
  readonly fix: string | null;
  /** The line itself, for the caret. Mapping files hold no person's data, so it may be shown. */
  readonly sourceLine: string;
}

/** Offsets into a text: first character, and the one after the last. */
export type Range = readonly [start: number, end: number];

/** What a finder of faults says about one; where it stands is added by `Faults`. */
export interface Fault {
  readonly code: string;
  readonly message: string;
  readonly severity?: 'error' | 'warning';
  readonly expected?: string | null;
  readonly nearest?: string | null;
  readonly fix?: string | null;
}

export class SourceText {
  private readonly lineStarts: number[];

  constructor(
    readonly file: string,
    readonly text: string,
  ) {
    this.lineStarts = [0];
    for (let i = text.indexOf('\n'); i !== -1; i = text.indexOf('\n', i + 1)) this.lineStarts.push(i + 1);
  }

  /** 1-based line and column of an offset. */
  position(offset: number): { line: number; column: number } {
    let low = 0;
    let high = this.lineStarts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.lineStarts[middle]! <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: offset - this.lineStarts[low]! + 1 };
  }

  lineText(line: number): string {
    return this.text.slice(this.lineStarts[line - 1], this.lineStarts[line]).replace(/\r?\n$/, '');
  }
}

/** Collects every fault of one file, so that all of them are told at once. */
export class Faults {
  readonly found: Diagnostic[] = [];

  constructor(readonly source: SourceText) {}

  add(range: Range, fault: Fault): void {
    const { line, column } = this.source.position(range[0]);
    const sourceLine = this.source.lineText(line);
    const length = Math.max(1, Math.min(range[1] - range[0], sourceLine.length - column + 1));
    this.found.push({
      code: fault.code,
      severity: fault.severity ?? 'error',
      file: this.source.file,
      line,
      column,
      length,
      message: fault.message,
      expected: fault.expected ?? null,
      nearest: fault.nearest ?? null,
      fix: fault.fix ?? (fault.nearest ? `write ${fault.nearest}` : null),
      sourceLine,
    });
  }
}

export function inFileOrder(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  return [...diagnostics].sort(
    (a, b) =>
      compareText(a.file, b.file) || a.line - b.line || a.column - b.column || compareText(a.code, b.code),
  );
}

export function hasErrors(diagnostics: readonly Diagnostic[]): boolean {
  return diagnostics.some((diagnostic) => diagnostic.severity === 'error');
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
