const SUB_BUCKETS = 64;
const PER_MS = 100;

/** Counts times in buckets at most 1.6 % wide: a million of them cost no more than ten. */
export class Histogram {
  private readonly counts: number[] = [];
  private max = 0;
  private total = 0;
  count = 0;

  add(ms: number): void {
    const value = Math.max(0, ms);
    const bucket = bucketOf(Math.round(value * PER_MS));
    this.counts[bucket] = (this.counts[bucket] ?? 0) + 1;
    this.max = Math.max(this.max, value);
    this.total += value;
    this.count++;
  }

  get mean(): number {
    return this.count === 0 ? 0 : this.total / this.count;
  }

  /** The upper end of the bucket in which this share of the times is reached; 0 where there are none. */
  percentile(share: number): number {
    const wanted = Math.ceil(this.count * share);
    let seen = 0;
    for (const [bucket, n] of Object.entries(this.counts)) {
      seen += n;
      if (seen >= wanted) return Math.min(this.max, upperOf(Number(bucket)) / PER_MS);
    }
    return this.max;
  }
}

/** Values below twice the sub-buckets are exact; above, each power of two has so many buckets. */
function bucketOf(value: number): number {
  if (value < 2 * SUB_BUCKETS) return value;
  const shift = Math.floor(Math.log2(value / SUB_BUCKETS));
  return shift * SUB_BUCKETS + Math.floor(value / 2 ** shift);
}

function upperOf(bucket: number): number {
  if (bucket < 2 * SUB_BUCKETS) return bucket;
  const shift = Math.floor(bucket / SUB_BUCKETS) - 1;
  return (bucket - shift * SUB_BUCKETS + 1) * 2 ** shift - 1;
}
