/** How a long answer is told, for those who give it and those who ask for it. */
export const LINES = 'application/x-ndjson';

/** How far it is: so many are done, of so many; null while nobody knows of how many. */
export interface Progress {
  readonly done: number;
  readonly of: number | null;
}

/** A line of a long answer; the last one holds the answer or the problem. */
export type LongLine<T> =
  { readonly progress: Progress } | { readonly answer: T } | { readonly problem: object };
