/**
 * Reads back what the calls of a round wrote. Where a call writes fewer records than one read tells of, several calls
 * share a read: it begins when half of what it may ask for is there, when no call of the round is left to begin, and
 * `TOGETHER_MS` after the first of them in any case, whatever the other calls wait for.
 */
import type { Write } from './decide.js';
import { delivered, type Delivered, type Sent } from './deliver-batch.js';
import { callSignal, type Delivering } from './delivering.js';
import { compare, gone, type Verdict } from './verify.js';

const TOGETHER_MS = 100;
const FULL_SHARE = 1 / 2;

interface Told {
  readonly write: Write;
  readonly targetId: string | null;
}

export class ReadBacks {
  private readonly max: number;
  private waiting: Sent[] = [];
  private told: Told[] = [];
  private timer: NodeJS.Timeout | undefined;
  /** Reads that no call of the round waits for: one after the other, beside the calls. */
  private aside: Promise<void> = Promise.resolve();

  constructor(
    private readonly by: Delivering,
    private readonly done: (delivered: Delivered) => void,
  ) {
    this.max = by.connector.readBackMax(by.target);
  }

  /**
   * Resolves at once where other calls of the round may share the read, else when it is read.
   * @param isLast whether no call of the round is left to begin
   */
  async add(sent: Sent, isLast: () => boolean): Promise<void> {
    const told = this.max === 0 ? [] : writtenBy(sent);
    if (told.length === 0) this.done(delivered(sent, new Map(), this.by));
    else {
      this.waiting.push(sent);
      this.told.push(...told);
    }
    if (this.told.length >= this.max * FULL_SHARE || isLast()) await this.readNow();
    else if (this.waiting.length > 0) this.timer ??= setTimeout(() => this.readAside(), TOGETHER_MS);
  }

  /** @throws what a read threw that no call waited for */
  async end(): Promise<void> {
    await this.aside;
    await this.readNow();
  }

  stop(): void {
    clearTimeout(this.timer);
  }

  private readAside(): void {
    this.timer = undefined;
    this.aside = this.aside.then(() => this.readNow());
    this.aside.catch(() => undefined); // end() throws it
  }

  private async readNow(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    const { waiting, told } = this;
    if (waiting.length === 0) return;
    this.waiting = [];
    this.told = [];
    const leave = await this.by.calls.enter(this.by.lost);
    try {
      const verdicts = await this.read(told);
      for (const sent of waiting) this.done(delivered(sent, verdicts, this.by));
    } finally {
      leave();
    }
  }

  /** In one call, without search, what the backend says it wrote; in several where it is too much for one. */
  private async read(told: readonly Told[]): Promise<ReadonlyMap<Write, Verdict>> {
    const { by, max } = this;
    const { connector, target, calls } = by;
    const verdicts = new Map<Write, Verdict>();
    for (let i = 0; i < told.length; i += max) {
      const turn = await calls.open(by.lost, by.assertMine);
      // What may not be read now is read later, as a record that waits to be looked at again.
      if (typeof turn !== 'function') {
        told.slice(i).forEach(({ write }) => verdicts.set(write, { kind: 'unread' }));
        break;
      }
      const part = told.slice(i, i + max);
      const keys = part.map(({ write, targetId }) => ({ key: write.key, targetId }));
      const options = { signal: callSignal(by), turn };
      const { records, failure } = await connector.readBack(target, keys, fieldsOf(part), options);
      calls.heardRead(target, failure);
      part.forEach(({ write }, n) => {
        const stored = records[n];
        verdicts.set(
          write,
          write.isRemoval ? gone(stored) : compare(connector, target, write.fields, stored),
        );
      });
    }
    return verdicts;
  }
}

function writtenBy({ batch, result }: Sent): Told[] {
  return batch.writes.flatMap((write, i) => {
    const outcome = result.outcomes[i]!;
    if (outcome.kind !== 'written' && outcome.kind !== 'unchanged') return [];
    return [{ write, targetId: outcome.targetId }];
  });
}

function fieldsOf(told: readonly Told[]): readonly string[] {
  const names = new Set<string>();
  for (const { write } of told) for (const name of Object.keys(write.fields)) names.add(name);
  return [...names];
}
