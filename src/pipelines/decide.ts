import type { Fields } from '../connectors/connector.js';
import type { CompiledMapping, Evaluation, MappingReason } from '../mapping/compiled-mapping.js';
import {
  type DeliveryReason,
  type DeliveryState,
  type Settlement,
  type Taken,
  unchanged,
} from './delivery.js';
import { difference, putBack } from './diff.js';
import { isLeftOut, NO_PARENTS, type Parents, reasonToWait, type WaitedFor } from './parents.js';

/** A record that has to be written. */
export interface Write {
  readonly kind: 'write';
  readonly taken: Taken;
  readonly key: string;
  /** What to send: the difference, or the whole where the shadow is unknown. */
  readonly fields: Fields;
  /** The state when it is verified: `retained` where `whenNot`'s fields are written. */
  readonly goal: DeliveryState;
  /** Why it is retained, or removed. */
  readonly reason: DeliveryReason | null;
  /** The record is to be removed there: `whenNot: delete`. */
  readonly isRemoval?: boolean;
}

/** A record that was written and has to be read once more. */
export interface Check {
  readonly kind: 'check';
  readonly taken: Taken;
  readonly key: string;
}

export type Decision =
  | Write
  | Check
  /** Answered without a call. */
  | { readonly kind: 'settle'; readonly settlement: Settlement }
  /** Nothing new: a version that has its answer already. */
  | { readonly kind: 'ignore' };

/** What a decision rests on beside the record and its mapping. */
export interface Grounds {
  /** The connector removes records. */
  readonly canRemove: boolean;
  readonly parents: Parents;
  /** What the mapping makes of the record, where that is known already. */
  readonly evaluation?: Evaluation;
}

const NO_GROUNDS: Grounds = { canRemove: false, parents: NO_PARENTS };

/**
 * What is to be done with one record. Pure: everything it needs is in its arguments.
 * @param writesWhole the connector wants every field of a record that it writes, not only what differs
 */
export function decide(
  taken: Taken,
  mapping: CompiledMapping,
  now: Date,
  writesWhole: boolean = false,
  grounds: Grounds = NO_GROUNDS,
): Decision {
  const { previous } = taken;
  const isAsked = taken.redelivery != null;
  const isDue = previous?.nextAttemptAt != null && previous.nextAttemptAt <= now;
  if (previous && taken.version <= previous.version && !isDue && !isAsked) return { kind: 'ignore' };
  if (isAsked && !mayGoAgain(taken, mapping)) return { kind: 'ignore' };
  if (previous && !isAsked && isBackingOff(taken, now)) return join(taken);
  if (isDue && !isAsked && isCheckable(taken)) {
    const key = previous.targetKey ?? mapping.evaluate(taken.snapshot, grounds.parents.targets).key;
    if (key !== null) return { kind: 'check', taken, key };
    if (previous.state === 'inDoubt') return stayInDoubt(taken);
  }
  return decideAnew(withoutDoubt(taken, now), mapping, writesWhole, grounds);
}

/** A newer version takes the place of a look that is due by writing all: nobody knows what a late call left there. */
function withoutDoubt(taken: Taken, now: Date): Taken {
  const { previous } = taken;
  if (previous?.recheckAt == null || previous.recheckAt > now) return taken;
  return { ...taken, previous: { ...previous, shadow: null } };
}

/** What the mapping makes of the record, whatever waits or falls due. */
export function decideAnew(
  taken: Taken,
  mapping: CompiledMapping,
  writesWhole: boolean,
  grounds: Grounds = NO_GROUNDS,
): Decision {
  if (isErased(taken.snapshot)) return decideErased(taken, mapping, writesWhole, grounds);
  const { previous } = taken;
  const { targets, missing } = grounds.parents;
  const evaluation = grounds.evaluation ?? mapping.evaluate(taken.snapshot, targets);
  const isWanting = evaluation.kind === 'rejected' && evaluation.reason.waitsFor !== undefined;
  if (missing[0] && (evaluation.kind === 'write' || isWanting)) return wait(taken, mapping, missing[0]);
  if (evaluation.kind === 'rejected') return leave(taken, mapping, 'rejected', evaluation, writesWhole);
  if (evaluation.kind === 'write')
    return write(taken, mapping, evaluation.key, evaluation.fields, 'verified', null, writesWhole);
  if (!previous?.sent) return settle(taken, 'suppressed', evaluation.reason);
  if (evaluation.whenNot === 'keep') return leave(taken, mapping, 'retained', evaluation, writesWhole);
  if (evaluation.whenNot === 'delete')
    return remove(taken, evaluation.key, evaluation.reason, 'suppressed', grounds);
  const reason = reasonOf(evaluation.reason);
  return write(taken, mapping, evaluation.key, evaluation.whenNot, 'retained', reason, writesWhole);
}

/**
 * The person was erased: what never left is done with; what was sent is withdrawn as `whenNot` says, under the key
 * that it has there, since the record no longer tells one. A mapping without `when` writes what is left: nothing.
 */
function decideErased(
  taken: Taken,
  mapping: CompiledMapping,
  writesWhole: boolean,
  grounds: Grounds,
): Decision {
  const { previous } = taken;
  if (!previous?.sent) return settleErased(taken);
  const evaluation = mapping.evaluate(taken.snapshot, grounds.parents.targets);
  const wanted = evaluation.kind === 'write' ? evaluation.fields : mapping.whenNot;
  const key = previous.targetKey ?? evaluation.key;
  if (wanted === 'keep' || key === null) return settleErased(taken);
  if (wanted === 'delete') return remove(taken, key, erasedReason(mapping), 'erased', grounds);
  return write(taken, mapping, key, wanted, 'erased', null, writesWhole);
}

function settleErased(taken: Taken): Decision {
  return {
    kind: 'settle',
    settlement: { ...unchanged(taken), state: 'erased', targetKey: null, shadow: null, reason: null },
  };
}

function erasedReason({ file }: CompiledMapping): MappingReason {
  return { code: 'erased', message: 'The person was erased', owner: 'data', file, line: 1, field: null };
}

/** Until its parent is there; what was left out together with its parent has its answer, and gets another with it. */
function wait(taken: Taken, mapping: CompiledMapping, parent: WaitedFor): Decision {
  const { mapping: waited, key, state } = parent;
  const reason = reasonOf(reasonToWait(parent, mapping));
  const answer = isLeftOut(parent) ? (taken.previous?.sent ? 'retained' : 'suppressed') : 'pending';
  const waitsFor = key === null ? {} : { waitsFor: { mapping: waited, key, state } };
  return { kind: 'settle', settlement: { ...unchanged(taken), state: answer, reason, ...waitsFor } };
}

/** Left there as it stands; or where an undo has to put something back, as it stood. */
function leave(
  taken: Taken,
  mapping: CompiledMapping,
  state: DeliveryState,
  { key, reason }: { readonly key: string | null; readonly reason: MappingReason },
  writesWhole: boolean,
): Decision {
  const { previous, restore } = taken;
  const under = previous?.targetKey ?? key;
  if (!restore || !previous?.sent || under === null) return settle(taken, state, reason);
  return write(taken, mapping, under, {}, state, reasonOf(reason), writesWhole);
}

/** What is removed is as if it had never been sent. */
function remove(
  taken: Taken,
  key: string,
  because: MappingReason,
  goal: DeliveryState,
  { canRemove }: Grounds,
): Decision {
  if (!canRemove) return settle(taken, 'rejected', deleteIsNotOffered(because));
  const reason = { ...reasonOf(because), code: 'removed', message: `${because.message}; removed there` };
  const under = taken.previous?.targetKey ?? key;
  return { kind: 'write', taken, key: under, fields: {}, goal, reason, isRemoval: true };
}

/** A registration says so by its status, other records by their person. */
export function isErased(snapshot: unknown): boolean {
  const { status, person } = snapshot as { status?: unknown; person?: { erasedAt?: unknown } };
  return status === 'erased' || person?.erasedAt != null;
}

/** Who is erased stays so; what is in doubt goes again only where a person asked; what was appended stands already. */
function mayGoAgain({ previous, version, redelivery }: Taken, mapping: CompiledMapping): boolean {
  if (!previous || version > previous.version) return true;
  if (previous.state === 'erased') return false;
  if (previous.state === 'inDoubt') return redelivery!.whole;
  return mapping.operation !== 'append' || !['sent', 'verified'].includes(previous.state);
}

/**
 * Waiting for its next attempt, or for somebody to say whether it was written: a newer version joins it and goes out
 * with it.
 */
function isBackingOff({ previous }: Taken, now: Date): boolean {
  const isLater = previous?.nextAttemptAt != null && previous.nextAttemptAt > now;
  if (previous?.state === 'inDoubt') return isLater || previous.nextAttemptAt === null;
  return previous?.state === 'retrying' && isLater;
}

function isCheckable({ previous, version }: Taken): boolean {
  if (previous?.state === 'inDoubt') return true;
  return (
    (previous?.state === 'sent' || previous?.state === 'verified' || previous?.state === 'retained') &&
    version === previous.version
  );
}

const IN_DOUBT: DeliveryReason = {
  code: 'in-doubt',
  message: 'It is not known whether an earlier version was written; this one waits with it.',
  owner: 'backend',
};

/** It no longer tells the key to read it back by: then only a person can tell. */
function stayInDoubt(taken: Taken): Decision {
  return { kind: 'settle', settlement: { ...unchanged(taken), state: 'inDoubt', reason: IN_DOUBT } };
}

function join(taken: Taken): Decision {
  const previous = taken.previous!;
  if (previous.wanted >= taken.version) return { kind: 'ignore' };
  const reason = previous.state === 'inDoubt' ? IN_DOUBT : null;
  return {
    kind: 'settle',
    settlement: { ...unchanged(taken), ...previous, attempt: null, reason },
  };
}

function write(
  before: Taken,
  mapping: CompiledMapping,
  key: string,
  wanted: Fields,
  goal: DeliveryState,
  reason: DeliveryReason | null,
  writesWhole: boolean,
): Decision {
  const taken = underKey(before, key);
  const shadow = taken.previous?.shadow ?? null;
  const { redelivery } = taken;
  const restore = goal === 'erased' ? undefined : taken.restore;
  const differing = difference(wanted, shadow, mapping, redelivery?.whole);
  const fields = restore ? { ...differing, ...putBack(restore, wanted, shadow, mapping) } : differing;
  if (Object.keys(fields).length > 0 || shadow === null) {
    const whole = { ...shadow, ...fields };
    return { kind: 'write', taken, key, fields: writesWhole ? whole : fields, goal, reason };
  }
  if (redelivery && !restore && standsAlready(taken, goal)) return { kind: 'ignore' };
  // A look that is still due is not answered by there being nothing to write.
  const nextAttemptAt = taken.previous?.recheckAt ?? null;
  const stands = { ...unchanged(taken), state: goal, targetKey: key, nextAttemptAt, reason };
  return { kind: 'settle', settlement: stands };
}

/** A mapping that was given another key writes another object there: what stood under the old key says nothing of it. */
function underKey(taken: Taken, key: string): Taken {
  const { previous } = taken;
  if (!previous?.sent || previous.targetKey === null || previous.targetKey === key) return taken;
  return { ...taken, previous: { ...previous, shadow: null, targetId: null } };
}

/** Asked for again and found as it should be: a look that is still due must not be lost with it. */
function standsAlready({ previous, version }: Taken, goal: DeliveryState): boolean {
  return version === previous?.version && (previous.state === goal || previous.state === 'sent');
}

function settle(taken: Taken, state: DeliveryState, reason: MappingReason): Decision {
  return { kind: 'settle', settlement: { ...unchanged(taken), state, reason: reasonOf(reason) } };
}

function reasonOf(reason: MappingReason): DeliveryReason {
  const { code, message, owner, file, line, field } = reason;
  return { code, message, owner, file, line, field };
}

function deleteIsNotOffered(reason: MappingReason): MappingReason {
  return {
    ...reason,
    code: 'delete-not-offered',
    message: 'whenNot asks to delete, which this destination does not offer; write fields or keep instead.',
    owner: 'mapping',
  };
}
