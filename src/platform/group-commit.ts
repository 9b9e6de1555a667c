/**
 * What arrives while a batch is under way forms the next batch: no added wait when little happens, one commit for
 * many when much does. Order is the order of arrival, except that of two items which share a key (an e-mail, an
 * idempotency key) the second waits for the batch after, where it finds what became of the first.
 */
export class GroupCommit<Item, Result> {
  private waiting: { item: Item; resolve: (result: Result) => void; reject: (reason: unknown) => void }[] =
    [];
  private underWay = false;

  /**
   * @param flush writes a batch and gives for each item its result or its error, or throws for the whole
   * @param keysOf items that share one of these never stand in one batch
   * @param sizeFor how many go together where so many wait; always one or more
   */
  constructor(
    private readonly flush: (items: Item[]) => Promise<(Result | Error)[]>,
    private readonly keysOf: (item: Item) => readonly string[],
    private readonly sizeFor: (waiting: number) => number,
    private readonly waitingMax: number,
    private readonly refusal: () => Error,
  ) {}

  submit(item: Item): Promise<Result> {
    if (this.waiting.length >= this.waitingMax) return Promise.reject(this.refusal());
    return new Promise((resolve, reject) => {
      this.waiting.push({ item, resolve, reject });
      if (this.underWay) return;
      this.underWay = true;
      // What the same turn of the event loop brings in still comes along.
      setImmediate(() => void this.work());
    });
  }

  private async work(): Promise<void> {
    while (this.waiting.length > 0) {
      const batch = this.take();
      try {
        const results = await this.flush(batch.map(({ item }) => item));
        batch.forEach(({ resolve, reject }, i) => {
          const result = results[i]!;
          if (result instanceof Error) reject(result);
          else resolve(result);
        });
      } catch (reason) {
        for (const { reject } of batch) reject(reason);
      }
    }
    this.underWay = false;
  }

  private take(): typeof this.waiting {
    const batch: typeof this.waiting = [];
    const later: typeof this.waiting = [];
    const taken = new Set<string>();
    const size = this.sizeFor(this.waiting.length);
    let seen = 0;
    for (const entry of this.waiting) {
      if (batch.length >= size) break;
      seen++;
      const keys = this.keysOf(entry.item);
      if (keys.some((key) => taken.has(key))) later.push(entry);
      else batch.push(entry);
      // Also what has to wait bars those behind it, so that nobody overtakes.
      for (const key of keys) taken.add(key);
    }
    this.waiting = later.concat(this.waiting.slice(seen));
    return batch;
  }
}
