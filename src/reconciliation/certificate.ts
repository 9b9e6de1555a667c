import { createHash } from 'node:crypto';
import type { Discrepancy, DiscrepancyKind } from './discrepancy.js';
import type { Reconciled } from './reconcile.js';

const FORMAT = 2 as const;

/** What a run attests; `scripts/check-certificate.mjs` checks it without anything of ours. */
export interface Certificate {
  /** How its hashes are made; certificates without one leave the fields of discrepancies out. */
  readonly format: typeof FORMAT;
  readonly run: string;
  readonly mapping: string;
  readonly mappingVersion: number;
  readonly startedAt: string;
  readonly finishedAt: string;
  /** `full`: all was compared field by field; `since`: only what moved on either side since the run `basedOn`. */
  readonly kind: Reconciled['kind'];
  readonly basedOn: string | null;
  /** The number in the log that our side was read at. */
  readonly position: string;
  /** `list`: all that carries our key was read; `read-back`: only what we asked for, so nothing extra is seen. */
  readonly coverage: 'list' | 'read-back';
  readonly counts: Reconciled['counts'];
  readonly discrepancies: Readonly<Record<DiscrepancyKind, number>>;
  /** Over what was read: records with their fields, in a run of kind `since` deliveries' digests and the backend's marks. */
  readonly oursSha256: string;
  readonly theirsSha256: string;
  /** Over one line a discrepancy, in their order: kind, key, key at the target, id there, fields as JSON with sorted names. */
  readonly discrepanciesSha256: string;
  /** Over all of the above as JSON with sorted names. */
  readonly sha256: string;
}

export function certify(
  run: { id: string; mapping: string; mappingVersion: number; startedAt: Date; finishedAt: Date },
  { kind, basedOn, position, coverage, counts, oursSha256, theirsSha256, discrepancies }: Reconciled,
  kinds: readonly DiscrepancyKind[],
): Certificate {
  const of = (kind: DiscrepancyKind): number => discrepancies.filter((one) => one.kind === kind).length;
  const attested = {
    format: FORMAT,
    run: run.id,
    mapping: run.mapping,
    mappingVersion: run.mappingVersion,
    startedAt: run.startedAt.toISOString(),
    finishedAt: run.finishedAt.toISOString(),
    kind,
    basedOn,
    position,
    coverage,
    counts,
    discrepancies: Object.fromEntries(kinds.map((kind) => [kind, of(kind)])) as Certificate['discrepancies'],
    oursSha256,
    theirsSha256,
    discrepanciesSha256: sha256(discrepancies.map(discrepancyLine).join('')),
  };
  return { ...attested, sha256: sha256(sortedJson(attested)) };
}

function discrepancyLine({ kind, key, targetKey, targetId, fields }: Discrepancy): string {
  // As it is kept and told: JSON knows nothing undefined.
  const told = sortedJson(JSON.parse(JSON.stringify(fields)));
  return `${[kind, key ?? '', targetKey ?? '', targetId ?? '', told].join('\t')}\n`;
}

function sortedJson(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([name, one]) => `${JSON.stringify(name)}:${sortedJson(one)}`).join(',')}}`;
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
