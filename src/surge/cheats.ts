import { TOKEN_CHARACTERS } from '../lobby/token.js';
import type { Place, Told } from './door.js';
import { end, isRegistered, knock, register, type Visitor, waitAndRegister, waitForPass } from './journey.js';
import { logNormal, type Random } from './random.js';
import type { Journey } from './walk.js';

const FORGERIES = 8;
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const JUNK_JOINS = 10;
const HAMMERINGS = 30;
const HAMMER_MS = 200;
const STATUS_LATE_MS = 2_000;
/** Addresses of those whom cheats register besides themselves: past all visitors. */
const ACCOMPLICES = 100_000_000;

/** What a kind of cheat tried, and what came of it. */
export interface Loot {
  tries: number;
  refused: number;
  /** A pass or a registration that was nobody's due: there must be none. */
  gained: number;
}

/** Makes up tickets and passes, and changes single characters of a real one; then waits like all others. */
export function* forger(visitor: Visitor, loot: Loot): Journey {
  const place = yield* knock(visitor);
  for (let i = 0; i < FORGERIES; i++) {
    const ticket = place && i % 2 === 0 ? altered(place.ticket, visitor.random) : madeUp(visitor.random);
    note(loot, yield { do: 'pass', ticket });
    const pass = madeUp(visitor.random);
    note(loot, yield { do: 'register', person: accomplice(visitor, i), pass });
  }
  if (place) yield* waitAndRegister(visitor, place);
}

/** Waits once and tries to bring a friend along: the ticket copied, the pass used again. */
export function* copier(visitor: Visitor, loot: Loot): Journey {
  const place = yield* knock(visitor);
  if (!place) return;
  const pass = yield* waitForPass(visitor, place);
  if (pass === null) return;
  const copy = yield { do: 'pass', ticket: place.ticket };
  // The same pass for the same ticket is how one refreshes the page; another one would be a second right.
  if (copy.pass !== undefined) note(loot, copy.pass === pass ? { status: 409 } : copy);
  yield { waitMs: logNormal(visitor.random, visitor.formMs) };
  if (!(yield* register(visitor, pass)) || visitor.visit.fate !== 'registered') return;
  note(loot, yield { do: 'register', person: accomplice(visitor, 0), pass });
  note(loot, yield { do: 'pass', ticket: place.ticket });
}

/** Joins again and again without a ticket, asks for a pass far before its turn; then waits with the first ticket. */
export function* hammerer(visitor: Visitor, loot: Loot): Journey {
  const place = yield* knock(visitor);
  if (!place) return;
  for (let i = 0; i < JUNK_JOINS && !visitor.isOver(); i++) yield { do: 'join' };
  for (let i = 0; i < HAMMERINGS && !visitor.isOver(); i++) {
    const { line } = yield { do: 'status' };
    if (line && line.called >= place.number - 1) break;
    const told = yield { do: 'pass', ticket: place.ticket };
    if (line && line.called < place.number) yield* judge(place, told, loot);
    yield { waitMs: HAMMER_MS };
  }
  if (visitor.isOver()) end(visitor, 'unfinished');
  else yield* waitAndRegister(visitor, place);
}

/** A pass before its turn: unless the front came by, which the status may tell a moment later. */
function* judge({ number }: Place, told: Told, loot: Loot): Journey {
  if (told.pass === undefined) {
    note(loot, told.status === 202 ? { status: 409 } : told);
    return;
  }
  yield { waitMs: STATUS_LATE_MS };
  const { line } = yield { do: 'status' };
  if (line && line.called < number) note(loot, told);
}

function note(loot: Loot, told: Told): void {
  if (told.status === 0 || told.status >= 500) return;
  loot.tries++;
  if (isRegistered(told) || told.pass !== undefined) loot.gained++;
  else loot.refused++;
}

function accomplice({ visit }: Visitor, i: number): number {
  return ACCOMPLICES + visit.person * FORGERIES + i;
}

function madeUp(random: Random): string {
  return Array.from({ length: TOKEN_CHARACTERS }, () => ALPHABET[Math.floor(random() * 64)]).join('');
}

/** One character otherwise. */
function altered(token: string, random: Random): string {
  const at = Math.floor(random() * token.length);
  const other = ALPHABET[(ALPHABET.indexOf(token[at]!) + 1 + Math.floor(random() * 63)) % 64]!;
  return token.slice(0, at) + other + token.slice(at + 1);
}
