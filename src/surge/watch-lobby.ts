import { setTimeout as pause } from 'node:timers/promises';
import type { Operator } from './operator.js';
import type { Sample } from './sample.js';

/** Between two looks, however long the run is: a peak that should not be must not fall between them. */
const EVERY_MS = 500;

type Figures = Omit<Sample, 'atMs'>;

/** Looks at the lobby's own figures again and again until it is stopped. */
export class LobbyWatch {
  readonly samples: Sample[] = [];
  private isOver = false;
  private readonly watching: Promise<void>;

  constructor(
    private readonly operator: Operator,
    private readonly event: string,
    private readonly nowMs: () => number,
  ) {
    this.watching = this.watch();
  }

  async stop(): Promise<void> {
    this.isOver = true;
    await this.watching;
  }

  /**
   * Slots held of those that could have been, while somebody present waited and the minute had room.
   * @param fromMs when the lobby opened
   */
  use(maxActive: number, maxPerMinute: number, fromMs: number): number | null {
    let [held, could] = [0, 0];
    this.samples.forEach(({ atMs, active, present, releasedLastMinute }, i) => {
      const ms = (this.samples[i + 1]?.atMs ?? atMs) - atMs;
      if (atMs < fromMs || present === 0 || releasedLastMinute >= maxPerMinute) return;
      held += active * ms;
      could += Math.min(maxActive, active + present) * ms;
    });
    return could === 0 ? null : held / could;
  }

  private async watch(): Promise<void> {
    while (!this.isOver) {
      const askedMs = this.nowMs();
      // An instance that cannot answer now is in the visitors' figures; here a look is missing.
      const figures = await this.operator
        .read<Figures>(`/v1/events/${this.event}/lobby/figures`)
        .catch(() => null);
      if (figures) {
        const { active, releasedLastMinute, waiting, present, issued, called } = figures;
        const atMs = this.nowMs();
        this.samples.push({ atMs, active, releasedLastMinute, waiting, present, issued, called });
      }
      await pause(Math.max(0, askedMs + EVERY_MS - this.nowMs()));
    }
  }
}
