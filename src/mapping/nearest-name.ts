/** The name that was most likely meant, or null where none is near enough to be a help. */
export function nearestName(wrong: string, names: Iterable<string>): string | null {
  const wanted = wrong.toLowerCase();
  const distanceMax = Math.max(1, Math.floor(wrong.length / 3));
  let nearest: string | null = null;
  let least = distanceMax + 1;
  for (const name of names) {
    const distance = editDistance(wanted, name.toLowerCase(), least);
    if (distance >= least) continue;
    least = distance;
    nearest = name;
  }
  return nearest;
}

/** Levenshtein with neighbouring swaps counted as one; gives up once it must reach `limit`. */
function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit;
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = last[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      const isSwapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swap = isSwapped ? beforeLast[j - 2]! + 1 : limit;
      row[j] = Math.min(last[j]! + 1, row[j - 1]! + 1, substitution, swap);
    }
    if (Math.min(...row) >= limit) return limit;
    beforeLast = last;
    last = row;
  }
  return last[b.length]!;
}
