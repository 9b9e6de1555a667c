import type pg from 'pg';
import { claimKeys, spokenForAmong, type Standing } from './claims.js';
import { type Check, decide, type Write } from './decide.js';
import type { Settlement, Taken } from './delivery.js';
import { type Displaced, displacedBy } from './displaced.js';
import { withRestores } from './displaced-notes.js';
import { inOrder } from './in-order.js';
import { NO_PARENTS, readParents } from './parents.js';
import type { Pipe } from './pipe.js';

/** What waits is woken; should its waking be lost with a worker, it is looked at all the same. */
const WAITING_LOOK_MS = 60_000;

/** What is to be done with the records of a round. */
export interface Sorted {
  /** Answered without a call. */
  readonly settlements: Settlement[];
  readonly writes: readonly Write[];
  readonly checks: Check[];
  /** Redeliveries that need nothing more. */
  readonly answered: string[];
  /** What a write displaces that an undo would have to put back. */
  readonly displacedBy: (write: Write) => readonly Displaced[];
}

/** Decides record by record; then what one record means for another: parents, one key claimed twice, order. */
export async function sortRound(pool: pg.Pool, taken: readonly Taken[], pipe: Pipe): Promise<Sorted> {
  const sorted = await sort(pool, taken, pipe);
  const nextAttemptAt = new Date(pipe.now().getTime() + WAITING_LOOK_MS);
  const settlements = sorted.settlements.map((settlement) =>
    settlement.state === 'pending' ? { ...settlement, nextAttemptAt } : settlement,
  );
  return { ...sorted, settlements };
}

async function sort(pool: pg.Pool, read: readonly Taken[], pipe: Pipe): Promise<Sorted> {
  const { mapping, connector, target, before } = pipe;
  const taken = await withRestores(pool, mapping.name, pipe.undone, read);
  const parents = await readParents(pool, taken, mapping, pipe.needs);
  const now = pipe.now();
  const writesWhole = connector.writesWhole?.(target) ?? false;
  const canRemove = connector.remove !== undefined;
  const settlements: Settlement[] = [];
  const writes: Write[] = [];
  const checks: Check[] = [];
  const answered: Taken[] = [];
  for (const record of taken) {
    const grounds = { canRemove, parents: parents.get(record.key) ?? NO_PARENTS };
    const decision = decide(record, mapping, now, writesWhole, grounds);
    if (decision.kind === 'settle') settlements.push(decision.settlement);
    if (decision.kind === 'write') writes.push(decision);
    if (decision.kind === 'check') checks.push(decision);
    if (decision.kind === 'ignore' && record.redelivery) answered.push(record);
  }
  const claimed = await claimKeys(pool, pipe, writes);
  const standing = [
    ...checks,
    ...claimed.writes.filter(({ isRemoval }) => isRemoval),
    ...settlements.flatMap(stands),
    ...answered.flatMap(stood),
  ];
  const spokenFor = await spokenForAmong(pool, mapping.name, standing);
  const isOwn = ({ key }: Taken): boolean => !spokenFor.has(key);
  const sorted = {
    settlements: [
      ...settlements.filter((settlement) => isOwn(settlement.taken)),
      ...claimed.settlements,
      ...spokenFor.values(),
    ],
    writes: claimed.writes.filter((write) => isOwn(write.taken)),
    checks: checks.filter((check) => isOwn(check.taken)),
    answered: answered.filter(isOwn).map(({ redelivery }) => redelivery!.id),
    displacedBy: (write: Write): readonly Displaced[] =>
      before ? displacedBy(write, before, (parents.get(write.taken.key) ?? NO_PARENTS).targets) : [],
  };
  if (target.operation !== 'append' || writes.length === 0) return sorted;
  const { writes: first, behind } = await inOrder(pool, mapping.name, mapping.stream, sorted.writes);
  sorted.settlements.push(...behind);
  return { ...sorted, writes: first };
}

/** Settled as standing there without a call. */
function stands({ taken, state, targetKey }: Settlement): Standing[] {
  return (state === 'verified' || state === 'sent') && targetKey !== null ? [{ taken, key: targetKey }] : [];
}

/** Asked for again, and found as it was left; what is in doubt waits for a person's word all the same. */
function stood(taken: Taken): Standing[] {
  const { state, sent, targetKey } = taken.previous ?? {};
  if (!sent || targetKey == null || state === 'inDoubt' || state === 'erased') return [];
  return [{ taken, key: targetKey }];
}
