import type { Operator } from './operator.js';
import type { Sample } from './sample.js';

interface Figures {
  readonly active: number;
  readonly releasedLastMinute: number;
  readonly waiting: number;
  readonly present: number;
  readonly issued: number;
  readonly called: number;
}

/** Looks at the lobby's own figures again and again until it is stopped. */
export class LobbyWatch {
  readonly samples: Sample[] = [];
  private isOver = false;
  private readonly watching: Promise<void>;

  constructor(
    private readonly operator: Operator,
    private readonly event: string,
    private readonly everyMs: number,
    private readonly nowMs: () => number,
  ) {
    this.watching = this.watch();
  }

  async stop(): Promise<void> {
    this.isOver = true;
    await this.watching;
  }

  /** Slots held of those that could have been, while somebody present waited and the minute had room. @param fromMs when the lobby opened */
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
        this.samples.push({
          atMs: this.nowMs(),
          active,
          releasedLastMinute,
          waiting,
          present,
          issued,
          called,
        });
      }
      await pause(Math.max(0, askedMs + this.everyMs - this.nowMs()));
    }
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
