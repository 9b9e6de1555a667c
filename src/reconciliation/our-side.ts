import type pg from 'pg';
import type { CompiledMapping } from '../mapping/compiled-mapping.js';
import type { Delivery, Taken } from '../pipelines/delivery.js';
import { type Need, NO_PARENTS, type Parents, readParents } from '../pipelines/parents.js';
import { streamRecords } from '../pipelines/stream-records.js';
import type { OurRecord } from './compare.js';

/** How a record of ours counts in a comparison. */
export type OurStanding =
  | { readonly kind: 'compared'; readonly record: OurRecord }
  /** On its way, waiting, or rejected: what stands there is settled elsewhere, and nothing is claimed. */
  | { readonly kind: 'moving'; readonly key: string; readonly targetKey: string | null }
  /** Not sent, or withdrawn: nothing of ours has to stand there. */
  | { readonly kind: 'left-out'; readonly key: string; readonly targetKey: string | null }
  | { readonly kind: 'unaccounted'; readonly key: string; readonly targetKey: string | null };

/** Every record of the mapping's stream as it was at one position of the log, a page at a time. */
export async function* ourSide(
  client: pg.ClientBase,
  mapping: CompiledMapping,
  needs: readonly Need[],
  position: string,
): AsyncGenerator<OurStanding[]> {
  for await (const page of streamRecords(client, mapping.stream, position, mapping.name)) {
    if (needs.length === 0) yield page.map((record) => standing(record.taken(), mapping));
    else
      yield await standingOf(
        client,
        mapping,
        needs,
        page.map((record) => record.taken()),
      );
  }
}

/** With what stands of their parents: `target("…")` is part of what the mapping makes of a record. */
export async function standingOf(
  client: Pick<pg.ClientBase, 'query'>,
  mapping: CompiledMapping,
  needs: readonly Need[],
  taken: readonly Taken[],
): Promise<OurStanding[]> {
  const parents = await readParents(client, taken, mapping, needs);
  return taken.map((record) => standing(record, mapping, parents.get(record.key)));
}

/** @param taken the record's newest version, with its delivery */
function standing(taken: Taken, mapping: CompiledMapping, parents: Parents = NO_PARENTS): OurStanding {
  const { key, previous } = taken;
  if (!previous) {
    const { key: targetKey } = mapping.evaluate(taken.snapshot, parents.targets);
    return { kind: 'unaccounted', key, targetKey };
  }
  const { targetKey } = previous;
  if (previous.version < previous.wanted || isMoving(previous)) return { kind: 'moving', key, targetKey };
  if (previous.state !== 'verified' && previous.state !== 'sent') return { kind: 'left-out', key, targetKey };
  if (targetKey === null) return { kind: 'moving', key, targetKey };
  const ours = wanted(taken, previous, mapping, parents);
  if (ours === null) return { kind: 'moving', key, targetKey };
  return {
    kind: 'compared',
    record: { key, targetKey, targetId: previous.targetId, ours, lastWritten: previous.shadow },
  };
}

function isMoving({ state, nextAttemptAt }: Delivery): boolean {
  return nextAttemptAt !== null || !['verified', 'sent', 'suppressed', 'retained', 'erased'].includes(state);
}

/** Without a parent that stands nothing can be made of the record anew: what was written last is to stand there. */
function wanted(
  taken: Taken,
  previous: Delivery,
  mapping: CompiledMapping,
  { targets, missing }: Parents,
): OurRecord['ours'] | null {
  if (missing.length > 0) return previous.shadow;
  const evaluation = mapping.evaluate(taken.snapshot, targets);
  if (evaluation.kind === 'write' && evaluation.key === previous.targetKey) return evaluation.fields;
  return null;
}
