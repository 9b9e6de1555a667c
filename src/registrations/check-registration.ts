import type { KnownEvent } from '../events/event-lookup.js';
import { invalidAnswer } from '../events/form.js';
import { invalidRequest, type ProblemFault } from '../platform/http/problem.js';
import type { ConsentDto } from './registration.dto.js';

/** The version of a consent's text where the event has no form that holds one. */
const NO_TEXT = 'none';
const SOURCE_NAMES_MAX = 20;
const SOURCE_CHARACTERS_MAX = 300;

/** A consent as it will be kept: with the version of the text that was agreed to. */
export interface GivenConsent {
  readonly purpose: string;
  readonly granted: boolean;
  readonly textVersion: string;
}

/** Judges what is given. @throws Problem 422 with every answer, consent and session that does not fit the event's form and agenda */
export function demandFit(
  { form, sessions }: KnownEvent,
  given: {
    answers?: Record<string, unknown> | undefined;
    consents?: readonly ConsentDto[] | undefined;
    sessions?: readonly string[] | undefined;
  },
): void {
  const faults = [
    ...(given.answers ? form.judge(given.answers) : []),
    ...(given.consents ? consentFaults(form, given.consents) : []),
    ...(given.sessions ? unknownSessions(sessions, given.sessions) : []),
  ];
  if (faults.length > 0) throw invalidAnswer(faults);
}

/** In order of their purposes, each with the version of its text. */
export function withTextVersions({ form }: KnownEvent, consents: readonly ConsentDto[]): GivenConsent[] {
  return consents
    .map(({ purpose, granted }) => ({
      purpose,
      granted,
      textVersion: form.consents.find((consent) => consent.purpose === purpose)?.textVersion ?? NO_TEXT,
    }))
    .sort((a, b) => (a.purpose < b.purpose ? -1 : 1));
}

/** The chosen sessions, once each, in the order of the agenda. */
export function chosenSessions(
  { sessions }: KnownEvent,
  codes: readonly string[],
): { code: string; id: string }[] {
  if (codes.length === 0) return [];
  const chosen = new Set(codes);
  return [...sessions].filter(([code]) => chosen.has(code)).map(([code, id]) => ({ code, id }));
}

/** @throws Problem 400 where it is more than a few short texts */
export function demandShortSource(source: Record<string, unknown> | undefined): void {
  if (!source) return;
  const entries = Object.entries(source);
  const long = entries.find(
    ([name, value]) => name.length > 100 || typeof value !== 'string' || value.length > SOURCE_CHARACTERS_MAX,
  );
  if (!long && entries.length <= SOURCE_NAMES_MAX) return;
  const message = `must have at most ${SOURCE_NAMES_MAX} texts of at most ${SOURCE_CHARACTERS_MAX} characters.`;
  throw invalidRequest([{ pointer: '/source', code: 'too-much', message }]);
}

/** An event without a form asks for no consent in particular, so whatever its platform asked may be told. */
function consentFaults(form: KnownEvent['form'], given: readonly ConsentDto[]): ProblemFault[] {
  const { consents: asked, version } = form;
  const faults: ProblemFault[] = [];
  const seen = new Set<string>();
  given.forEach(({ purpose }, i) => {
    const pointer = `/consents/${i}/purpose`;
    if (seen.has(purpose)) faults.push({ pointer, code: 'repeated', message: 'stands there twice.' });
    else if (version > 0 && !asked.some((consent) => consent.purpose === purpose))
      faults.push({ pointer, code: 'not-asked', message: 'is not asked.' });
    seen.add(purpose);
  });
  for (const { purpose, required } of asked) {
    if (!required || given.some((consent) => consent.purpose === purpose && consent.granted)) continue;
    faults.push({ pointer: '/consents', code: 'required', message: `must grant ${purpose}.` });
  }
  return faults;
}

function unknownSessions(known: KnownEvent['sessions'], codes: readonly string[]): ProblemFault[] {
  return codes.flatMap((code, i) =>
    known.has(code)
      ? []
      : [{ pointer: `/sessions/${i}`, code: 'unknown-session', message: 'is no session of this event.' }],
  );
}
