import type { Ask, Door, Told } from './door.js';
import type { AskLog } from './ask-log.js';

/** What a visitor does next: asks something, or waits. What they are told is what the `yield` gives back. */
export type Move = Ask | { readonly waitMs: number };
export type Journey<Result = void> = Generator<Move, Result, Told>;

export interface Walker {
  readonly journey: Journey;
  readonly isCheat: boolean;
  /** When the first step was due. */
  readonly startMs: number;
}

const NOTHING: Told = { status: 0 };

/**
 * Leads one visitor through a door. Latencies count from when something was to be asked, not from when this process
 * came round to asking it: a client that is held up by the server's slowness would otherwise not measure it.
 */
export function walk({ journey, isCheat, startMs }: Walker, door: Door, log: AskLog, done: () => void): void {
  const go = ({ done: isDone, value: move }: IteratorResult<Move, void>, dueMs: number): void => {
    if (isDone === true) {
      done();
      return;
    }
    if ('waitMs' in move) {
      door.wait(move.waitMs, (due) => go(journey.next(NOTHING), due));
      return;
    }
    log.late(door.nowMs() - dueMs);
    door.ask(move, (told) => {
      const now = door.nowMs();
      log.note(move.do, told, now - dueMs, isCheat);
      go(journey.next(told), now);
    });
  };
  go(journey.next(), startMs);
}
