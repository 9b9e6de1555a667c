/**
 * One object at a target, one record of ours that writes it. A record whose key there is its own id meets nobody; the
 * others claim their key:
 * 1. the first to claim has it;
 * 2. it is free again when that one was never sent and is left out, was erased, stands under another key, or is
 *    another person's by now;
 * 3. it passes to a later registration of the same person when the one before is over, with what is known of the
 *    object; the one before is settled as spoken for and writes there no more, whatever is asked of it;
 * 4. of two that both live the second is refused, both are named, and it asks again when the first has changed.
 * What is being sent is waited for: two calls about one object must not overtake each other.
 */
import type pg from 'pg';
import { outranks } from './claimants.js';
import { type Claim, claim, type Heritage, holdersOf, type Meeting, meet, passOn } from './claim-rows.js';
import type { Write } from './decide.js';
import { type Delivery, type Settlement, type Taken, unchanged } from './delivery.js';
import type { Pipe } from './pipe.js';

export interface Claimed {
  readonly writes: readonly Write[];
  readonly settlements: readonly Settlement[];
}

/** Claims the keys that these records are to be written under. What is removed claims nothing. */
export async function claimKeys(
  pool: pg.Pool,
  pipe: Pick<Pipe, 'mapping' | 'mappingVersion' | 'wake'>,
  writes: readonly Write[],
): Promise<Claimed> {
  const asking = writes.filter(({ key, taken, isRemoval }) => key !== taken.key && isRemoval !== true);
  if (asking.length === 0) return { writes, settlements: [] };
  const inHand = asking.map(({ taken }) => taken.key);
  const settled = new Map<Write, Settlement>();
  const going = new Map<string, { readonly asked: Write; readonly write: Write }>();
  for (const layer of layers(asking)) {
    for (const [asked, answer] of await claimOnce(pool, pipe, layer, inHand)) {
      if (answer.kind === 'settle') {
        settled.set(asked, answer.settlement);
        continue;
      }
      const before = going.get(asked.key);
      if (before) settled.set(before.asked, spokenFor(before.asked.taken, asked.taken.key, before.asked));
      going.set(asked.key, { asked, write: answer.write });
    }
  }
  return {
    writes: writes.flatMap((write) => {
      if (settled.has(write)) return [];
      const own = going.get(write.key);
      return own?.asked === write ? [own.write] : [write];
    }),
    settlements: [...settled.values()],
  };
}

/** A record that is not to be written as a whole now, and the key that it is taken to stand under. */
export interface Standing {
  readonly taken: Taken;
  readonly key: string;
  readonly isRemoval?: boolean;
  readonly goal?: Write['goal'];
}

/** Of these the ones that another record speaks for by now. @returns what becomes of them, by their key */
export async function spokenForAmong(
  pool: pg.Pool,
  mapping: string,
  standing: readonly Standing[],
): Promise<ReadonlyMap<string, Settlement>> {
  const asked = standing.filter(({ key, taken }) => key !== taken.key && taken.previous?.targetKey === key);
  if (asked.length === 0) return new Map();
  const holders = await holdersOf(pool, mapping, [...new Set(asked.map(({ key }) => key))]);
  return new Map(
    asked.flatMap((one) => {
      const holder = holders.get(one.key);
      const isOwn = holder === undefined || holder === one.taken.key;
      return isOwn ? [] : [[one.taken.key, spokenFor(one.taken, holder, one)] as const];
    }),
  );
}

/** Each key at most once in a layer, in the order of the records. */
function layers(writes: readonly Write[]): Write[][] {
  const made: Write[][] = [];
  const depths = new Map<string, number>();
  for (const write of writes) {
    const depth = depths.get(write.key) ?? 0;
    depths.set(write.key, depth + 1);
    (made[depth] ??= []).push(write);
  }
  return made;
}

type Answer =
  | { readonly kind: 'write'; readonly write: Write }
  | { readonly kind: 'settle'; readonly settlement: Settlement };

async function claimOnce(
  pool: pg.Pool,
  { mapping, mappingVersion, wake }: Pick<Pipe, 'mapping' | 'mappingVersion' | 'wake'>,
  writes: readonly Write[],
  inHand: readonly string[],
): Promise<Map<Write, Answer>> {
  const holders = await claim(pool, mapping.name, writes.map(claimOf));
  const answers = new Map<Write, Answer>();
  const late = writes.filter((write) => holders.get(write.key) !== write.taken.key);
  for (const write of writes) if (!late.includes(write)) answers.set(write, { kind: 'write', write });
  if (late.length === 0) return answers;

  const met = await meet(pool, mapping, late.map(claimOf), holders);
  const passing = met.filter((meeting) => mayPass(meeting) && !meeting.isBusy);
  const { heritages, woken } =
    passing.length === 0
      ? { heritages: new Map<string, Heritage>(), woken: [] }
      : await passOn(pool, mapping.name, mappingVersion, passing, inHand);
  if (woken.length > 0) wake(woken);
  late.forEach((write, place) => {
    const heritage = heritages.get(write.key);
    const answer: Answer = heritage
      ? { kind: 'write', write: inherited(write, heritage) }
      : { kind: 'settle', settlement: refused(write, met[place]!, mapping.name) };
    answers.set(write, answer);
  });
  return answers;
}

function claimOf({ key, taken }: Write): Claim {
  return { targetKey: key, key: taken.key, slot: taken.slot, person: personOf(taken) };
}

function mayPass({ isVoid, asking, holding }: Meeting): boolean {
  // A record that is no more, as the attendance of a registration that was given on, holds nothing.
  return isVoid || (asking !== null && (holding === null || outranks(asking, holding)));
}

function personOf({ snapshot }: Taken): string | null {
  const { person, personId } = snapshot as { person?: { id?: unknown }; personId?: unknown };
  const id = personId ?? person?.id;
  return typeof id === 'string' ? id : null;
}

/** Written whole: what the record before wrote there, this one does not know. */
function inherited(write: Write, { targetId, recheckAt }: Heritage): Write {
  const { taken, fields } = write;
  const previous = { ...(taken.previous ?? NEVER_TAKEN_UP), shadow: null, targetId, recheckAt };
  return { ...write, taken: { ...taken, previous }, fields: { ...taken.previous?.shadow, ...fields } };
}

const NEVER_TAKEN_UP: Delivery = {
  version: 0,
  wanted: 0,
  state: 'pending',
  sent: false,
  targetId: null,
  targetKey: null,
  shadow: null,
  tries: 0,
  checks: 0,
  resends: 0,
  nextAttemptAt: null,
  recheckAt: null,
};

function refused(write: Write, met: Meeting, mapping: string): Settlement {
  const { taken } = write;
  const { holder, state, version, asking, holding } = met;
  const waitsFor = { mapping, key: holder, state, version };
  if (mayPass(met)) return { ...unchanged(taken), state: 'pending', reason: BUSY, waitsFor };
  const isOutranked = asking !== null && holding !== null && outranks(holding, asking);
  if (isOutranked || write.goal === 'erased') return spokenFor(taken, holder, write);
  const message = `${taken.key} and ${holder} claim the same key at the target; ${holder} has it.`;
  const reason = { code: 'duplicate-target', message, owner: 'data' };
  return { ...unchanged(taken), state: 'rejected', reason, waitsFor };
}

const BUSY = {
  code: 'waits-for-object',
  message: 'Waits until a call about the same object at the target, for an earlier record, is answered.',
  owner: 'foyer',
};

/** It has its answer: what stands there is another record's to say, and what this one knew of it is out of date. */
function spokenFor(
  taken: Taken,
  holder: string,
  { goal, isRemoval }: Pick<Standing, 'goal' | 'isRemoval'>,
): Settlement {
  const message = `${holder} has taken the place of ${taken.key} and says what stands there.`;
  const base = { ...unchanged(taken), shadow: null, resends: 0, recheckAt: null };
  if (goal === 'erased') return { ...base, state: 'erased', targetKey: null, reason: null };
  const reason = { code: 'spoken-for', message, owner: 'data' };
  if (isRemoval)
    return { ...base, state: 'suppressed', sent: false, targetId: null, targetKey: null, reason };
  return { ...base, state: base.sent ? 'retained' : 'suppressed', reason };
}
