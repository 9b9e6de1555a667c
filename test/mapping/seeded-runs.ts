import { seeded } from '../support/seeded.js';
import { isFound } from './seeded-answers.js';
import { checkFile, goodFile } from './seeded-files.js';
import { mistakes } from './seeded-mistakes.js';

/** The diagnostics of good files: there must be none. */
export function goodFilesAreLeftAlone(count: number): string[] {
  return Array.from({ length: count }, (_, seed) => goodFile(seeded(seed + 1))).flatMap((text) =>
    checkFile(text).map(({ code, line, sourceLine }) => `${code} at line ${line}: ${sourceLine}`),
  );
}

export interface Planted {
  readonly planted: number;
  /** The kinds that were not found by the right code at the right line, with the seed that shows it. */
  readonly missed: readonly { readonly kind: string; readonly seed: number }[];
}

/** Plants mistakes, each into a good file of its own, the kinds in turn. */
export function shareOfMistakesFound(count: number): Planted {
  const missed: { kind: string; seed: number }[] = [];
  let planted = 0;
  for (let seed = 1; planted < count; seed++) {
    const random = seeded(seed);
    const { kind, plant } = mistakes[seed % mistakes.length]!;
    const text = goodFile(random);
    const broken = plant(text, random);
    if (broken === null || broken === text) continue;
    planted++;
    if (!isFound(kind, text, broken, checkFile(broken))) missed.push({ kind, seed });
  }
  return { planted, missed };
}
