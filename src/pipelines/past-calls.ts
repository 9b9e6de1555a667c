import { Inject, Injectable } from '@nestjs/common';
import type pg from 'pg';
import type { Fields } from '../connectors/connector.js';
import type { CompiledMapping, Evaluation } from '../mapping/compiled-mapping.js';
import { PG_POOL } from '../platform/database/database.module.js';
import { AppliedMappings } from './applied-mappings.js';
import { isErased } from './decide.js';
import type { Taken } from './delivery.js';
import { type Need, readParents } from './parents.js';

/** One record of a call, made again. */
export interface PastRecord {
  readonly key: string;
  readonly version: number;
  /** What it is known by at the backend; null where the mapping makes none. */
  readonly targetKey: string | null;
  /** Everything that the mapping made of it, of which the call sent what differed; null where it makes no write. */
  readonly fields: Fields | null;
  /** The person was erased since: nothing is left to make it of. */
  readonly isErased: boolean;
}

export interface PastCall {
  readonly id: string;
  readonly at: string;
  readonly mappingVersion: number;
  readonly requestId: string | null;
  readonly status: number | null;
  readonly records: readonly PastRecord[];
}

/** With a thousand records a call, as much as one answer holds: each brings its snapshot. */
export const CALLS_MAX = 10;

export interface CallRange {
  readonly since: Date | null;
  readonly until: Date | null;
  /** The last call of the page before. */
  readonly after: string | null;
  readonly limit: number;
}

/** What a call was mapped by. */
interface Version {
  readonly mapping: CompiledMapping;
  readonly needs: readonly Need[];
}

interface Row {
  id: string;
  at: Date;
  mapping_version: number;
  request_id: string | null;
  status: number | null;
  records: { key: string; slot: number; version: number; snapshot: Record<string, unknown> | null }[];
}

/** A call's id is of the moment when its records were chosen: it may have waited for its turn for so long at most. */
const TURN_MS_MAX = 3_600_000;

// The log holds every version of a record as it was, the call which of them it was about. Ids are in order of time: they
// find the calls without a look at all others.
const CALLS = `
  select a.id, a.at, a.mapping_version, a.request_id, a.status, r.records
    from (select * from attempts
           where mapping = $1 and ($2::timestamptz is null or at >= $2) and ($3::timestamptz is null or at < $3)
             and id > $4 and ($7::uuid is null or id < $7)
           order by id limit $5) a
    cross join lateral (
      select json_agg(json_build_object('key', k.key, 'slot', c.slot, 'version', k.version, 'snapshot', c.snapshot)
                      order by k.n) as records
        from unnest(a.keys, a.versions) with ordinality as k (key, version, n)
        left join changes c on c.stream = $6 and c.key = k.key and c.version = k.version) r
   order by a.id`;

/**
 * The calls of a day made again, from the log and the versions of the mapping that were in force: the same bytes as
 * then, except of persons that were erased since. Nothing is sent.
 */
@Injectable()
export class PastCalls {
  constructor(
    @Inject(PG_POOL) private readonly pool: pg.Pool,
    private readonly applied: AppliedMappings,
  ) {}

  async list({ name, stream }: CompiledMapping, range: CallRange): Promise<PastCall[]> {
    const { since, until, after, limit } = range;
    const from = after ?? idAt(since === null ? 0 : since.getTime() - TURN_MS_MAX);
    const to = until && idAt(until.getTime());
    const { rows } = await this.pool.query<Row>(CALLS, [name, since, until, from, limit, stream, to]);
    const versions = new Map<number, Version | null>();
    const calls: PastCall[] = [];
    for (const row of rows) {
      const { mapping_version: version } = row;
      if (!versions.has(version)) versions.set(version, await this.version(name, version));
      calls.push(await this.made(row, versions.get(version)!));
    }
    return calls;
  }

  private async version(name: string, version: number): Promise<Version | null> {
    const mapping = await this.applied.version(name, version);
    return mapping && { mapping, needs: await this.applied.needsOf(mapping) };
  }

  private async made(row: Row, by: Version | null): Promise<PastCall> {
    const taken = row.records.map((record): Taken => ({ ...record, previous: null }));
    const parents = by && (await readParents(this.pool, taken, by.mapping, by.needs));
    return {
      id: row.id,
      at: row.at.toISOString(),
      mappingVersion: row.mapping_version,
      requestId: row.request_id,
      status: row.status,
      records: row.records.map(({ key, version, snapshot }) => {
        if (snapshot === null || isErased(snapshot))
          return { key, version, targetKey: null, fields: null, isErased: true };
        const evaluation = by?.mapping.evaluate(snapshot, parents?.get(key)?.targets) ?? null;
        return {
          key,
          version,
          targetKey: evaluation?.key ?? null,
          fields: fieldsOf(evaluation),
          isErased: false,
        };
      }),
    };
  }
}

function fieldsOf(evaluation: Evaluation | null): Fields | null {
  if (evaluation?.kind === 'write') return evaluation.fields;
  if (evaluation?.kind !== 'notMatching' || typeof evaluation.whenNot === 'string') return null;
  return evaluation.whenNot;
}

/** The least id of its moment (RFC 9562: the first 48 bits of a UUIDv7 are milliseconds). */
function idAt(ms: number): string {
  const hex = Math.max(0, ms).toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-000000000000`;
}
