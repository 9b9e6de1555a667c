/**
 * What an undo has to put back. A version of a mapping may write over what the version before leaves alone: a field
 * that it does not name, that it omits, that belongs to its first write, or a record that it keeps or rejects. Then
 * the mapping that comes back says nothing of what stood there.
 *
 * 1. Before a write leaves, it is compared with what the version before makes of the same record: what is written over
 *    and would not be written back is noted, the first time that a field is met. A note is there before the call, so
 *    that no answer that is lost and no worker that dies takes it along.
 * 2. An undo names the versions that it takes back (`mappings.undone`). Whatever brings a record of theirs into a round
 *    from then on, its notes go out with the write, beneath what the mapping says.
 * 3. A record that stands as it should needs its notes no longer.
 *
 * A write of the undone version that was under way while it was undone has its note as well, and the settle that finds
 * another version in force asks for its record again.
 */
import type { Fields, FieldValue } from '../connectors/connector.js';
import type { CompiledMapping, Evaluation, Targets } from '../mapping/compiled-mapping.js';
import type { Write } from './decide.js';
import { isFirstWrite } from './diff.js';

/** Why something cannot be had back as it stood; all but `unknown` speak of the record as a whole. */
export type Irreversible = 'unknown' | 'created' | 'rekeyed' | 'removed';

/** A field that is written over though the version before leaves it alone, or a record that has another place then. */
export interface Displaced {
  /** Null: the record as a whole. */
  readonly field: string | null;
  /** What stood there. */
  readonly value: FieldValue;
  /** Null: `value` can be put back. */
  readonly why: Irreversible | null;
}

const NOTHING: readonly Displaced[] = [];

/** @param before the version that an undo would put in force again */
export function displacedBy(write: Write, before: CompiledMapping, targets: Targets): readonly Displaced[] {
  const { taken, key, goal, isRemoval } = write;
  if (goal === 'erased') return NOTHING;
  const standing = taken.previous;
  const evaluation = before.evaluate(taken.snapshot, targets);
  if (evaluation.kind === 'notMatching' && evaluation.whenNot === 'delete') return NOTHING;
  if (!standing?.sent) return evaluation.kind === 'write' ? NOTHING : [asAWhole('created')];
  if (standing.targetKey !== null && standing.targetKey !== key)
    return evaluation.key === key ? NOTHING : [asAWhole('rekeyed')];
  const fields = fieldsLeftAlone(write, wantedBy(evaluation), before);
  return isRemoval ? [asAWhole('removed'), ...fields] : fields;
}

function asAWhole(why: Irreversible): Displaced {
  return { field: null, value: null, why };
}

function fieldsLeftAlone(
  { taken, fields, isRemoval }: Write,
  wanted: Fields,
  before: CompiledMapping,
): Displaced[] {
  // What an undo is still to put back there stands there as good as already.
  const stood: Fields = { ...taken.previous!.shadow, ...taken.restore };
  return Object.keys(isRemoval ? stood : fields).flatMap((field): Displaced[] => {
    const value = stood[field];
    const isWrittenBack = field in wanted && !(value !== undefined && isFirstWrite(before, field));
    if (isWrittenBack || (!isRemoval && value === fields[field])) return [];
    return [value === undefined ? { field, value: null, why: 'unknown' } : { field, value, why: null }];
  });
}

/** What a version writes of a record that stands there. */
function wantedBy(evaluation: Evaluation): Fields {
  if (evaluation.kind === 'write') return evaluation.fields;
  return evaluation.kind === 'notMatching' && typeof evaluation.whenNot !== 'string'
    ? evaluation.whenNot
    : {};
}
