#!/usr/bin/env node
/**
 * Judges a lobby from outside: reads what its visitors noted (a file of JSON lines) and the ledger tables, and nothing
 * else; shares no code with the lobby.
 *
 *   node scripts/lobby-oracle.mjs --database URL --event ID --log FILE
 *
 * Lines of the log, times in milliseconds on a clock that the database shares:
 *   { t, what: 'joined', number }             a number was given
 *   { t, what: 'shown', number, is }          its ticket was shown again, and what number came back
 *   { t, what: 'present', number }            a check-in, or a question for the pass, was answered
 *   { t, what: 'registered', number, id }     201 came back; number where a pass was used
 *   { t, what: 'registered', id, asked }      the same, straight through: with when that was asked for, where it is sure
 *   { t, what: 'gone', number }               left, or stopped asking
 *   { t, what: 'fault' }                      something was killed
 *
 * 1. Over-admission: at no instant more slots held than maxActive; in no 60 s more let through than maxPerMinute, by the
 *    ledger's count, where a slice is whole until it is given back, and by what came of it: calls, and registrations
 *    straight through.
 * 2. Order: nobody called while a lower number was present and had not been called; nobody straight through past
 *    somebody present, beyond the 2 s for which a slice that was booked before may be used.
 * 3. Numbers and passes: no number given twice, none lost; each registration that was acknowledged stands there; each
 *    call was used for one at most, and slices for as many as they were booked for.
 * 4. Use: of the slots that both budgets allow, the share held while somebody present waits, outside 2 s after a fault;
 *    beside it the share held by those who have their pass, and how long what the budgets allowed waited for its call.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import pg from 'pg';

const MINUTE_MS = 60_000;
const FAULT_MS = 2_000;
const SLICE_USE_MS = 2_000;

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
const registrations = new Map(
  (await rows(`select id, ${ms('created_at')} as created from registrations where event_id = $1`)).map(
    ({ id, created }) => [id, created],
  ),
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

// What counts for the minute, as the ledger has it: all of a slice until it is given back, then what was used of it.
const counted = [
  ...calls.flatMap(({ called }) => [
    { t: called, n: 1 },
    { t: called + MINUTE_MS, n: -1 },
  ]),
  ...slices.flatMap(({ booked, ended, size, used }) => [
    { t: booked, n: size },
    { t: ended, n: (used ?? size) - size },
    { t: ended + MINUTE_MS, n: -(used ?? size) },
  ]),
].sort((a, b) => a.t - b.t || a.n - b.n);
let minute = 0;
let minuteMax = 0;
for (const { t, n } of counted) {
  minute += n;
  minuteMax = Math.max(minuteMax, minute);
  if (n > 0 && minute > room.max_per_minute) violations.push(`${minute} released in the minute to ${t}`);
}

const acknowledged = log.filter(({ what }) => what === 'registered');
const ownerOf = new Map(calls.map((call) => [call.registration_id, call]));
const straight = acknowledged
  .filter(({ id, number }) => number === undefined && registrations.has(id) && !ownerOf.has(id))
  .map(({ id, asked }) => ({ id, asked, at: registrations.get(id) }));
const bookedUses = slices.reduce((sum, { used, size }) => sum + (used ?? size), 0);
if (straight.length > bookedUses)
  violations.push(`${straight.length} came straight through, ${bookedUses} were booked`);
const through = [...calls.map(({ called }) => called), ...straight.map(({ at }) => at)].sort((a, b) => a - b);
for (let i = room.max_per_minute; i < through.length; i++)
  if (through[i] - through[i - room.max_per_minute] < MINUTE_MS)
    violations.push(`more than ${room.max_per_minute} came through in the minute to ${through[i]}`);

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
for (const { id, asked, at } of straight) {
  const passed = waits.find(({ from, to }) => from + SLICE_USE_MS < asked && to > at);
  if (passed) violations.push(`${id} came straight through past ${passed.number}, who was present`);
}

const joined = new Set();
for (const { what, number, is } of log) {
  if (what === 'joined' && joined.has(number)) violations.push(`${number} was given twice`);
  if (what === 'joined') joined.add(number);
  if (what === 'shown' && is !== number) violations.push(`${number} was shown again as ${is}`);
}
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
const marks = [
  ...held.map(({ t, n }) => ({ t, held: n })),
  ...counted.map(({ t, n }) => ({ t, counted: n })),
  ...calls
    .filter(({ passed }) => passed !== null)
    .flatMap(({ passed, ended }) => [
      { t: passed, passes: 1 },
      { t: ended, passes: -1 },
    ]),
  ...waits
    .filter(({ from, to }) => to > from)
    .flatMap(({ from, to }) => [
      { t: from, waiting: 1 },
      { t: to, waiting: -1 },
    ]),
  ...faults.flatMap((t) => [{ t }, { t: t + FAULT_MS }]),
].sort((a, b) => a.t - b.t);
const now = { held: 0, counted: 0, passes: 0, waiting: 0 };
const area = { could: 0, did: 0, passes: 0, minuteBoundMs: 0 };
marks.forEach(({ t, ...changes }, i) => {
  for (const [name, n] of Object.entries(changes)) now[name] += n;
  const lastedMs = (marks[i + 1]?.t ?? t) - t;
  if (lastedMs <= 0 || now.waiting === 0) return;
  const minuteLeft = Math.max(0, room.max_per_minute - now.counted);
  if (minuteLeft === 0 && now.held < room.max_active) area.minuteBoundMs += lastedMs;
  if (faults.some((fault) => t >= fault && t < fault + FAULT_MS)) return;
  // Who waits could fill so many of the free slots and no more.
  area.could += Math.min(room.max_active, now.held + Math.min(now.waiting, minuteLeft)) * lastedMs;
  area.did += now.held * lastedMs;
  area.passes += now.passes * lastedMs;
});
const percentOf = (part) => (area.could === 0 ? null : Math.round((part / area.could) * 10_000) / 100);

// Each slot that became free, with the next call; counted from when there were a slot, room in the minute, and somebody.
const offers = [];
const free = Array.from({ length: room.max_active }, () => -Infinity);
const freeInMinute = Array.from({ length: room.max_per_minute }, () => -Infinity);
const moves = [
  ...calls.flatMap(({ called, ended, number }) => [
    { t: called, takes: 1, number },
    { t: ended, frees: 1 },
    { t: called + MINUTE_MS, freesInMinute: 1 },
  ]),
  ...slices.flatMap(({ booked, ended, size, used }) => [
    { t: booked, takes: size },
    { t: ended, frees: size, freesInMinute: size - (used ?? size) },
    { t: ended + MINUTE_MS, freesInMinute: used ?? size },
  ]),
].sort((a, b) => a.t - b.t || (a.takes ?? 0) - (b.takes ?? 0) || a.number - b.number);
for (const { t, takes = 0, frees = 0, freesInMinute = 0, number } of moves) {
  for (let n = 0; n < frees; n++) free.push(t);
  for (let n = 0; n < freesInMinute; n++) freeInMinute.push(t);
  for (let n = 0; n < takes; n++) {
    const from = Math.max(free.shift() ?? t, freeInMinute.shift() ?? t, presentAt.get(number) ?? t);
    const isFaulty = faults.some((fault) => fault > from - FAULT_MS && fault < t);
    if (number !== undefined && Number.isFinite(from) && !isFaulty) offers.push(Math.max(0, t - from));
  }
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
  /** Somebody waited and a slot was free, but the minute was used up. */
  minuteBoundSeconds: Math.round(area.minuteBoundMs / 100) / 10,
  straight: straight.length,
  usePercent: percentOf(area.did),
  registeringPercent: percentOf(area.passes),
  judgedSeconds: Math.round(area.could / room.max_active / 1000),
  takeovers,
  offerMs: { p50: offerAt(0.5), p99: offerAt(0.99), max: offerAt(1) },
  violations: violations.slice(0, 20),
};
console.log(JSON.stringify(verdict));
process.exitCode = violations.length > 0 ? 1 : 0;
