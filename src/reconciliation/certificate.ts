import { createHash, createPublicKey, verify } from 'node:crypto';
import type { CertificateKey, PublicKey } from './certificate-key.js';
import { type Discrepancy, type DiscrepancyKind, NEEDS_LIST } from './discrepancy.js';
import type { Reconciled } from './reconcile.js';

const FORMAT = 3 as const;

/** What a run attests; `scripts/check-certificate.mjs` checks it without anything of ours. */
export interface Certificate {
  /**
   * How its hashes are made. 3: signed, and kinds that could not be looked for have no number; 2: without a signature;
   * certificates without one leave the fields of discrepancies out as well.
   */
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
  readonly discrepancies: Readonly<Partial<Record<DiscrepancyKind, number>>>;
  /** Kinds that the backend lets nobody find: of these the run says nothing. Absent before format 3. */
  readonly notLookedFor?: readonly DiscrepancyKind[];
  /** Over what was read: records with their fields, in a run of kind `since` deliveries' digests and the backend's marks. */
  readonly oursSha256: string;
  readonly theirsSha256: string;
  /** Over one line a discrepancy, in their order: kind, key, key at the target, id there, fields as JSON with sorted names. */
  readonly discrepanciesSha256: string;
  /** The Ed25519 key that it is signed with, in base64url, and its name; `GET /v1/reconciliations/keys` publishes it. */
  readonly publicKey: string;
  readonly keyId: string;
  /** Over all of the above as JSON with sorted names, and the signature of the same text, in base64url. */
  readonly sha256: string;
  readonly signature: string;
}

export function certify(
  run: { id: string; mapping: string; mappingVersion: number; startedAt: Date; finishedAt: Date },
  { kind, basedOn, position, coverage, counts, oursSha256, theirsSha256, discrepancies }: Reconciled,
  kinds: readonly DiscrepancyKind[],
  key: CertificateKey,
): Certificate {
  const notLookedFor = coverage === 'list' ? [] : NEEDS_LIST;
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
    discrepancies: Object.fromEntries(
      kinds.filter((kind) => !notLookedFor.includes(kind)).map((kind) => [kind, of(kind)]),
    ),
    notLookedFor,
    oursSha256,
    theirsSha256,
    discrepanciesSha256: sha256(discrepancies.map(discrepancyLine).join('')),
    publicKey: key.published.x,
    keyId: key.published.kid,
  };
  const text = sortedJson(attested);
  return { ...attested, sha256: sha256(text), signature: key.sign(text) };
}

export type CertificateFault = 'changed' | 'unsigned' | 'unknown-key' | 'forged';

/** A certificate as somebody gives it, of any format. */
export type GivenCertificate = Partial<Certificate>;

/**
 * @param keys that are trusted to sign
 * @returns what speaks against it; null: it is as it was made, by the holder of one of these keys
 */
export function faultOf(given: GivenCertificate, keys: readonly PublicKey[]): CertificateFault | null {
  const { sha256: stated, signature, ...attested } = given;
  const text = sortedJson(attested);
  if (sha256(text) !== stated) return 'changed';
  if (typeof signature !== 'string') return 'unsigned';
  const key = keys.find(({ x }) => x === given.publicKey);
  if (!key) return 'unknown-key';
  const { kty, crv, x } = key;
  const publicKey = createPublicKey({ key: { kty, crv, x }, format: 'jwk' });
  return verify(null, Buffer.from(text), publicKey, Buffer.from(signature, 'base64url')) ? null : 'forged';
}

/** Are these the discrepancies that it attests, in their order? Certificates before the second format say less of them. */
export function attests({ format, discrepanciesSha256 }: GivenCertificate, found: readonly Told[]): boolean {
  const line = format === undefined ? lineWithoutFields : discrepancyLine;
  return sha256(found.map(line).join('')) === discrepanciesSha256;
}

type Told = Pick<Discrepancy, 'kind' | 'key' | 'targetKey' | 'targetId' | 'fields'>;

function lineWithoutFields({ kind, key, targetKey, targetId }: Told): string {
  return `${[kind, key ?? '', targetKey ?? '', targetId ?? ''].join('\t')}\n`;
}

function discrepancyLine({ kind, key, targetKey, targetId, fields }: Told): string {
  // As it is kept and told: JSON knows nothing undefined.
  const told = sortedJson(JSON.parse(JSON.stringify(fields)));
  return `${[kind, key ?? '', targetKey ?? '', targetId ?? '', told].join('\t')}\n`;
}

function sortedJson(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(sortedJson).join(',')}]`;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([name, one]) => `${JSON.stringify(name)}:${sortedJson(one)}`).join(',')}}`;
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
