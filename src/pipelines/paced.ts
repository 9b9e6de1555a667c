/**
 * How much goes out in one round where calls are spaced. There a call is dear and nothing is won by haste:
 * 1. a round ends soon: what is read is out of date by the time of its turn, and what was announced and not sent yet
 *    has to be written and looked at again should the worker die;
 * 2. what would not fill a call waits for the next round, as long as full ones go out;
 * 3. more is read than goes out, so that several changes of one record become one write.
 * What is left stays where it was: in the log, behind the cursor, or due.
 */
import type { Write } from './decide.js';

/** A round's writes and read-backs take about so long, all lanes calling in turn. */
const ROUND_MS = 1_000;
const CALLS_A_BATCH = 2;
/** For each record that goes out so many changes are read. */
const READ_AHEAD = 8;
/** Of a round that much is for what was asked for again: what happens now is not to wait behind a replay. */
export const ASKED_SHARE = 1 / 4;

/** The most that is read for one round, and the most that is sent of it. */
export interface RoundSize {
  readonly changes: number;
  readonly batches: number;
  /** Whether it is sent to learn if the destination works again. */
  readonly isTrial?: boolean;
}

/**
 * @param gapMs between two calls; 0: none
 * @param roundMax changes that a round reads in any case at most
 */
export function roundSize(gapMs: number, lanes: number, batchMax: number, roundMax: number): RoundSize {
  if (gapMs === 0) return { changes: roundMax, batches: Infinity };
  const batches = Math.max(1, Math.ceil(ROUND_MS / (gapMs * CALLS_A_BATCH * lanes)));
  return { changes: Math.min(roundMax, batches * batchMax * READ_AHEAD), batches };
}

/** Which of the writes go out now, in their order: whole batches of them, or all where they do not fill one. */
export function goingNow(writes: readonly Write[], batchMax: number, batches: number): readonly Write[] {
  if (batches === Infinity || writes.length <= batchMax) return writes;
  const many = Math.min(batches, Math.floor(writes.length / batchMax)) * batchMax;
  const asked = writes.filter(({ taken }) => taken.redelivery != null);
  const others = writes.length - asked.length;
  const askedMax = Math.max(Math.ceil(many * ASKED_SHARE), many - others);
  let [askedGoing, going] = [0, 0];
  return writes.filter(({ taken }) => {
    if (going === many) return false;
    if (taken.redelivery != null && ++askedGoing > askedMax) return false;
    going += 1;
    return true;
  });
}

/**
 * What failed seldom comes first: what failed often tells little of the destination, and were it tried with nothing
 * else, everybody would wait as long as there is one more of those.
 */
export function fewestTriesFirst(writes: readonly Write[]): readonly Write[] {
  const tries = ({ taken }: Write): number => taken.previous?.tries ?? 0;
  return [...writes].sort((a, b) => tries(a) - tries(b));
}
