import type { Visit } from './visit.js';

/**
 * What visitors noted, in the lines that `scripts/lobby-oracle.mjs` reads beside the database's ledger: it judges over-
 * admission, order and use by both, and shares no code with the lobby or with this.
 * @param startedAtMs of the run, on the clock that the database shares
 */
export function notesOf(visits: readonly Visit[], startedAtMs: number): string {
  const notes = visits.flatMap(({ number, presentMs, endedMs, fate, registration, isStraight }) => {
    const at = (ms: number): number => Math.round(startedAtMs + ms);
    const used = number === null || isStraight ? {} : { number };
    return [
      ...(presentMs === null ? [] : [{ t: at(presentMs), what: 'present', number }]),
      ...(registration === null ? [] : [{ t: at(endedMs!), what: 'registered', id: registration, ...used }]),
      ...(number !== null && fate === 'left' ? [{ t: at(endedMs!), what: 'gone', number }] : []),
    ];
  });
  return notes
    .sort((a, b) => a.t - b.t)
    .map((note) => `${JSON.stringify(note)}\n`)
    .join('');
}
