import type { CallOptions, Connector, Outcome, Reason } from '../connectors/connector.js';
import type { Write } from './decide.js';
import type { Delivering } from './delivering.js';

/** What `match` found for a write: a record to adopt, or why it cannot be written now. */
export type Match =
  | { readonly kind: 'adopt'; readonly targetId: string }
  | { readonly kind: 'stop'; readonly outcome: Outcome };

/**
 * Looks at the backend for records that are there already under other fields than our key, before one is created.
 * What a dead worker may have created is found in the same way, and is ours by its key.
 */
export async function findMatches(
  writes: readonly Write[],
  by: Delivering,
  options: CallOptions,
): Promise<ReadonlyMap<Write, Match>> {
  const matches = new Map<Write, Match>();
  const { match, connector, target } = by;
  if (!match || !connector.find) return matches;
  const asking = writes.filter((write) => isUnknown(write) && criteria(write, match.by) !== null);
  if (asking.length === 0) return matches;
  const asked = asking.map((write) => criteria(write, match.by)!);
  const fields = [...new Set([target.keyField, ...match.by])];
  const { found, failure } = await connector.find(target, asked, fields, options);
  const adopted = new Set<string>();
  asking.forEach((write, i) => {
    const standing = found[i];
    if (standing === undefined) {
      matches.set(write, { kind: 'stop', outcome: failure ?? NOT_LOOKED_UP });
      return;
    }
    const one = chosen(write, standing, match.onMany, connector, by);
    if (one === null) return;
    const isTwice = one.kind === 'adopt' && adopted.has(one.targetId);
    if (one.kind === 'adopt') adopted.add(one.targetId);
    matches.set(write, isTwice ? rejected('match-taken', TAKEN) : one);
  });
  return matches;
}

const TAKEN = 'The record that match finds there belongs to another record of ours.';

function chosen(
  write: Write,
  standing: readonly { targetId: string; fields: Readonly<Record<string, unknown>> }[],
  onMany: 'reject' | 'first',
  connector: Connector,
  { target }: Delivering,
): Match | null {
  const ownKey = connector.canonical(target, target.keyField, write.key);
  const keyOf = (record: (typeof standing)[number]) =>
    connector.canonical(target, target.keyField, record.fields[target.keyField]);
  if (standing.some((record) => keyOf(record) === ownKey)) return null; // ours: the key leads to it
  if (standing.length === 0) return null;
  const free = standing.filter((record) => keyOf(record) === null);
  if (free.length === 0) return rejected('match-taken', TAKEN);
  if (standing.length > 1 && onMany === 'reject')
    return rejected('match-many', `match finds ${standing.length} records there; merge them or set onMany.`);
  return { kind: 'adopt', targetId: free[0]!.targetId };
}

function rejected(code: string, message: string): Match {
  return { kind: 'stop', outcome: { kind: 'rejected', reason: { code, message, owner: 'backend' } } };
}

const NOT_LOOKED_UP_REASON: Reason = {
  code: 'match-unread',
  message: 'It could not be looked up whether the record is there already.',
  owner: 'backend',
};
const NOT_LOOKED_UP: Outcome = { kind: 'retry', afterMs: null, reason: NOT_LOOKED_UP_REASON };

/** Nothing that we know of stands there. */
function isUnknown({ taken, isRemoval }: Write): boolean {
  return isRemoval !== true && (taken.previous?.targetId ?? null) === null;
}

/** Null where the record lacks one of the fields: an empty value matches strangers. */
function criteria({ fields }: Write, by: readonly string[]): Record<string, string> | null {
  const asked: Record<string, string> = {};
  for (const name of by) {
    const value = fields[name];
    if (value === undefined || value === null || value === '') return null;
    asked[name] = String(value);
  }
  return asked;
}
