import { createHash } from 'node:crypto';
import type { ReadResult } from '../connectors/connector.js';
import type { Reconciling } from './reconciling.js';

/** An object that seems to be too much there. */
export interface Suspect {
  readonly targetKey: string;
  readonly targetId: string;
}

export type Seen =
  /** It stands there under its id and our key; the digest is over what our mapping may write, and the key. */
  | { readonly kind: 'there'; readonly sha256: string }
  | { readonly kind: 'gone' }
  /** It does not carry our key any more. */
  | { readonly kind: 'released' }
  /** Something else answers to its id, or this backend lets nobody read by it. */
  | { readonly kind: 'elsewhere' }
  | { readonly kind: 'unread'; readonly failure: ReadResult['failure'] };

export type Seeing = Pick<Reconciling, 'connector' | 'target' | 'mapping' | 'inTurn'>;

/** Reads these objects by their ids, in the order given. */
export async function see(suspects: readonly Suspect[], by: Seeing): Promise<Seen[]> {
  const { connector, target, mapping, inTurn } = by;
  const max = connector.readBackMax(target);
  if (max === 0) return suspects.map(() => ({ kind: 'elsewhere' }));
  const fields = [...new Set([target.keyField, ...mapping.writes])];
  const seen: Seen[] = [];
  for (let i = 0; i < suspects.length; i += max) {
    const part = suspects.slice(i, i + max);
    const asked = part.map(({ targetKey, targetId }) => ({ key: targetKey, targetId }));
    const { records, failure } = await inTurn((options) =>
      connector.readBack(target, asked, fields, options),
    );
    part.forEach((suspect, n) => seen.push(judged(suspect, records[n], failure, fields, by)));
  }
  return seen;
}

function judged(
  { targetKey, targetId }: Suspect,
  stored: ReadResult['records'][number],
  failure: ReadResult['failure'],
  fields: readonly string[],
  { connector, target }: Seeing,
): Seen {
  if (stored === undefined) return { kind: 'unread', failure };
  if (stored === null) return { kind: 'gone' };
  if (stored.targetId !== targetId) return { kind: 'elsewhere' };
  const canonical = (name: string, value: unknown) => connector.canonical(target, name, value);
  const key = canonical(target.keyField, stored.fields[target.keyField]);
  // Not every key stands in a field: some are made of two ids.
  if (key !== null && key !== canonical(target.keyField, targetKey)) return { kind: 'released' };
  const values = fields.map((name) => [name, canonical(name, stored.fields[name])]);
  return { kind: 'there', sha256: createHash('sha256').update(JSON.stringify(values)).digest('hex') };
}
