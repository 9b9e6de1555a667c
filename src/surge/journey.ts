/**
 * A visitor as a machine of few states: outside, in line, near the front, with a pass, done. It knows only what the API
 * answers. Each step yields what it asks or how long it waits, so that the same code runs over HTTP and simulated.
 */
import type { LineStatus, Place, Told } from './door.js';
import { logNormal, type Random } from './random.js';
import type { Fate, Visit } from './visit.js';
import type { Journey } from './walk.js';

/** How often a page looks at the shared status: seldom far from the front, often near it. */
const LOOK_MS = { min: 1_000, max: 60_000, nearMax: 10_000 };
/** A crowd that was told the same must not come back as one. */
const SPREAD = 0.2;
/** In a row; then they give up. */
export const FAULTS_MAX = 8;
const BACKOFF_FIRST_MS = 1_000;
const BACKOFF_MAX_MS = 30_000;
const PASSES_MAX = 5;

export interface Visitor {
  readonly visit: Visit;
  readonly random: Random;
  /** The mean time that filling in the form takes. */
  readonly formMs: number;
  /** The mean time after which a leaver goes, or a wanderer wanders. */
  readonly patienceMs: number;
  readonly nowMs: () => number;
  /** Is the run over? */
  readonly isOver: () => boolean;
  /** What they do between two looks at the line. @returns false where they leave it */
  readonly meanwhile: (visitor: Visitor, place: Place) => Journey<boolean>;
}

/** The way of whoever waits for their turn with the page. */
export function* patient(visitor: Visitor): Journey {
  const place = yield* knock(visitor);
  if (place) yield* waitAndRegister(visitor, place);
}

export function* waitAndRegister(visitor: Visitor, place: Place): Journey {
  for (let passes = 0; passes < PASSES_MAX; passes++) {
    const pass = yield* waitForPass(visitor, place);
    if (pass === null) return;
    yield { waitMs: logNormal(visitor.random, visitor.formMs) };
    if (visitor.isOver()) return;
    if (yield* register(visitor, pass)) return;
    // The pass ran out over the form: back into the line with the ticket.
    visitor.visit.wasAway = true;
  }
  end(visitor, 'refused', 'pass-expired');
}

/** Tries to register. @returns the place in the line, or null where the visit has ended */
export function* knock(visitor: Visitor): Journey<Place | null> {
  const { visit } = visitor;
  for (let faults = 0; !visitor.isOver();) {
    const askedMs = visitor.nowMs();
    const told = yield { do: 'register', person: visit.person };
    if ((told.code === 'lobby-required' && told.place) || isRegistered(told)) {
      visit.joinAskedMs = askedMs;
      visit.joinedMs = visitor.nowMs();
    }
    if (told.code === 'lobby-required' && told.place) {
      visit.number = told.place.number;
      visit.toldWait = told.place.estimatedWaitSeconds;
      return told.place;
    }
    if (isRegistered(told)) {
      visit.isStraight = true;
      settle(visitor, told);
      return null;
    }
    if (!isTransient(told) || ++faults > FAULTS_MAX) {
      refuse(visitor, told);
      return null;
    }
    yield { waitMs: pauseMs(visitor, told, faults) };
  }
  return null;
}

/** Looks at the status that is the same for all, checks in near the front, fetches the pass when called. */
export function* waitForPass(visitor: Visitor, place: Place): Journey<string | null> {
  const { visit } = visitor;
  const { ticket, number } = place;
  let isPresent = false;
  for (let faults = 0; !visitor.isOver();) {
    const { line } = yield { do: 'status' };
    if (!line) {
      if (++faults > FAULTS_MAX) return end(visitor, 'refused', 'no-status');
      yield { waitMs: backoffMs(visitor, faults) };
      continue;
    }
    faults = 0;
    if (number <= line.called) {
      const askedMs = visitor.nowMs();
      const told = yield { do: 'pass', ticket };
      if (told.pass !== undefined) {
        visit.passMs ??= visitor.nowMs();
        return told.pass;
      }
      if (told.status === 202) noteUncalled(visitor, askedMs);
      else if (!isTransient(told)) return end(visitor, 'refused', codeOf(told));
    } else if (!isPresent && number <= line.checkIn) {
      const askedMs = visitor.nowMs();
      const told = yield { do: 'checkIn', ticket };
      if (told.status === 204) {
        isPresent = true;
        noteUncalled(visitor, askedMs);
      } else if (told.code === 'gone') return end(visitor, 'refused', 'gone');
    }
    if (!(yield* visitor.meanwhile(visitor, place))) return null;
    yield { waitMs: lookMs(visitor, number, line, isPresent) };
  }
  return null;
}

/** Sends the form. @returns false where the pass was too old, and the ticket leads back into the line */
export function* register(visitor: Visitor, pass: string, person = visitor.visit.person): Journey<boolean> {
  const { visit } = visitor;
  visit.formDoneMs ??= visitor.nowMs();
  for (let faults = 0; !visitor.isOver();) {
    const told = yield { do: 'register', person, pass };
    if (isRegistered(told)) {
      settle(visitor, told);
      return true;
    }
    if (told.code === 'pass-expired') return false;
    if (!isTransient(told) || ++faults > FAULTS_MAX) {
      refuse(visitor, told);
      return true;
    }
    yield { waitMs: pauseMs(visitor, told, faults) };
  }
  return true;
}

/** Not called yet, as of the question; the answer to it is also what makes one present. */
function noteUncalled({ visit, nowMs }: Visitor, askedMs: number): void {
  visit.presentMs ??= nowMs();
  visit.uncalledMs = askedMs;
}

export function end({ visit, nowMs }: Visitor, fate: Fate, refusal: string | null = null): null {
  visit.fate = fate;
  visit.endedMs = nowMs();
  visit.refusal = refusal;
  return null;
}

export function refuse(visitor: Visitor, told: Told): void {
  end(visitor, told.code === 'event-full' ? 'full' : 'refused', codeOf(told));
}

export function settle(visitor: Visitor, { registration }: Told): void {
  end(visitor, registration?.state === 'waitlisted' ? 'waitlisted' : 'registered');
  visitor.visit.registration = registration?.id ?? null;
}

export function isRegistered({ status }: Told): boolean {
  return status === 201 || status === 202;
}

/** Nobody answered, it cannot serve now, or it asks for patience. */
export function isTransient({ status, code }: Told): boolean {
  return status === 0 || status >= 500 || code === 'rate-limited' || code === 'idempotency-key-in-flight';
}

function codeOf({ code, status }: Told): string {
  return code ?? (status === 0 ? 'no-answer' : String(status));
}

export function pauseMs(visitor: Visitor, { retryAfterSeconds }: Told, faults = 1): number {
  if (retryAfterSeconds === undefined) return backoffMs(visitor, faults);
  return retryAfterSeconds * 1000 * spread(visitor);
}

/** @returns the time until this number can be near the front, or called, at the rate that the status tells */
function lookMs(visitor: Visitor, number: number, line: LineStatus, isPresent: boolean): number {
  const isNear = isPresent || number <= line.checkIn;
  const ahead = number - (isNear ? line.called : line.checkIn);
  const expectedMs = line.ratePerMinute > 0 ? (ahead / line.ratePerMinute) * 60_000 : LOOK_MS.max;
  // Near the front it comes sooner where others have gone, so half of the time that it should take.
  const wanted = isNear ? Math.min(LOOK_MS.nearMax, expectedMs / 2) : expectedMs;
  return Math.min(LOOK_MS.max, Math.max(LOOK_MS.min, wanted)) * spread(visitor);
}

function backoffMs(visitor: Visitor, faults: number): number {
  return Math.min(BACKOFF_MAX_MS, BACKOFF_FIRST_MS * 2 ** (faults - 1)) * spread(visitor);
}

function spread({ random }: Visitor): number {
  return 1 + SPREAD * (random() - 0.5);
}
