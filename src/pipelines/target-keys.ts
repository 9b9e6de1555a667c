import type pg from 'pg';
import { claimantOf } from './claimants.js';
import { type ChangeKind, type PlannedRecord } from './compare-record.js';
import { contributionOf, type PlanContribution } from './plan-counts.js';

/** Two records that would claim one key at the target. */
export interface DuplicateKey {
  readonly keys: readonly string[];
}

/** A record that was counted, and is not written: another one speaks for its key. */
export interface SpokenFor extends PlanContribution {
  readonly key: string;
  readonly slot: number;
  readonly isWritten: boolean;
}

/** What meets at one key. */
export interface Meetings {
  /** Records that come too late for their key. */
  readonly count: number;
  /** The first few of them with whom they meet. */
  readonly samples: readonly DuplicateKey[];
  readonly spokenFor: readonly SpokenFor[];
}

interface Row {
  target_key: string;
  key: string;
  is_over: boolean;
  kind: ChangeKind;
  slot: number;
  is_written: boolean;
  is_nulled: boolean;
  unknown_fields: number;
}

const SHOWN_MAX = 5;
const NONE: Meetings = { count: 0, samples: [], spokenFor: [] };

/**
 * Forecasts records that claim the same key. Kept in a temporary table: a stream of millions does not fit in here.
 * A record whose key at the target is its own id cannot meet another one, and is not noted.
 */
export class TargetKeys {
  private isMade = false;

  constructor(
    private readonly client: pg.ClientBase,
    private readonly stream: string,
  ) {}

  async note(records: readonly PlannedRecord[]): Promise<void> {
    const claims = records.filter(({ key, targetKey }) => targetKey !== null && targetKey !== key);
    if (claims.length === 0) return;
    if (!this.isMade) {
      await this.client.query(
        `create temp table plan_targets (target_key text, key uuid, kind text, slot smallint, is_written boolean,
           is_nulled boolean, unknown_fields integer) on commit drop`,
      );
      this.isMade = true;
    }
    const counted = claims.map(contributionOf);
    await this.client.query(
      `insert into plan_targets
       select * from unnest($1::text[], $2::uuid[], $3::text[], $4::smallint[], $5::boolean[], $6::boolean[],
                            $7::integer[])`,
      [
        claims.map(({ targetKey }) => targetKey),
        claims.map(({ key }) => key),
        counted.map(({ kind }) => kind),
        claims.map(({ slot }) => slot),
        claims.map(({ write }) => write !== null),
        counted.map(({ isNulled }) => isNulled),
        counted.map(({ unknownFields }) => unknownFields),
      ],
    );
  }

  async meetings(): Promise<Meetings> {
    if (!this.isMade) return NONE;
    // Two that live collide; of a person at an event one lives at most, and the others have had their say.
    const { rows } = await this.client.query<{ keys: string[]; late: string }>(
      `select (array_agg(key order by key))[1:2] as keys, (sum(count(*) - 1) over ())::bigint as late
         from (${this.met()}) m where not is_over group by target_key having count(*) > 1 limit $1`,
      [SHOWN_MAX],
    );
    return {
      count: Number(rows[0]?.late ?? 0),
      samples: rows.map(({ keys }) => ({ keys })),
      spokenFor: await this.spokenFor(),
    };
  }

  /** In the order of `outranks`; two that live collide whatever their order. */
  private async spokenFor(): Promise<SpokenFor[]> {
    if (claimantOf(this.stream, 't.key') === null) return [];
    const { rows } = await this.client.query<Row>(
      `select * from (
         select m.*, row_number() over (partition by target_key
                       order by has_attended desc, is_over, since desc, key desc) as place,
                count(*) filter (where not is_over) over (partition by target_key) as living
           from (${this.met()}) m) ranked
        where place > 1 and (is_over or living = 1)`,
    );
    return rows.map((row) => ({
      key: row.key,
      slot: row.slot,
      isWritten: row.is_written,
      kind: row.kind,
      isNulled: row.is_nulled,
      unknownFields: row.unknown_fields,
    }));
  }

  /** What is noted, with what is known of each as a claimant. */
  private met(): string {
    const claimant = claimantOf(this.stream, 't.key');
    if (claimant === null) return 'select t.*, false as is_over from plan_targets t';
    return `
      select t.*, coalesce(c.is_over, true) as is_over, coalesce(c.has_attended, false) as has_attended,
             coalesce(c.since, '-infinity') as since
        from plan_targets t left join lateral (${claimant}) c on true
       where t.target_key in (select target_key from plan_targets group by target_key having count(*) > 1)`;
  }
}
