import { type AskName, ASKS, type Told } from './door.js';
import { Histogram } from './histogram.js';

/** What is an answer of the lobby rather than a fault. */
const IN_ORDER: Readonly<Record<AskName, readonly string[]>> = {
  register: ['lobby-required', 'pass-expired', 'event-full'],
  join: [],
  status: [],
  checkIn: ['conflict', 'gone'],
  pass: ['pass-spent'],
  leave: [],
};

export interface Latency {
  readonly ask: AskName;
  readonly count: number;
  readonly meanMs: number;
  readonly p50Ms: number;
  readonly p90Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

export interface ErrorCount {
  readonly ask: AskName;
  readonly status: number;
  readonly code: string;
  readonly count: number;
}

/** Everything that was asked, in figures. */
export class AskLog {
  private readonly latency = new Map<AskName, Histogram>(ASKS.map((ask) => [ask, new Histogram()]));
  private readonly lateness = new Histogram();
  private readonly errors = new Map<string, { ask: AskName; status: number; code: string; count: number }>();

  /** @param isCheat what a cheat is refused is no error; that a server breaks under it is one all the same */
  note(ask: AskName, told: Told, ms: number, isCheat = false): void {
    this.latency.get(ask)!.add(ms);
    const { status } = told;
    if (status >= 200 && status < 300) return;
    if (isCheat && status > 0 && status < 500) return;
    const code = told.code ?? (status === 0 ? 'no-answer' : 'unknown');
    if (IN_ORDER[ask].includes(code)) return;
    const key = `${ask} ${status} ${code}`;
    const known = this.errors.get(key);
    if (known) known.count++;
    else this.errors.set(key, { ask, status, code, count: 1 });
  }

  /** How much later than it was due something is asked: the load generator's own share. */
  late(ms: number): void {
    this.lateness.add(ms);
  }

  get asked(): number {
    return [...this.latency.values()].reduce((sum, { count }) => sum + count, 0);
  }

  latencies(): Latency[] {
    return [...this.latency].flatMap(([ask, histogram]) =>
      histogram.count === 0 ? [] : [{ ask, ...figuresOf(histogram) }],
    );
  }

  lag(): Omit<Latency, 'ask'> {
    return figuresOf(this.lateness);
  }

  errorCounts(): ErrorCount[] {
    return [...this.errors.values()].sort((a, b) => b.count - a.count || (a.code < b.code ? -1 : 1));
  }
}

function figuresOf(histogram: Histogram): Omit<Latency, 'ask'> {
  const at = (share: number): number => round(histogram.percentile(share));
  return {
    count: histogram.count,
    meanMs: round(histogram.mean),
    p50Ms: at(0.5),
    p90Ms: at(0.9),
    p99Ms: at(0.99),
    maxMs: at(1),
  };
}

function round(ms: number): number {
  return Math.round(ms * 10) / 10;
}
