import type { Visit } from './visit.js';

/** Pairs of visitors of whom it is certain who came first, and who was let in first. */
export interface Fairness {
  readonly pairs: number;
  /** Who came second was let in first. */
  readonly inverted: number;
  /** Of these pairs, the share let in in the order in which they came: 1 where nobody got past another. */
  readonly inOrderShare: number | null;
}

/** When somebody came and was let in, each to between a question and its answer. */
interface Turn {
  readonly cameFromMs: number;
  readonly cameToMs: number;
  readonly letInFromMs: number;
  readonly letInToMs: number;
}

/**
 * Whoever was let in, in line or straight through, is compared with everybody else who was; of 100,000 these are five
 * thousand million pairs, so they are counted by sorted sums. Those who went away while they waited are left out: they
 * are called when they are back.
 *
 * In the order in which people came, each is met by all who had surely come before. Of these, those who were surely let
 * in before make pairs in order, those who were surely let in after make inverted ones.
 */
export function judgeFairness(visits: readonly Visit[]): Fairness {
  const turns = visits.flatMap((visit) => turnOf(visit) ?? []);
  const coming = turns.toSorted((a, b) => a.cameFromMs - b.cameFromMs);
  const come = turns.toSorted((a, b) => a.cameToMs - b.cameToMs);
  const before = new SortedCounts(turns.map(({ letInToMs }) => letInToMs));
  const after = new SortedCounts(turns.map(({ letInFromMs }) => letInFromMs));
  let [met, inOrder, inverted] = [0, 0, 0];
  for (const one of coming) {
    for (; come[met]!.cameToMs < one.cameFromMs; met++) {
      before.add(come[met]!.letInToMs);
      after.add(come[met]!.letInFromMs);
    }
    inOrder += before.below(one.letInFromMs);
    inverted += met - after.upTo(one.letInToMs);
  }
  const pairs = inOrder + inverted;
  return { pairs, inverted, inOrderShare: pairs === 0 ? null : inOrder / pairs };
}

function turnOf(visit: Visit): Turn | null {
  const { joinAskedMs, joinedMs, uncalledMs, passMs, wasAway, isStraight } = visit;
  if (joinAskedMs === null || joinedMs === null || wasAway) return null;
  const came = { cameFromMs: joinAskedMs, cameToMs: joinedMs };
  if (isStraight) return { ...came, letInFromMs: joinAskedMs, letInToMs: joinedMs };
  const letInFromMs = uncalledMs ?? joinAskedMs;
  return passMs === null || passMs < letInFromMs ? null : { ...came, letInFromMs, letInToMs: passMs };
}

/** How many of the values added so far are below another: sums over a tree of ranks (Fenwick). */
class SortedCounts {
  private readonly values: readonly number[];
  private readonly sums: number[];

  constructor(values: readonly number[]) {
    this.values = values.toSorted((a, b) => a - b);
    this.sums = new Array<number>(values.length + 1).fill(0);
  }

  add(value: number): void {
    for (let at = this.rankOf(value, false) + 1; at < this.sums.length; at += at & -at) this.sums[at]!++;
  }

  below(value: number): number {
    return this.sum(this.rankOf(value, false));
  }

  upTo(value: number): number {
    return this.sum(this.rankOf(value, true));
  }

  private sum(rank: number): number {
    let sum = 0;
    for (let at = rank; at > 0; at -= at & -at) sum += this.sums[at]!;
    return sum;
  }

  /** How many of all values are below this one, or as high. */
  private rankOf(value: number, isOrEqual: boolean): number {
    let [low, high] = [0, this.values.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const isBefore = isOrEqual ? this.values[middle]! <= value : this.values[middle]! < value;
      if (isBefore) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
