import { judgeCalls } from './calls.mjs';
import { DESTINATIONS, plain } from './expected.mjs';

/**
 * What does not hold of a rehearsal of deliveries, in sentences, and its figures. Pure: it knows what was made, what
 * stands and what was written at the twins, and what the program's ledger says of itself.
 *
 * @param {{
 *   people: Array<object>, freezes: Array<{ from: number, to: number }>,
 *   destinations: Record<string, {
 *     records: Array<{ key: string, fields: object }>, journal: Array<object>, calls: Array<object>, ledger: object,
 *     batchMax: number, windows: Array<{ calls: number, ms: number }>, callsRatioMax: number | null,
 *   }>,
 * }} evidence `people` as they were left, instants in epoch milliseconds
 * @returns {{ faults: string[], figures: Record<string, object> }}
 */
export function judge({ people, freezes, destinations }) {
  const faults = [];
  const figures = {};
  for (const [name, seen] of Object.entries(destinations)) {
    const rules = DESTINATIONS[name];
    const consenting = people.filter(({ hasConsent }) => hasConsent);
    const order = judgeOrder(rules, seen.journal, freezes);
    const calls = judgeCalls(seen, order.versions);
    figures[name] = { records: seen.records.length, late: order.late, ...calls.figures };
    const found = [
      ...judgeRecords(rules, consenting, seen.records),
      ...judgeCreations(seen.journal),
      ...order.faults,
      ...judgeLedger(seen.ledger, people, consenting),
      ...calls.faults,
    ];
    faults.push(...found.map((fault) => `${name}: ${fault}`));
  }
  return { faults, figures };
}

/** Every person who may be written to stands there once, as their last change left them; nobody else does. */
function judgeRecords({ key, fields }, consenting, records) {
  const faults = [];
  const standing = new Map();
  for (const record of records) standing.set(record.key, [...(standing.get(record.key) ?? []), record]);
  for (const person of consenting) {
    const found = standing.get(key(person)) ?? [];
    standing.delete(key(person));
    if (found.length !== 1) faults.push(`${found.length} records of ${person.email}, not one`);
    if (found.length !== 1) continue;
    for (const [field, wanted] of Object.entries(fields(person))) {
      const stands = plain(found[0].fields[field]);
      const isFree = wanted === null && stands !== '';
      if (!isFree && stands !== plain(wanted))
        faults.push(`${field} of ${person.email} is "${stands}", not "${plain(wanted)}"`);
    }
  }
  for (const other of standing.keys()) faults.push(`a record of ${other}, who is not to stand there`);
  return faults;
}

function judgeCreations(journal) {
  const created = new Map();
  for (const { key, outcome } of journal)
    if (outcome === 'created') created.set(key, (created.get(key) ?? 0) + 1);
  return [...created].filter(([, times]) => times > 1).map(([key]) => `${key} was created more than once`);
}

const STORED = ['created', 'updated', 'unanswered'];
/** What a process that was stopped writes after it goes on again comes within so long. */
const AFTERMATH_MS = 3_000;

/**
 * The age of what is written for one person never goes back. What a stopped worker had under way may come late: then
 * something at least as new as the newest has to be written after it.
 */
function judgeOrder({ age }, journal, freezes) {
  const faults = [];
  const newest = new Map();
  const open = new Map();
  const versions = new Set();
  let late = 0;
  for (const { key, outcome, request, response, at } of journal) {
    const version = ageOf(age(request ?? {}));
    if (!STORED.includes(outcome) || isRefused(outcome, response)) continue;
    // A cancellation carries no age: what it says stands for it.
    versions.add(`${key} ${version ?? JSON.stringify(request)}`);
    if (version === null) continue;
    const before = newest.get(key) ?? 0;
    if (version >= before) {
      newest.set(key, version);
      open.delete(key);
      continue;
    }
    const when = Date.parse(at);
    const isAftermath = freezes.some(({ from, to }) => when >= from && when <= to + AFTERMATH_MS);
    if (isAftermath) {
      late += 1;
      open.set(key, version);
    } else faults.push(`change ${version} of ${key} was written after change ${before}`);
  }
  for (const [key, version] of open)
    faults.push(`change ${version} of ${key} was written late and nothing was written after it`);
  return { faults, late, versions };
}

function ageOf(title) {
  const number = /^Change (\d+)$/.exec(title ?? '')?.[1];
  return number === undefined ? null : Number(number);
}

/** A call without an answer whose record the backend refused. */
const isRefused = (outcome, response) =>
  outcome === 'unanswered' && (response?.success === false || response?.status === 'skipped');

/** The program's own books, held against what was made. */
function judgeLedger(ledger, people, consenting) {
  const { records, states, unaccounted, changes } = ledger;
  const made = people.reduce((sum, person) => sum + person.changes, 0);
  const wanted = [
    ['records', records, people.length],
    ['verified', states.verified ?? 0, consenting.length],
    ['suppressed', states.suppressed ?? 0, people.length - consenting.length],
    ['unaccounted', unaccounted, 0],
    ['waiting', changes.waiting, 0],
    ['changes', changes.total, made],
    ['settled and superseded changes', changes.settled + changes.superseded, made],
  ];
  return wanted
    .filter(([, is, should]) => is !== should)
    .map(([what, is, should]) => `the ledger has ${is} ${what}, not ${should}`);
}
