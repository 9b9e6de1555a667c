import type { Manner } from './manners.js';

export const FATES = ['registered', 'waitlisted', 'left', 'full', 'refused', 'unfinished'] as const;
/** `unfinished`: the run was over first. */
export type Fate = (typeof FATES)[number];

/** What one visitor noted themselves, in ms since the start of the run; what did not happen is null. */
export interface Visit {
  readonly person: number;
  readonly manner: Manner;
  readonly arrivedMs: number;
  number: number | null;
  /** Asked for what gave them a number, or let them straight through; and had the answer. */
  joinAskedMs: number | null;
  joinedMs: number | null;
  /** The check-in, or a question for the pass, was answered. */
  presentMs: number | null;
  /** When the last question was sent that was answered: not called yet. */
  uncalledMs: number | null;
  /** The pass was in hand. */
  passMs: number | null;
  /** The first registration with it was sent. */
  formDoneMs: number | null;
  endedMs: number | null;
  fate: Fate;
  isStraight: boolean;
  /** Was away, or asked to be called again: then neither order nor estimate can be judged by this visit. */
  wasAway: boolean;
  toldWait: { readonly low: number; readonly high: number } | null;
  /** How often a ticket that was shown again came back with another number. */
  placesLost: number;
  placesShown: number;
  refusal: string | null;
  /** Its id. */
  registration: string | null;
}

/** Was told of a registration. */
export function isAcknowledged({ fate }: Pick<Visit, 'fate'>): boolean {
  return fate === 'registered' || fate === 'waitlisted';
}

export function newVisit(person: number, manner: Manner, arrivedMs: number): Visit {
  return {
    person,
    manner,
    arrivedMs,
    number: null,
    joinAskedMs: null,
    joinedMs: null,
    presentMs: null,
    uncalledMs: null,
    passMs: null,
    formDoneMs: null,
    endedMs: null,
    fate: 'unfinished',
    isStraight: false,
    wasAway: false,
    toldWait: null,
    placesLost: 0,
    placesShown: 0,
    refusal: null,
    registration: null,
  };
}
