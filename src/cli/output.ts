/** Where a command writes: plain text for pipes, colour for a terminal. Results go to stdout, the rest to stderr. */
import type { Palette } from '../mapping/render-diagnostic.js';

export interface Stream {
  readonly isTTY?: boolean;
  write(text: string): unknown;
  /** Knows NO_COLOR and the terminal. */
  hasColors?(): boolean;
}

export interface Palettes extends Palette {
  readonly good: (text: string) => string;
}

export interface Output {
  readonly colour: Palettes;
  readonly line: (text?: string) => void;
  readonly json: (value: unknown) => void;
  readonly problem: (text: string) => void;
  /** How far something is, on a terminal only: one line, that what is written next takes the place of. */
  readonly progress: (text: string) => void;
}

export function outputTo(stdout: Stream, stderr: Stream): Output {
  const isColoured = stdout.isTTY === true && stdout.hasColors?.() === true;
  let isUnderWay = false;
  const write = (stream: Stream, text: string): void => {
    if (isUnderWay) stderr.write(ERASED);
    isUnderWay = false;
    stream.write(`${text}\n`);
  };
  return {
    colour: isColoured ? ansi : plain,
    line: (text = '') => write(stdout, text),
    json: (value) => write(stdout, JSON.stringify(value, null, 2)),
    problem: (text) => write(stderr, text),
    progress: (text) => {
      if (stderr.isTTY !== true) return;
      isUnderWay = true;
      stderr.write(`${ERASED}${text}`);
    },
  };
}

/** To the line's beginning, and nothing behind it. */
const ERASED = '\r\u001b[K';

const plain: Palettes = { error: same, warning: same, strong: same, faint: same, good: same };

const ansi: Palettes = {
  error: wrap(31),
  warning: wrap(33),
  strong: wrap(1),
  faint: wrap(2),
  good: wrap(32),
};

function same(text: string): string {
  return text;
}

function wrap(code: number): (text: string) => string {
  return (text) => `\u001b[${code}m${text}\u001b[0m`;
}
