import type pg from 'pg';
import type { Write } from './decide.js';
import { type DeliveryReason, type DeliveryState, type Settlement, unchanged } from './delivery.js';

interface Standing {
  readonly key: string;
  readonly seq: bigint;
  readonly state: DeliveryState;
}

const PARKED = `
  select c.person_id as person, d.key, c.seq, d.state
    from deliveries d
    join lateral (
      select seq, person_id from changes where key = d.key and stream = $2 order by version desc limit 1) c on true
   where d.mapping = $1 and d.next_attempt_at is not null and d.state in ('retrying', 'pending', 'inDoubt')
     and c.person_id = any($3::uuid[])`;

const BEHIND: DeliveryReason = {
  code: 'waits-in-order',
  message: 'Waits behind an earlier record of the same person.',
  owner: 'foyer',
};

/**
 * For what is appended, where the order of a person's records counts: at most one of a person under way, the others
 * wait each for the one before. A record that waits for somebody's word (in doubt, unreadable) keeps nobody waiting.
 */
export async function inOrder(
  pool: pg.Pool,
  mapping: string,
  stream: string,
  writes: readonly Write[],
): Promise<{ writes: readonly Write[]; behind: readonly Settlement[] }> {
  const sorted = [...writes].sort((a, b) => (seqOf(a) < seqOf(b) ? -1 : 1));
  const persons = [...new Set(sorted.flatMap((write) => personOf(write) ?? []))];
  if (persons.length === 0) return { writes: sorted, behind: [] };
  const { rows } = await pool.query<{ person: string; key: string; seq: string; state: DeliveryState }>({
    name: 'parked-in-order',
    text: PARKED,
    values: [mapping, stream, persons],
  });
  const inHand = new Set(sorted.map(({ taken }) => taken.key));
  const before = new Map<string, Standing[]>();
  for (const { person, key, seq, state } of rows) {
    if (inHand.has(key)) continue;
    before.set(person, [...(before.get(person) ?? []), { key, seq: BigInt(seq), state }]);
  }
  const first: Write[] = [];
  const behind: Settlement[] = [];
  for (const write of sorted) {
    const person = personOf(write);
    const seq = seqOf(write);
    const others = person === null ? [] : (before.get(person) ?? []);
    const last = others.filter((other) => other.seq < seq).sort((a, b) => (a.seq > b.seq ? -1 : 1))[0];
    if (last) behind.push(waiting(write, mapping, last));
    else first.push(write);
    // What is only now taken up has no delivery yet that could be seen to change.
    const { previous } = write.taken;
    if (person !== null)
      before.set(person, [...others, { key: write.taken.key, seq, state: previous?.state ?? 'sending' }]);
  }
  return { writes: first, behind };
}

function waiting({ taken }: Write, mapping: string, { key, state }: Standing): Settlement {
  return {
    ...unchanged(taken),
    state: 'pending',
    reason: BEHIND,
    waitsFor: { mapping, key, state },
  };
}

function seqOf({ taken }: Write): bigint {
  return BigInt(taken.seq ?? 0);
}

function personOf({ taken }: Write): string | null {
  const { person, personId } = taken.snapshot as { person?: { id?: unknown }; personId?: unknown };
  const id = person?.id ?? personId;
  return typeof id === 'string' ? id : null;
}
