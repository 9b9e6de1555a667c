import type { Outcome } from '../connectors/connector.js';

const HOLD_FIRST_MS = 500;
const HOLD_MAX_MS = 30_000;
/** Credentials that are not accepted mend themselves seldom: they are tried again so often. */
const UNAUTHORISED_MS = 60_000;
/** How long others wait for the one that tries whether the destination is back. */
const PROBE_MS = 20_000;
/** And how soon they look again. */
const PROBE_LOOK_MS = 500;

interface Hold {
  until: number;
  failures: number;
  /** One has gone to try; nobody else goes until it is back. */
  isProbing: boolean;
}

/**
 * The circuit breakers: which destinations this process leaves alone for now, because the backend asked for a pause or
 * nothing got through. While a destination is held, its lanes read nothing: what arrives meanwhile fills the next
 * batches. When the time is over, one lane goes first with a few records; only what it finds opens the way for all.
 */
export class Holds {
  private readonly held = new Map<string, Hold>();

  /**
   * Epoch milliseconds; 0 where the destination is free, or where the asker is the one to try it.
   * @param kinds what is written there and how, and its reading: they may be held while the rest of the destination is not
   */
  until(destination: string, now: Date, ...kinds: readonly string[]): number {
    const nowMs = now.getTime();
    const places = placesOf(destination, kinds);
    const until = Math.max(...places.map((place) => this.heldUntil(place, nowMs)));
    // Only who may go at all is the one to try: or a place would wait for somebody who stands before the other.
    if (until === 0) for (const place of places) this.beginTrying(place, nowMs);
    return until;
  }

  private heldUntil(place: string, nowMs: number): number {
    const hold = this.held.get(place);
    if (!hold || hold.until <= nowMs) return 0;
    return hold.isProbing ? Math.min(hold.until, nowMs + PROBE_LOOK_MS) : hold.until;
  }

  private beginTrying(place: string, nowMs: number): void {
    const hold = this.held.get(place);
    if (!hold) return;
    if (hold.failures === 0) {
      this.held.delete(place);
      return;
    }
    hold.isProbing = true;
    hold.until = nowMs + PROBE_MS;
  }

  /** Whether the destination is only being tried: then few records are enough. */
  isTrying(destination: string, ...kinds: readonly string[]): boolean {
    return placesOf(destination, kinds).some((place) => this.held.get(place)?.isProbing);
  }

  /** The one that went to try found nothing to send: the next one tries. */
  triedNothing(destination: string, ...kinds: readonly string[]): void {
    for (const place of placesOf(destination, kinds)) {
      const hold = this.held.get(place);
      if (!hold?.isProbing) continue;
      hold.isProbing = false;
      hold.until = 0;
    }
  }

  /** This kind of call is refused, whatever is known of the others. */
  refuse(destination: string, kind: string, refusal: Outcome, now: Date): void {
    this.hold(placeOf(destination, kind), [refusal], now);
  }

  /** This kind of call goes through; of the others it says nothing. */
  goesThrough(destination: string, kind: string): void {
    this.held.delete(placeOf(destination, kind));
  }

  learn(destination: string, outcomes: readonly Outcome[], now: Date, kind?: string): void {
    const places = placesOf(destination, kind === undefined ? [] : [kind]);
    if (outcomes.length === 0) return;
    const asked = outcomes.flatMap((outcome) => (outcome.kind === 'throttled' ? [outcome.untilMs] : []));
    if (asked.length > 0) {
      this.held.set(destination, { until: Math.max(...asked), failures: 0, isProbing: false });
      return;
    }
    if (outcomes.some((outcome) => !isAway(outcome))) {
      for (const place of places) this.held.delete(place);
      return;
    }
    const [whole, part] = places;
    const isOfKind = part !== undefined && outcomes.every(isOfKindOnly);
    // Who says that one permission is lacking is there, and accepts the credentials as such.
    if (isOfKind) this.held.delete(whole!);
    this.hold(isOfKind ? part : whole!, outcomes, now);
  }

  private hold(place: string, outcomes: readonly Outcome[], now: Date): void {
    const known = this.held.get(place);
    // Calls that were under way when the hold began tell of the same silence.
    if (known && known.until > now.getTime() && !known.isProbing) return;
    const failures = (known?.failures ?? 0) + 1;
    const isRefused = outcomes.every(({ kind }) => kind === 'unauthorised');
    const waitMs = isRefused ? UNAUTHORISED_MS : Math.min(HOLD_FIRST_MS * 2 ** (failures - 1), HOLD_MAX_MS);
    this.held.set(place, { until: now.getTime() + waitMs, failures, isProbing: false });
  }
}

/** What a call is held back by: the destination as a whole, and what is done there and how. */
function placesOf(destination: string, kinds: readonly string[]): string[] {
  return [destination, ...kinds.map((kind) => placeOf(destination, kind))];
}

function placeOf(destination: string, kind: string): string {
  return `${destination} ${kind}`;
}

function isOfKindOnly(outcome: Outcome): boolean {
  return outcome.kind === 'unauthorised' && outcome.isOfKind === true;
}

/** Whether the answer says that the destination as a whole does not work now, not this record. */
function isAway(outcome: Outcome): boolean {
  if (outcome.kind === 'unauthorised' || outcome.kind === 'unanswered') return true;
  return outcome.kind === 'retry' && (outcome.reason.status === undefined || outcome.reason.status >= 500);
}
