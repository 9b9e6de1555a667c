import { isIPv6 } from 'node:net';
import { Problem } from './problem.js';

const WINDOW_MS = 60_000;
const CALLERS_MAX = 50_000;

interface Bucket {
  /** Requests that may still come at once. */
  left: number;
  /** On the monotonic clock. */
  filledAt: number;
}

/**
 * How many requests a caller may send in a minute: a bucket that holds a minute's worth and fills steadily. Counted in
 * this process, so a caller of several replicas has as many more; no request waits for a look elsewhere.
 */
export class RateLimits {
  private readonly buckets = new Map<string, Bucket>();

  /** @param perMinute 0: without limit */
  constructor(private readonly perMinute: number) {}

  /** @throws Problem 429 where the caller has none left */
  spend(caller: string): void {
    if (this.perMinute === 0) return;
    const now = performance.now();
    const bucket = this.bucketOf(caller, now);
    bucket.left = Math.min(
      this.perMinute,
      bucket.left + ((now - bucket.filledAt) / WINDOW_MS) * this.perMinute,
    );
    bucket.filledAt = now;
    if (bucket.left < 1) throw limited(this.perMinute, bucket.left);
    bucket.left -= 1;
  }

  private bucketOf(caller: string, now: number): Bucket {
    const known = this.buckets.get(caller);
    if (known) return known;
    if (this.buckets.size >= CALLERS_MAX) this.forget(now);
    const bucket = { left: this.perMinute, filledAt: now };
    this.buckets.set(caller, bucket);
    return bucket;
  }

  /** Whoever has been away for a window has a full bucket: forgetting it changes nothing. */
  private forget(now: number): void {
    for (const [caller, { filledAt }] of this.buckets)
      if (now - filledAt >= WINDOW_MS) this.buckets.delete(caller);
    if (this.buckets.size >= CALLERS_MAX) this.buckets.clear();
  }
}

/** An address of IPv6 is one of very many that its holder has: they count by their network. */
export function callerOfAddress(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined || !isIPv6(address)) return mapped ?? address;
  const [head = '', tail = ''] = address.split('::');
  const before = head.split(':').filter(Boolean);
  const after = tail.split(':').filter(Boolean);
  const missing = address.includes('::') ? 8 - before.length - after.length : 0;
  return [...before, ...Array<string>(missing).fill('0'), ...after].slice(0, 4).join(':');
}

/** The fields of draft-ietf-httpapi-ratelimit-headers. */
function limited(perMinute: number, left: number): Problem {
  const seconds = Math.max(1, Math.ceil(((1 - left) / perMinute) * (WINDOW_MS / 1000)));
  return new Problem('rate-limited', `At most ${perMinute} requests a minute are taken from one caller.`, {
    headers: {
      'retry-after': String(seconds),
      ratelimit: `"public";r=0;t=${seconds}`,
      'ratelimit-policy': `"public";q=${perMinute};w=${WINDOW_MS / 1000}`,
    },
  });
}
