import { isScalar, LineCounter, parseDocument, type Document, type Node } from 'yaml';
import type { DestinationSettings } from './destinations.js';

/** From a destination's name down to a setting. */
export type SettingPath = readonly (string | number)[];

/** A part of a text: its characters from `start` to `end`. */
export interface PartOfText {
  readonly text: string;
  readonly start: number;
}

/**
 * What is wrong with the settings of one destination, each fault with file, line and column where it stands in a file.
 * No fault shows a line of the file or a value: either may be a secret.
 */
export class SettingsFaults {
  readonly found: string[] = [];
  private readonly lines = new LineCounter();
  private document: Document.Parsed | null = null;

  constructor(private readonly destination: DestinationSettings) {}

  /** @param part where in a text it is, as the text stands in the file */
  note(path: SettingPath, message: string, part?: PartOfText): void {
    const place = this.placeOf(path, part);
    this.found.push(place === null ? message : `${place} ${message}`);
  }

  /** A setting as the file has it, before the environment has filled it; undefined where there is no file. */
  written(path: SettingPath): unknown {
    const node = this.nodeAt(path);
    return isScalar(node) ? node.value : undefined;
  }

  private placeOf(path: SettingPath, part: PartOfText | undefined): string | null {
    const { source } = this.destination;
    if (!source) return null;
    // What is missing is shown at the nearest part that is there.
    for (let length = path.length; length >= 0; length--) {
      const node = this.nodeAt(path.slice(0, length));
      if (!node?.range) continue;
      const [start, end] = node.range;
      const within = part && length === path.length ? source.text.slice(start, end).indexOf(part.text) : -1;
      const { line, col } = this.lines.linePos(within < 0 ? start : start + within + part!.start);
      return `${source.file}:${line}:${col}`;
    }
    return source.file;
  }

  private nodeAt(path: SettingPath): Node | null {
    const { source, name } = this.destination;
    if (!source) return null;
    this.document ??= parseDocument(source.text, { lineCounter: this.lines });
    return (this.document.getIn([name, ...path], true) ?? null) as Node | null;
  }
}
