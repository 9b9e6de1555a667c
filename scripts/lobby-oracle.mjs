#!/usr/bin/env node
/**
 * Judges a lobby from outside: reads what its visitors noted (a file of JSON lines) and the ledger tables, and nothing
 * else; shares no code with the lobby.
 *
 *   node scripts/lobby-oracle.mjs --database URL --event ID --log FILE
 *
 * Lines of the log, times in milliseconds on a clock that the database shares:
 *   { t, what: 'present', number }            a check-in, or a question for the pass, was answered
 *   { t, what: 'registered', number, id }     201 came back; number where a pass was used
 *   { t, what: 'gone', number }               left, or stopped asking
 *   { t, what: 'fault' }                      something was killed
 *
 * 1. Over-admission: at no instant more slots held than maxActive; in no 60 s more released than maxPerMinute.
 * 2. Order: nobody called while a lower number was present and had not been called.
 * 3. Passes: each registration that was acknowledged stands there, and each call was used for one at most.
 * 4. Use: of the slots that the budgets allow, the share held while somebody present waits, outside 2 s after a fault;
 *    beside it the share held by those who have their pass, and how long a free slot waited for its next call.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import pg from 'pg';

const MINUTE_MS = 60_000;
const FAULT_MS = 2_000;

const { values: given } = parseArgs({
  options: { database: { type: 'string' }, event: { type: 'string' }, log: { type: 'string' } },
});
const log = readFileSync(given.log, 'utf8')
  .split('\n')
  .filter(Boolean)
  .map((line) => JSON.parse(line))
  .sort((a, b) => a.t - b.t);
const client = new pg.Client({ connectionString: given.database });
await client.connect();
const rows = async (text) => (await client.query(text, [given.event])).rows;
const ms = (column) => `(extract(epoch from ${column}) * 1000)::float8`;

const [room] = await rows('select max_active, max_per_minute from lobbies where event_id = $1');
const calls = await rows(`
  select number::float8 as number, turn, ending, registration_id, ${ms('called_at')} as called,
         ${ms('passed_at')} as passed,
         ${ms('least(coalesce(ended_at, until), until)')} as ended
    from lobby_calls where event_id = $1 order by called_at, number`);
const slices = await rows(`
  select size, used, ${ms('booked_at')} as booked, ${ms('coalesce(returned_at, until)')} as ended
    from lobby_slices where event_id = $1`);
const registrations = new Set(
  (await rows('select id from registrations where event_id = $1')).map(({ id }) => id),
);
const [{ takeovers }] = (await client.query('select (epoch - 1)::int as takeovers from lobby_releaser')).rows;
await client.end();

const faults = log.filter(({ what }) => what === 'fault').map(({ t }) => t);
const violations = [];

const held = [
  ...calls.flatMap(({ called, ended }) => [
    { t: called, n: 1 },
    { t: ended, n: -1 },
  ]),
  ...slices.flatMap(({ booked, ended, size }) => [
    { t: booked, n: size },
    { t: ended, n: -size },
  ]),
].sort((a, b) => a.t - b.t || a.n - b.n);
let active = 0;
let activeMax = 0;
for (const { t, n } of held) {
  active += n;
  activeMax = Math.max(activeMax, active);
  if (active > room.max_active) violations.push(`${active} slots held at ${new Date(t).toISOString()}`);
}

const released = [
  ...calls.map(({ called }) => ({ t: called, n: 1 })),
  ...slices.map(({ ended, used, size }) => ({ t: ended, n: used ?? size })),
].sort((a, b) => a.t - b.t);
let minuteMax = 0;
for (let from = 0, to = 0, sum = 0; to < released.length; to++) {
  sum += released[to].n;
  while (released[to].t - released[from].t >= MINUTE_MS) sum -= released[from++].n;
  minuteMax = Math.max(minuteMax, sum);
  if (sum > room.max_per_minute) violations.push(`${sum} released in the minute to ${released[to].t}`);
}

// When each number was first known to be there, and until when it waited for its first call.
const firstCall = new Map();
for (const call of calls) if (!firstCall.has(call.number)) firstCall.set(call.number, call);
const presentAt = new Map();
const goneAt = new Map();
for (const { t, what, number } of log) {
  if (what === 'present' && !presentAt.has(number)) presentAt.set(number, t);
  if (what === 'gone') goneAt.set(number, t);
}
const endOfLog = log.at(-1)?.t ?? 0;
const waits = [...presentAt].map(([number, from]) => ({
  number,
  from,
  to: Math.min(firstCall.get(number)?.called ?? endOfLog, goneAt.get(number) ?? Infinity),
}));
for (const call of firstCall.values()) {
  const passed = waits.find(
    ({ number, from, to }) => number < call.number && from < call.called && to > call.called,
  );
  if (passed) violations.push(`${call.number} was called before ${passed.number}, who was present`);
}

const acknowledged = log.filter(({ what }) => what === 'registered');
for (const { id, number } of acknowledged) {
  if (!registrations.has(id)) violations.push(`registration ${id} was acknowledged and is not there`);
  const owners = calls.filter((call) => call.registration_id === id);
  if (number !== undefined && owners.length !== 1)
    violations.push(`${owners.length} calls were used for ${id}`);
}
const users = calls
  .filter(({ registration_id }) => registration_id !== null)
  .map((call) => call.registration_id);
if (new Set(users).size !== users.length) violations.push('a registration used two calls');

// Use: area of what is held over area of what could be, wherever somebody waits and no fault was just before.
const marks = [...held.map(({ t, n }) => ({ t, held: n, waiting: 0 }))];
for (const { passed, ended } of calls)
  if (passed !== null)
    marks.push({ t: passed, held: 0, waiting: 0, passes: 1 }, { t: ended, held: 0, waiting: 0, passes: -1 });
for (const { from, to } of waits)
  if (to > from) marks.push({ t: from, held: 0, waiting: 1 }, { t: to, held: 0, waiting: -1 });
for (const t of faults) marks.push({ t, held: 0, waiting: 0 }, { t: t + FAULT_MS, held: 0, waiting: 0 });
marks.sort((a, b) => a.t - b.t);
let could = 0;
let did = 0;
let heldNow = 0;
let passesNow = 0;
let passes = 0;
let waiting = 0;
marks.forEach((mark, i) => {
  heldNow += mark.held;
  passesNow += mark.passes ?? 0;
  waiting += mark.waiting;
  const next = marks[i + 1];
  if (!next || next.t <= mark.t) return;
  const isFaulty = faults.some((t) => mark.t >= t && mark.t < t + FAULT_MS);
  // Who waits could fill so many of the free slots and no more.
  const possible = Math.min(room.max_active, heldNow + waiting);
  if (isFaulty || waiting === 0) return;
  could += possible * (next.t - mark.t);
  did += heldNow * (next.t - mark.t);
  passes += passesNow * (next.t - mark.t);
});

// Each slot that became free, with the next call; counted from when there was both a slot and somebody present.
const offers = [];
const free = Array.from({ length: room.max_active }, () => -Infinity);
for (const { t, number } of [
  ...calls.map(({ called, number }) => ({ t: called, number })),
  ...calls.map(({ ended }) => ({ t: ended })),
].sort((a, b) => a.t - b.t || (a.number ?? 0) - (b.number ?? 0))) {
  if (number === undefined) {
    free.push(t);
    continue;
  }
  const from = Math.max(free.shift() ?? t, presentAt.get(number) ?? t);
  const isFaulty = faults.some((fault) => fault > from - FAULT_MS && fault < t);
  if (Number.isFinite(from) && !isFaulty) offers.push(Math.max(0, t - from));
}
offers.sort((a, b) => a - b);
const offerAt = (share) => Math.round(offers[Math.max(0, Math.ceil(offers.length * share) - 1)] ?? 0);

const verdict = {
  calls: calls.length,
  registered: users.length,
  acknowledged: acknowledged.length,
  faults: faults.length,
  activeMax,
  maxActive: room.max_active,
  minuteMax,
  maxPerMinute: room.max_per_minute,
  usePercent: could === 0 ? null : Math.round((did / could) * 10_000) / 100,
  registeringPercent: could === 0 ? null : Math.round((passes / could) * 10_000) / 100,
  judgedSeconds: Math.round(could / room.max_active / 1000),
  takeovers,
  offerMs: { p50: offerAt(0.5), p99: offerAt(0.99), max: offerAt(1) },
  violations: violations.slice(0, 20),
};
console.log(JSON.stringify(verdict));
process.exitCode = violations.length > 0 ? 1 : 0;
