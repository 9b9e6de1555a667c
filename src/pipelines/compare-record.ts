import type { Fields, FieldValue } from '../connectors/connector.js';
import type { CompiledMapping, Evaluation } from '../mapping/compiled-mapping.js';
import { decide, type Decision } from './decide.js';
import type { Delivery, DeliveryReason, Taken } from './delivery.js';
import { NO_PARENTS, type Parents } from './parents.js';

/** What another version of a mapping does to a record; each record is of exactly one kind. */
export const CHANGE_KINDS = [
  /** Nothing, or nothing that the version in force would not do as well. */
  'unchanged',
  /** Written for the first time. */
  'created',
  /** Fields get another value than the one that is known to stand there. */
  'changed',
  /** Only fields are written of which nobody knows what stands there. */
  'unknown',
  /** Written under another key: what was written under the old one stays there. */
  'rekeyed',
  /** Nothing is written, and the record counts as delivered from then on. */
  'accepted',
  /** `when` does not hold any more, and it was never sent. */
  'suppressed',
  /** `when` does not hold any more, and it stays there, with the fields of `whenNot` where it names some. */
  'retained',
  /** `when` does not hold any more, and it is removed there. */
  'removed',
  /** The new version rejects it. */
  'rejected',
  /** It waits for the delivery of another record. */
  'waiting',
] as const;
export type ChangeKind = (typeof CHANGE_KINDS)[number];

export interface PlannedField {
  readonly name: string;
  /** What is known to stand there; absent where nobody knows. */
  readonly from?: FieldValue;
  readonly to: FieldValue;
}

/** What is to happen to one record. Holds values of a person: shown to operators, not stored. */
export interface PlannedRecord {
  readonly key: string;
  readonly slot: number;
  readonly version: number;
  readonly kind: ChangeKind;
  /** What is sent; null where nothing is. */
  readonly write: Fields | null;
  /** The part of it that differs from what is known to stand there. */
  readonly fields: readonly PlannedField[];
  readonly reason: DeliveryReason | null;
  readonly targetId: string | null;
  /** What it is known by there; null where it is not to stand there. */
  readonly targetKey: string | null;
}

/** The two versions, and how the destination wants its writes. */
export interface Comparing {
  readonly from: CompiledMapping | null;
  readonly to: CompiledMapping;
  readonly writesWhole: boolean;
  /** The destination removes records: `whenNot: delete`. */
  readonly canRemove: boolean;
  readonly now: Date;
}

/**
 * Compares what both versions make of a record, and what stands there. Decides by the same function as the delivery
 * after an apply: what is planned is what is done.
 */
export function compareRecord(taken: Taken, by: Comparing, parents: Parents = NO_PARENTS): PlannedRecord {
  const { targets } = parents;
  const after = by.to.evaluate(taken.snapshot, targets);
  const targetKey = after.kind === 'write' ? after.key : null;
  if (by.from && hasSameTerms(by.from, by.to) && isSame(by.from.evaluate(taken.snapshot, targets), after)) {
    return plain(taken, 'unchanged', targetKey);
  }
  const asked = { ...taken, redelivery: ASKED };
  const grounds = { canRemove: by.canRemove, parents, evaluation: after };
  return planned(asked, decide(asked, by.to, by.now, by.writesWhole, grounds), targetKey);
}

const ASKED = { id: '', whole: false } as const;

function planned(taken: Taken, decision: Decision, targetKey: string | null): PlannedRecord {
  const { previous } = taken;
  switch (decision.kind) {
    case 'write': {
      // Who was erased is withdrawn by whichever version is in force.
      if (decision.goal === 'erased') return plain(taken, 'unchanged', null);
      if (decision.isRemoval) return { ...plain(taken, 'removed', null), write: {}, reason: decision.reason };
      // Under another key nothing of what stood there is known.
      const shadow = decision.taken.previous?.shadow ?? null;
      const fields = differing(decision.fields, shadow);
      const kind = decision.goal === 'retained' ? 'retained' : kindOfWrite(decision.key, previous, fields);
      const { fields: write, reason } = decision;
      return { ...plain(taken, kind, decision.key), write, fields, reason };
    }
    case 'settle': {
      const { state, reason } = decision.settlement;
      const kind = previous?.state === state ? 'unchanged' : kindOfState(state);
      return { ...plain(taken, kind, targetKey), reason };
    }
    default:
      return plain(taken, 'unchanged', targetKey);
  }
}

function plain(taken: Taken, kind: ChangeKind, targetKey: string | null): PlannedRecord {
  const { key, slot, version } = taken;
  const targetId = kind === 'unchanged' ? null : (taken.previous?.targetId ?? null);
  return { key, slot, version, kind, write: null, fields: [], reason: null, targetId, targetKey };
}

function kindOfWrite(key: string, previous: Delivery | null, fields: readonly PlannedField[]): ChangeKind {
  if (!previous?.sent) return 'created';
  if (previous.targetKey !== null && previous.targetKey !== key) return 'rekeyed';
  return fields.some((field) => field.from !== undefined) ? 'changed' : 'unknown';
}

function kindOfState(state: string): ChangeKind {
  if (state === 'suppressed' || state === 'retained' || state === 'rejected') return state;
  if (state === 'erased') return 'unchanged';
  return state === 'pending' ? 'waiting' : 'accepted';
}

export function differing(write: Fields, shadow: Fields | null): PlannedField[] {
  return Object.entries(write).flatMap(([name, to]) => {
    const from = shadow?.[name];
    if (from === undefined) return [{ name, to }];
    return from === to ? [] : [{ name, from, to }];
  });
}

/** What decides beside the evaluation: who owns a field, and which deliveries must be there first. */
const terms = new WeakMap<CompiledMapping, string>();

function hasSameTerms(a: CompiledMapping, b: CompiledMapping): boolean {
  return termsOf(a) === termsOf(b);
}

function termsOf(mapping: CompiledMapping): string {
  let known = terms.get(mapping);
  if (known === undefined) {
    const owners = mapping.fields.map(({ name, owner }) => `${name}:${owner}`).sort();
    known = [...owners, ...mapping.needs].join();
    terms.set(mapping, known);
  }
  return known;
}

function isSame(a: Evaluation, b: Evaluation): boolean {
  if (a.kind !== b.kind || a.key !== b.key) return false;
  if (a.kind === 'write') return isSameFields(a.fields, (b as typeof a).fields);
  if (a.kind === 'rejected') {
    const { reason } = b as typeof a;
    return a.reason.code === reason.code && a.reason.field === reason.field;
  }
  const { whenNot } = b as typeof a;
  if (typeof a.whenNot === 'string' || typeof whenNot === 'string') return a.whenNot === whenNot;
  return isSameFields(a.whenNot, whenNot);
}

function isSameFields(a: Fields, b: Fields): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}
