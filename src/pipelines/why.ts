import { Inject, Injectable } from '@nestjs/common';
import type pg from 'pg';
import type { CompiledMapping, Explanation, SourceValue, Targets } from '../mapping/compiled-mapping.js';
import { PG_POOL } from '../platform/database/database.module.js';
import { AppliedMappings } from './applied-mappings.js';
import { attemptsOf, type AttemptView, type RecordAttempt } from './attempts.js';
import { type DeliveryView, findDelivery, type FoundDelivery } from './deliveries.js';
import { fieldsOf } from './delivery-row.js';
import { type AttemptFields, explainField, type FieldExplanation, sourcesOf } from './explain-fields.js';
import { readParents } from './parents.js';
import { sentence, type Stood, stoodBefore, type Unread } from './why-sentence.js';

/** Everything that led to how a record stands at a mapping. */
export interface Why extends Omit<DeliveryView, 'attempts'> {
  /** Whether it stands there, and why, or why not, in one sentence. */
  readonly why: { readonly isThere: boolean; readonly sentence: string };
  /** The condition of the mapping; null where it has none. */
  readonly when: {
    readonly expression: { readonly file: string; readonly line: number; readonly text: string };
    readonly holds: boolean | null;
    readonly sources: readonly SourceValue[];
  } | null;
  readonly versions: readonly object[];
  readonly attempts: readonly AttemptView[];
  readonly fields: Readonly<Record<string, FieldExplanation>>;
}

const VERSIONS_MAX = 100;
/** So many attempts are mapped again to find the one that brought a value. */
const MAPPED_MAX = 20;

interface VersionRow {
  version: number;
  topic: string;
  seq: string;
  at: Date;
}

/** Says of a record why it stands at a backend as it does, or why it does not. */
@Injectable()
export class WhyDeliveries {
  constructor(
    @Inject(PG_POOL) private readonly pool: pg.Pool,
    private readonly applied: AppliedMappings,
  ) {}

  /** @returns null where the mapping, or a record of its stream with this key, does not exist */
  async why(name: string, key: string): Promise<Why | null> {
    const applied = await this.applied.current(name);
    if (!applied) return null;
    const { stream } = applied.mapping;
    const [found, attempts, versions] = await Promise.all([
      findDelivery(this.pool, name, key),
      attemptsOf(this.pool, name, key),
      this.versionsOf(stream, key),
    ]);
    const newest = versions[0];
    if (!newest) return null;
    // What was answered is explained as it was made; what was not, as it would be made now.
    const version = found && found.view.version > 0 ? found.view.version : newest.version;
    const mappingVersion = found && found.view.version > 0 ? found.mappingVersion! : applied.version;
    const mapping = (await this.applied.version(name, mappingVersion)) ?? applied.mapping;
    const explanation = await this.explain(mapping, stream, key, version);
    const wanted = await this.wanted(name, stream, key, attempts);
    const view = found?.view ?? notTakenUp(name, key, stream);
    const unread = await this.unread(name, key, view.version, newest);
    return {
      ...view,
      attempts: attempts.map((attempt) => attempt.view),
      why: sentence(view, explanation, unread, stoodOf(found, attempts)),
      when: whenOf(mapping, explanation),
      versions: versions.map(({ seq, ...rest }) => ({ ...rest, seq: Number(seq) })),
      fields: fieldsExplained(mapping, mappingVersion, explanation, found, wanted),
    };
  }

  private async versionsOf(stream: string, key: string): Promise<VersionRow[]> {
    const { rows } = await this.pool.query<VersionRow>({
      name: 'why-versions',
      text: `select version, topic, seq, at from changes where key = $1 and stream = $2 order by version desc limit $3`,
      values: [key, stream, VERSIONS_MAX],
    });
    return rows;
  }

  private async explain(
    mapping: CompiledMapping,
    stream: string,
    key: string,
    version: number,
  ): Promise<Explanation | null> {
    const snapshots = await this.snapshots(stream, key, [version]);
    if (!snapshots.has(version)) return null;
    const snapshot = snapshots.get(version);
    return mapping.explain(snapshot, await this.targets(mapping, key, version, snapshot));
  }

  /** The ids of the records that it needs, as they stand now. */
  private async targets(
    mapping: CompiledMapping,
    key: string,
    version: number,
    snapshot: unknown,
  ): Promise<Targets> {
    const needs = await this.applied.needsOf(mapping);
    // A version that retention took along tells no parent.
    if (needs.length === 0 || snapshot === undefined) return {};
    const taken = { key, slot: 0, version, snapshot, previous: null };
    return (await readParents(this.pool, [taken], mapping, needs)).get(key)?.targets ?? {};
  }

  /** What each of the attempts that were written wanted, by the version of the mapping that it was made with. */
  private async wanted(
    name: string,
    stream: string,
    key: string,
    attempts: readonly RecordAttempt[],
  ): Promise<AttemptFields[]> {
    const written = attempts.filter(({ view }) => view.outcome === 'written').slice(0, MAPPED_MAX);
    const snapshots = await this.snapshots(
      stream,
      key,
      written.map(({ version }) => version),
    );
    return Promise.all(
      written.map(async (attempt) => {
        const mapping = await this.applied.version(name, attempt.mappingVersion);
        const snapshot = snapshots.get(attempt.version);
        const targets = mapping ? await this.targets(mapping, key, attempt.version, snapshot) : {};
        const evaluation = mapping?.evaluate(snapshot, targets);
        const isWhenNot = evaluation?.kind === 'notMatching' && typeof evaluation.whenNot === 'object';
        if (isWhenNot) return { attempt, fields: evaluation.whenNot };
        return { attempt, fields: evaluation?.kind === 'write' ? evaluation.fields : null };
      }),
    );
  }

  private async snapshots(
    stream: string,
    key: string,
    versions: readonly number[],
  ): Promise<Map<number, unknown>> {
    if (versions.length === 0) return new Map();
    const { rows } = await this.pool.query<{ version: number; snapshot: unknown }>({
      name: 'why-snapshots',
      text: 'select version, snapshot from changes where key = $1 and stream = $2 and version = any($3)',
      values: [key, stream, versions],
    });
    return new Map(rows.map(({ version, snapshot }) => [version, snapshot]));
  }

  /** Where the lane stands that has not come to the newest change; null where it has. */
  private async unread(
    name: string,
    key: string,
    answered: number,
    newest: VersionRow,
  ): Promise<Unread | null> {
    if (answered >= newest.version) return null;
    const { rows } = await this.pool.query<{ paused: boolean; behind: string }>({
      name: 'why-unread',
      text: `select l.paused, greatest($3::bigint - l.cursor, 0) as behind
               from lanes l, changes c
              where c.key = $2 and c.seq = $3 and l.mapping = $1 and c.slot % l.lanes = l.lane`,
      values: [name, key, newest.seq],
    });
    const lane = rows[0];
    if (!lane) return null;
    return { version: newest.version, isPaused: lane.paused, behind: Number(lane.behind) };
  }
}

function notTakenUp(mapping: string, key: string, stream: string): DeliveryView {
  return { mapping, key, stream, version: 0, state: 'pending', attempts: 0 };
}

function stoodOf(found: FoundDelivery | null, attempts: readonly RecordAttempt[]): Stood | null {
  if (!found) return null;
  const written = attempts.find(({ view }) => view.outcome === 'written');
  return stoodBefore(found.view, found.sent, found.shadow !== null, written?.version ?? null);
}

function whenOf({ file }: CompiledMapping, explanation: Explanation | null): Why['when'] {
  const when = explanation?.when;
  if (!when) return null;
  const { line, expression: text, holds } = when;
  return { expression: { file, line, text }, holds, sources: sourcesOf(when) };
}

function fieldsExplained(
  mapping: CompiledMapping,
  mappingVersion: number,
  explanation: Explanation | null,
  found: FoundDelivery | null,
  attempts: readonly AttemptFields[],
): Record<string, FieldExplanation> {
  const standing = {
    shadow: fieldsOf(found?.shadow ?? null),
    isVerified: found?.view.state === 'verified' || found?.view.state === 'retained',
    mappingVersion,
    attempts,
  };
  const traces = explanation?.fields ?? [];
  return Object.fromEntries(
    traces.map((trace) => [trace.field.name, explainField(mapping.file, trace, standing)]),
  );
}
