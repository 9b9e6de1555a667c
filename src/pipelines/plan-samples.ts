import type { FieldValue } from '../connectors/connector.js';
import type { CompiledMapping } from '../mapping/compiled-mapping.js';
import type { ChangeKind, PlannedRecord } from './compare-record.js';
import type { DeliveryReason } from './delivery.js';

/** One record of a plan, field by field. Holds values of a person: answered to whoever asks, never stored. */
export interface PlanSample {
  readonly key: string;
  readonly kind: ChangeKind;
  readonly version: number;
  readonly fields: readonly {
    readonly name: string;
    /** What stands there; absent where nobody knows. */
    readonly from?: FieldValue;
    readonly to: FieldValue;
    /** Where the mapping says so; null where it stands in `whenNot`. */
    readonly expression: { readonly file: string; readonly line: number } | null;
  }[];
  readonly reason?: DeliveryReason;
}

/** Of each reason that there is, so many records were rejected, suppressed or retained for it. */
export interface ReasonCount {
  readonly kind: ChangeKind;
  readonly count: number;
  readonly reason: DeliveryReason;
}

const SAMPLES_EACH = 5;
const REASONS_MAX = 50;

/** Takes the first few records of each kind, and counts reasons. */
export class Samples {
  private readonly byKind = new Map<ChangeKind, PlanSample[]>();
  private readonly byReason = new Map<string, { kind: ChangeKind; count: number; reason: DeliveryReason }>();

  constructor(private readonly mapping: CompiledMapping) {}

  note(record: PlannedRecord): void {
    const { kind, reason } = record;
    if (kind === 'unchanged') return;
    const known = this.byKind.get(kind) ?? [];
    if (known.length < SAMPLES_EACH) this.byKind.set(kind, [...known, sampleOf(record, this.mapping)]);
    if (reason) this.noteReason(kind, reason);
  }

  /** It is not written after all. */
  forget(key: string): void {
    for (const [kind, known] of this.byKind)
      this.byKind.set(
        kind,
        known.filter((sample) => sample.key !== key),
      );
  }

  list(): PlanSample[] {
    return [...this.byKind.values()].flat();
  }

  reasons(): ReasonCount[] {
    return [...this.byReason.values()].sort((a, b) => b.count - a.count);
  }

  private noteReason(kind: ChangeKind, reason: DeliveryReason): void {
    const name = `${kind} ${reason.code} ${reason.line ?? ''} ${reason.field ?? ''}`;
    const known = this.byReason.get(name);
    if (known) known.count += 1;
    else if (this.byReason.size < REASONS_MAX) this.byReason.set(name, { kind, count: 1, reason });
  }
}

export function sampleOf(
  { key, kind, version, fields, reason }: PlannedRecord,
  mapping: CompiledMapping,
): PlanSample {
  return {
    key,
    kind,
    version,
    fields: fields.map((field) => {
      const from = kind === 'retained' ? undefined : mapping.fields.find(({ name }) => name === field.name);
      return { ...field, expression: from ? { file: mapping.file, line: from.line } : null };
    }),
    ...(reason ? { reason } : {}),
  };
}
