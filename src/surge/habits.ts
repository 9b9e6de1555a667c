import type { Place } from './door.js';
import {
  end,
  FAULTS_MAX,
  isRegistered,
  isTransient,
  knock,
  pauseMs,
  refuse,
  register,
  settle,
  type Visitor,
  waitForPass,
} from './journey.js';
import { exponential, logNormal } from './random.js';
import type { Journey } from './walk.js';

const RELOAD_SHARE = 0.3;
/** Of leavers that get so far: goes with the pass in hand. */
const LEAVE_WITH_PASS_SHARE = 0.3;
/** Says so, by the page's link; others just close it. */
const POLITE_SHARE = 0.5;

type Meanwhile = Visitor['meanwhile'];

export function* stays(): Journey<boolean> {
  return true;
}

/** Shows the ticket again, and looks whether the place was kept. */
export function* reloads(visitor: Visitor, { ticket, number }: Place): Journey<boolean> {
  if (visitor.random() >= RELOAD_SHARE) return true;
  const told = yield { do: 'join', ticket };
  if (told.place) noteShown(visitor, number, told.place.number);
  return true;
}

/** Once, after a while: away for about as long, and back with the ticket. */
export function wanders({ random, patienceMs }: Pick<Visitor, 'random' | 'patienceMs'>): Meanwhile {
  let leavesMs: number | null = null;
  let wasAway = false;
  return function* (visitor, place) {
    leavesMs ??= visitor.nowMs() + exponential(random, patienceMs);
    if (wasAway || visitor.nowMs() < leavesMs) return true;
    wasAway = true;
    visitor.visit.wasAway = true;
    yield { waitMs: exponential(random, patienceMs) };
    const told = yield { do: 'join', ticket: place.ticket };
    if (told.place) noteShown(visitor, place.number, told.place.number);
    return true;
  };
}

export function losesPatience({ random, patienceMs }: Pick<Visitor, 'random' | 'patienceMs'>): Meanwhile {
  let leavesMs: number | null = null;
  return function* (visitor, { ticket }) {
    leavesMs ??= visitor.nowMs() + exponential(random, patienceMs);
    if (visitor.nowMs() < leavesMs) return true;
    yield* goes(visitor, ticket);
    return false;
  };
}

/** Loses patience in the line, or finds with the pass in hand that there are better things to do. */
export function* leaver(visitor: Visitor): Journey {
  const place = yield* knock(visitor);
  if (!place) return;
  const pass = yield* waitForPass(visitor, place);
  if (pass === null) return;
  yield { waitMs: logNormal(visitor.random, visitor.formMs) };
  if (visitor.random() < LEAVE_WITH_PASS_SHARE) yield* goes(visitor, place.ticket);
  else if (!(yield* register(visitor, pass))) end(visitor, 'left');
}

/** No page: repeats the request with its ticket, as `Retry-After` says. */
export function* client(visitor: Visitor): Journey {
  const { visit } = visitor;
  const place = yield* knock(visitor);
  if (!place) return;
  yield { waitMs: pauseMs(visitor, { status: 429, retryAfterSeconds: 1 }) };
  for (let faults = 0; !visitor.isOver();) {
    const askedMs = visitor.nowMs();
    const told = yield { do: 'register', person: visit.person, ticket: place.ticket };
    if (isRegistered(told)) {
      visit.passMs = visit.formDoneMs = visitor.nowMs();
      settle(visitor, told);
      return;
    }
    if (told.place) {
      noteShown(visitor, place.number, told.place.number);
      visit.uncalledMs = askedMs;
    } else if (!isTransient(told) || ++faults > FAULTS_MAX) {
      refuse(visitor, told);
      return;
    }
    yield { waitMs: pauseMs(visitor, told, Math.max(1, faults)) };
  }
}

function* goes(visitor: Visitor, ticket: string): Journey {
  if (visitor.random() < POLITE_SHARE) yield { do: 'leave', ticket };
  end(visitor, 'left');
}

function noteShown({ visit }: Visitor, had: number, has: number): void {
  visit.placesShown++;
  if (has !== had) visit.placesLost++;
}
