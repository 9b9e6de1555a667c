/** While people stand at the front, a slot that becomes free shall not wait; otherwise nothing hurries. */
const PACE_MS = { atTheFront: 20, otherwise: 50 };
/** Looking counts every slot that is held. With thousands held it takes long, and may take a tenth of the time. */
const BETWEEN_LOOKS = 9;
/** What a look takes beyond the quickest of the last ones, it waited for others: no reason to look less often. */
const LOOKS = 8;
export const LOOK_MS_MAX = 250;

/** How often the releaser looks at its lines. */
export class LookPace {
  private readonly lastTookMs: number[] = [];

  /** @returns how long after a look at all lines, which took so long, the releaser looks again */
  untilNextMs(isAnyoneAtTheFront: boolean, tookMs: number): number {
    this.lastTookMs.push(tookMs);
    if (this.lastTookMs.length > LOOKS) this.lastTookMs.shift();
    const pace = isAnyoneAtTheFront ? PACE_MS.atTheFront : PACE_MS.otherwise;
    return Math.min(LOOK_MS_MAX, Math.max(pace, Math.min(...this.lastTookMs) * BETWEEN_LOOKS));
  }
}
