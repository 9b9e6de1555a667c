import type { Stretch } from './arrivals.js';

const ROWS_MAX = 100_000;
/** How long the last row lasts where nothing says so. */
const LAST_SECONDS = 1;

/**
 * A recorded profile of arrivals, as web servers' logs give it: how many came from each second on, until the next.
 *   CSV   seconds,people (a line of headings may stand above)
 *   JSON  [{ "seconds": 0, "people": 12 }, …] or [[0, 12], …]
 * @throws Error naming the row
 */
export function readProfile(text: string): Stretch[] {
  const rows = /^\s*\[/.test(text) ? rowsOfJson(text) : rowsOfCsv(text);
  if (rows.length === 0) throw new Error('has no rows');
  if (rows.length > ROWS_MAX) throw new Error(`has more than ${ROWS_MAX} rows`);
  rows.forEach(([seconds, people], i) => {
    if (!(seconds > (rows[i - 1]?.[0] ?? -1)) || seconds < 0)
      throw new Error(`row ${i + 1}: its time must be later than the one before`);
    if (!(people >= 0)) throw new Error(`row ${i + 1}: people must be 0 or more`);
  });
  const step = rows.length > 1 ? rows.at(-1)![0] - rows.at(-2)![0] : LAST_SECONDS;
  const stretches = rows.map(([seconds, people], i) => {
    const until = rows[i + 1]?.[0] ?? seconds + step;
    return { fromMs: seconds * 1000, toMs: until * 1000, people };
  });
  if (stretches.every(({ people }) => people === 0)) throw new Error('nobody comes');
  return stretches;
}

function rowsOfJson(text: string): [number, number][] {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (cause) {
    throw new Error('is no JSON', { cause });
  }
  return (document as unknown[]).map((row) => {
    const { seconds, people } = (row ?? {}) as { seconds?: unknown; people?: unknown };
    const [first, second] = Array.isArray(row) ? (row as unknown[]) : [seconds, people];
    return [numberOf(first), numberOf(second)];
  });
}

function rowsOfCsv(text: string): [number, number][] {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '');
  if (/^\D*$/.test(lines[0] ?? '')) lines.shift();
  return lines.map((line) => {
    const [seconds, people] = line.split(/[,;\t]/);
    return [numberOf(seconds), numberOf(people)];
  });
}

function numberOf(value: unknown): number {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && value.trim() !== '' ? Number(value) : Number.NaN;
}
