/** While people stand at the front, a slot that becomes free shall not wait; otherwise nothing hurries. */
const PACE_MS = { atTheFront: 20, otherwise: 50 };
/** Looking counts every slot that is held. With thousands held it takes long, and may take a tenth of the time. */
const BETWEEN_LOOKS = 9;
export const LOOK_MS_MAX = 250;

/** @returns how long after a round over the lines, which took so long, the releaser looks again */
export function untilNextLookMs(isAnyoneAtTheFront: boolean, tookMs: number): number {
  const pace = isAnyoneAtTheFront ? PACE_MS.atTheFront : PACE_MS.otherwise;
  return Math.min(LOOK_MS_MAX, Math.max(pace, tookMs * BETWEEN_LOOKS));
}
