import type pg from 'pg';
import type { Lease } from '../changes/lease.js';
import type { Delivered } from './deliver-batch.js';
import type { Settlement } from './delivery.js';
import type { Pipe } from './pipe.js';
import { forgetRestored } from './displaced-notes.js';
import { settle } from './settle.js';
import { lookAgain, noteWaits, wakeWaiting } from './waits.js';

/**
 * Settles what is done while other calls of the round are still out: what comes in during one settle goes into the
 * next, so a slow call keeps nobody's evidence waiting. The cursor moves with the last, which waits for nobody.
 */
export class Settler {
  private settlements: Settlement[];
  private attempts: Delivered['attempt'][] = [];
  private writing: Promise<void> = Promise.resolve();
  private isWriting = false;
  private failure: unknown;

  constructor(
    private readonly pool: pg.Pool,
    private readonly lease: Lease,
    private readonly pipe: Pick<Pipe, 'mapping' | 'mappingVersion' | 'undone' | 'isWaitedFor' | 'wake'>,
    /** Answered without a call. */
    settlements: readonly Settlement[],
    private callsOut: number,
  ) {
    this.settlements = [...settlements];
  }

  /** What came of one call. */
  add(settlements: readonly Settlement[], attempt?: Delivered['attempt']): void {
    this.callsOut -= 1;
    this.settlements.push(...settlements);
    if (!attempt) return;
    this.attempts.push(attempt);
    if (this.callsOut > 0 && !this.isWriting) this.writing = this.writeAll();
    this.writing.catch((error: unknown) => (this.failure ??= error)); // finish() throws it
  }

  /** @throws what a write threw: what went under with it must not be passed over by a later one */
  assertTaken(): void {
    if (this.failure !== undefined) throw this.failure as Error;
  }

  async finish(cursor: bigint, answered: readonly string[]): Promise<void> {
    await this.writing;
    this.assertTaken();
    await this.write(cursor, answered);
  }

  private async writeAll(): Promise<void> {
    this.isWriting = true;
    try {
      // The turn of the event loop lets calls that ended together share one statement.
      await new Promise((resolve) => setImmediate(resolve));
      await this.write(this.lease.cursor);
    } finally {
      this.isWriting = false;
    }
  }

  private async write(cursor: bigint, answered: readonly string[] = []): Promise<void> {
    this.assertTaken();
    const { settlements, attempts } = this;
    const isNothing = settlements.length + attempts.length + answered.length === 0;
    if (isNothing && cursor === this.lease.cursor) return;
    this.settlements = [];
    this.attempts = [];
    const { mapping, mappingVersion, undone, isWaitedFor, wake } = this.pipe;
    await noteWaits(this.pool, mapping.name, settlements);
    await settle(this.pool, this.lease, mappingVersion, settlements, attempts, cursor, answered);
    await forgetRestored(this.pool, mapping.name, undone, settlements);
    const woken = await lookAgain(this.pool, mapping.name, settlements);
    if (isWaitedFor || settlements.some(holdsKey))
      woken.push(...(await wakeWaiting(this.pool, mapping.name, settlements)));
    if (woken.length > 0) wake(woken);
  }
}

/** Another record may wait for the key that this one has at the target, or had. */
function holdsKey({ taken, targetKey }: Settlement): boolean {
  const held = targetKey ?? taken.previous?.targetKey ?? taken.key;
  return held !== taken.key;
}
