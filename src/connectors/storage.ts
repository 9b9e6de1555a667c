import type { Clock } from '../platform/clock.js';
import type { DestinationSettings } from '../platform/config/destinations.js';
import { failPoint } from '../platform/fail-point.js';
import { createHttpEngine } from '../platform/http-client/http-engine.js';
import type {
  CallLimits,
  CallOptions,
  Connector,
  FieldValue,
  ObjectTarget,
  Outcome,
  OutgoingRecord,
  Reason,
  SendResult,
} from './connector.js';
import {
  type DatedRecord,
  type Drop,
  type DropOperation,
  makeDrops,
  manifestName,
  OWN_COLUMNS,
} from './drop.js';
import { type DropStore, probeStore } from './drop-store.js';
import { FolderStore } from './folder-store.js';
import { readDrops } from './read-drops.js';
import { S3Store } from './s3-store.js';
import { sendByKind } from './send-in-parts.js';
import { limitsOf, readSettings } from './settings.js';
import { StorageSettings } from './storage-settings.js';
import { refusedUnsent, unsupported } from './unsupported.js';

/**
 * Files in a bucket (S3 API) or a folder. Each batch becomes a drop, and its manifest is written last. A drop is never
 * changed: what became of a record later stands in a later drop, and the row with the highest number counts.
 */
export function storage(destination: DestinationSettings, clock: Clock): Connector {
  const settings = readSettings(StorageSettings, destination);
  const store =
    settings.folder === ''
      ? new S3Store(createHttpEngine(settings), settings, clock)
      : new FolderStore(settings, clock);
  return new StorageConnector(destination.name, settings, store);
}

class StorageConnector implements Connector {
  readonly limits: CallLimits;

  constructor(
    readonly destination: string,
    private readonly settings: StorageSettings,
    private readonly store: DropStore,
  ) {
    this.limits = limitsOf(settings);
  }

  batchMax(): number {
    return this.settings.batchSize;
  }

  readBackMax(): number {
    return this.settings.batchSize;
  }

  /** An id is the name of a drop; which drops a key stands in, only all of them could tell. */
  readsByIdOnly(): boolean {
    return true;
  }

  /** A row is all of a record: whoever reads the newest one needs no older. */
  writesWhole(): boolean {
    return true;
  }

  async send(target: ObjectTarget, records: readonly OutgoingRecord[], options: CallOptions) {
    if (target.operation !== 'upsert') return unsupported(records, target);
    return this.drop(target, 'upsert', records, options);
  }

  /** What stands in earlier drops stays there; a row says that the record is no more. */
  async remove(target: ObjectTarget, records: readonly OutgoingRecord[], options: CallOptions) {
    return this.drop(target, 'delete', records, options);
  }

  async readBack(
    _target: ObjectTarget,
    records: readonly Pick<OutgoingRecord, 'key' | 'targetId'>[],
    fields: readonly string[],
    options: CallOptions,
  ) {
    return readDrops(this.store, records, fields, options, this.limits.concurrency != null);
  }

  /** Values of CSV are texts. */
  canonical(_target: ObjectTarget, _field: string, value: unknown): FieldValue {
    if (value === null || value === undefined) return null;
    if (typeof value === 'object') return JSON.stringify(value);
    const plain = value as string | number | boolean;
    return String(plain);
  }

  async probe(options: CallOptions) {
    const reason = await probeStore(this.store, options);
    return reason === null ? { ok: true as const } : { ok: false as const, reason };
  }

  private async drop(
    target: ObjectTarget,
    operation: DropOperation,
    records: readonly OutgoingRecord[],
    options: CallOptions,
  ): Promise<SendResult> {
    const dated = records.filter((record): record is DatedRecord => record.change !== undefined);
    const reason = faultOf(target, records, dated.length);
    if (reason !== null) return refusedUnsent(records, reason);
    const drops = makeDrops(target, operation, dated, this.settings);
    const dropOf = new Map(drops.flatMap((drop) => drop.records.map((record) => [record, drop] as const)));
    const byName = new Map(drops.map((drop) => [drop.name, drop]));
    return sendByKind(
      records,
      (record) => dropOf.get(record)!.name,
      (name) => this.put(byName.get(name)!, options),
    );
  }

  /** The manifest last: whoever reads by manifests never meets half a drop. */
  private async put(
    { name, text, type, manifest, records }: Drop,
    options: CallOptions,
  ): Promise<SendResult> {
    let put = await this.store.put(name, text, type, options);
    failPoint('between-drop-and-manifest');
    if (!put.failure) put = await this.store.put(manifestName(name), manifest, 'application/json', options);
    const { failure, requestId, status } = put;
    const outcome: Outcome = failure ?? { kind: 'written', targetId: name, created: null };
    return { outcomes: records.map(() => outcome), requestId, status };
  }
}

/** A folder that begins with _ or . is passed over by readers of tables, and its rows would be lost to them. */
const OBJECT_NAME = /^[A-Za-z0-9][\w.-]{0,99}$/;

/** What keeps all of them from becoming rows. */
function faultOf(target: ObjectTarget, records: readonly OutgoingRecord[], dated: number): Reason | null {
  if (!OBJECT_NAME.test(target.object))
    return mapping(
      'object-name',
      'The object becomes the name of a folder: up to 100 letters, digits, _ - and ., a letter or digit first.',
    );
  const own = OWN_COLUMNS.find(
    (name) => name === target.keyField || records.some(({ fields }) => name in fields),
  );
  if (own)
    return mapping('reserved-field', `${own} is a column that Foyer fills in itself: use another name.`);
  if (dated === records.length) return null;
  return {
    code: 'no-change',
    message:
      'It is not known which change this write tells of, so that its place among the others is not either.',
    owner: 'foyer',
  };
}

function mapping(code: string, message: string): Reason {
  return { code, message, owner: 'mapping' };
}
