/**
 * The contract between the pipelines and a backend. A connector is a value made once per destination:
 * it speaks one protocol, holds no records and decides nothing about retries over time. What it must get
 * right is one thing: for every record it was given, exactly one outcome that is true.
 */

/** A field's value on its way out. Absent fields are absent keys; `null` clears the field at the target. */
export type FieldValue = string | number | boolean | null;
export type Fields = Readonly<Record<string, FieldValue>>;

/** What a mapping file asks of a connector, fixed for the life of one applied version. */
export interface ObjectTarget {
  /** The backend's own name of the object: `contacts`, `Lead`. */
  readonly object: string;
  readonly operation: 'upsert' | 'create' | 'update' | 'append';
  /** The field that identifies a record at the backend. */
  readonly keyField: string;
  /** Which applied version this is; a later one is higher. Absent: nobody knows. */
  readonly mappingVersion?: number;
  /** The fields that its records may have, in the order of the file. Absent: nobody knows. */
  readonly fields?: readonly string[];
}

/** The change of a record that a write tells of. */
export interface WrittenChange {
  /** Its number in the log, in decimal digits: of two changes of a record the later one has the higher number. */
  readonly seq: string;
  readonly at: Date;
}

/** One record to write. `key` is unique within a call: two writes of one key never share a batch. */
export interface OutgoingRecord {
  /** Ours, unique per write, at most 64 characters of [A-Za-z0-9_-]; for correlation and for idempotency headers. */
  readonly traceId: string;
  /** The value of `keyField`. */
  readonly key: string;
  /** The backend's id where an earlier write told it. */
  readonly targetId: string | null;
  /**
   * `targetId` was found by other fields (`match`): what stands there does not carry our key yet. It is written by id,
   * and the key with it. Absent: false.
   */
  readonly isAdopted?: boolean;
  /** The fields to write; never contains `keyField`, except where the backend wants it in the body: that is the connector's business. */
  readonly fields: Fields;
  /**
   * The same at every try of one write, another for every other write: for a backend that knows a write again by it
   * (an idempotency header). Absent: `traceId` stands in, which protects the tries within one `send` only.
   */
  readonly repeatKey?: string;
  /** For a backend that keeps every state of a record beside the others. Absent: nobody knows. */
  readonly change?: WrittenChange;
}

/** Who can put it right. */
export type Owner = 'data' | 'mapping' | 'backend' | 'quota' | 'foyer';

/** Exactly one per record, in the order of the records given. */
export type Outcome =
  | { readonly kind: 'written'; readonly targetId: string | null; readonly created: boolean | null }
  | { readonly kind: 'unchanged'; readonly targetId: string | null }
  /** Not done, and worth trying again: by the pipeline's own schedule, and not before `afterMs`. */
  | { readonly kind: 'retry'; readonly afterMs: number | null; readonly reason: Reason }
  /** The backend asks everyone to wait; `untilMs` is epoch milliseconds. */
  | { readonly kind: 'throttled'; readonly untilMs: number; readonly reason: Reason }
  /** Refused for good: sending the same again is refused again. */
  | { readonly kind: 'rejected'; readonly reason: Reason }
  /**
   * The destination does not accept our credentials, also after renewing them once; `isOfKind` where they are accepted
   * and lack a permission for this object or operation only.
   */
  | { readonly kind: 'unauthorised'; readonly isOfKind?: true; readonly reason: Reason }
  /** Sent, but no answer tells whether it was done (time-out, connection lost after sending, unreadable answer). */
  | { readonly kind: 'unanswered'; readonly reason: Reason };

export interface Reason {
  /** Stable and ours or the backend's: `INVALID_EMAIL_ADDRESS`, `rate-limited`, `timeout`. */
  readonly code: string;
  /** One plain sentence. Never contains a value of a person's field. */
  readonly message: string;
  readonly owner: Owner;
  /** The field at the target, where the backend names one. */
  readonly field?: string;
  /** HTTP status, where there was an answer. */
  readonly status?: number;
}

export interface SendResult {
  readonly outcomes: readonly Outcome[];
  /** The backend's id of the request, for its support desk; null where it gives none. */
  readonly requestId: string | null;
  /** HTTP status of the (last) answer; null where none came. */
  readonly status: number | null;
  /** What the backend says of our use of its daily allowance, where its answer does. */
  readonly quota?: QuotaUse;
  /** What the answer's headers say we are allowed, where they do: of this and `limits` the stricter counts. */
  readonly allowed?: CallLimits;
}

/** Calls used of those allowed in the backend's own window (HubSpot: the day; Salesforce: 24 hours). */
export interface QuotaUse {
  readonly used: number;
  readonly max: number;
}

/** What stands at the backend for one record, in its own words; null: nothing stands there. */
export type StoredRecord = {
  readonly targetId: string;
  readonly fields: Readonly<Record<string, unknown>>;
} | null;

export interface ReadResult {
  /** In the order asked; `undefined` where this record could not be read this time (try again). */
  readonly records: readonly (StoredRecord | undefined)[];
  readonly requestId: string | null;
  /** Why some could not be read; set exactly where a record is `undefined`. Never of kind `written`. */
  readonly failure?: Exclude<Outcome, { kind: 'written' | 'unchanged' }>;
}

export interface CallOptions {
  /** Ends the call. The connector maps it to `unanswered` for what was sent, `retry` for what was not. */
  readonly signal: AbortSignal;
  /**
   * Awaited before each call over the wire, of which one `send` or `readBack` may make several (a renewed token, halves
   * of a refused batch): here a limiter counts and spaces them. Absent: calls go at once. May wait as long as the
   * signal lives; a rejection means that the call is not made.
   */
  readonly turn?: () => Promise<void>;
}

/** What the backend allows us, from its settings; null or absent: no such limit. */
export interface CallLimits {
  readonly callsPerSecond?: number | null;
  /** So many calls in any window of so many milliseconds. */
  readonly window?: { readonly calls: number; readonly ms: number } | null;
  readonly callsPerDay?: number | null;
  /**
   * When the day's allowance is renewed: at midnight in this time zone (an IANA name), or, where it says `rolling`, each
   * call 24 hours after it was made. Absent: at midnight UTC.
   */
  readonly day?: string;
  /** Calls under way at once. */
  readonly concurrency?: number | null;
}

/** What stands at the backend under some fields' values; more than one where the backend holds duplicates. */
export interface FindResult {
  /** In the order asked; `undefined` where this one could not be looked up this time. */
  readonly found: readonly (readonly NonNullable<StoredRecord>[] | undefined)[];
  readonly failure?: Exclude<Outcome, { kind: 'written' | 'unchanged' }>;
}

/** One record that carries our key field at the backend. */
export interface Listed {
  readonly key: string;
  readonly stored: NonNullable<StoredRecord>;
  /**
   * The backend's own mark of the record's last change, from its records and not from an index: another after every
   * change that the backend marks. Absent where it keeps none, or where a change right after this reading could get
   * the same one.
   */
  readonly mark?: string;
}

export interface ListPage {
  readonly records: readonly Listed[];
  /** Ask with this for the next page; null: this was the last. */
  readonly next: string | null;
  readonly failure?: Exclude<Outcome, { kind: 'written' | 'unchanged' }>;
}

/** One field as `mappings/targets/*.json` has it; what the words mean stands in `src/mapping/target-metadata.ts`. */
export interface DescribedField {
  readonly type: string;
  readonly length?: number;
  readonly required?: boolean;
  readonly writable?: boolean;
  readonly unique?: boolean;
  readonly values?: readonly string[];
  readonly restricted?: boolean;
}

export interface Connector {
  /** The destination's name in config/destinations.yaml. */
  readonly destination: string;
  /** Absent: nothing is known, and only what the backend's answers say is kept to. */
  readonly limits?: CallLimits;
  /** Most records in one `send`, for this object and operation. */
  batchMax(target: ObjectTarget): number;
  /** Most keys in one `readBack`; 0 where this backend cannot read back: such deliveries end in `sent`. */
  readBackMax(target: ObjectTarget): number;
  send(target: ObjectTarget, records: readonly OutgoingRecord[], options: CallOptions): Promise<SendResult>;
  /** Reads by id where known, else by the unique key. Never by search: an index lags, and a lag reads as a loss. */
  readBack(
    target: ObjectTarget,
    records: readonly Pick<OutgoingRecord, 'key' | 'targetId'>[],
    fields: readonly string[],
    options: CallOptions,
  ): Promise<ReadResult>;
  /** Is a record read by its id alone, so that nothing can be found by its key? Absent: no. */
  readsByIdOnly?(target: ObjectTarget): boolean;
  /**
   * The canonical form of a value as this backend stores it, for comparing what was written with what was read:
   * HubSpot keeps strings, Salesforce trims and turns '' into null.
   */
  canonical(target: ObjectTarget, field: string, value: unknown): FieldValue;
  /**
   * Is what was wanted fulfilled by another value that stands there? Both are canonical. For fields that only go
   * forward: who has attended is past being registered. Absent: never.
   */
  isFulfilled?(target: ObjectTarget, field: string, wanted: FieldValue, stored: FieldValue): boolean;
  /** Is it reachable, are we authorised? Used by readiness and by `foyer doctor`. Throws nothing. */
  probe(options: CallOptions): Promise<{ ok: true } | { ok: false; reason: Reason }>;
  /**
   * Does sending the same write twice have one effect? Absent: yes for `upsert` and `update`, no for `create` and
   * `append`. Where not, a write without an answer is in doubt and never sent again unasked.
   */
  isRepeatable?(target: ObjectTarget): boolean;
  /**
   * Does a write need all fields of the record, not only those that differ from what stands there? Absent: no. So it is
   * where the object at the backend is an act (an attendance is told as a whole), a row of a file, or a template.
   */
  writesWhole?(target: ObjectTarget): boolean;
  /** Removes records, by id where known; one that is not there is `unchanged`. Absent: this backend keeps everything. */
  remove?(
    target: ObjectTarget,
    records: readonly OutgoingRecord[],
    options: CallOptions,
  ): Promise<SendResult>;
  /** Looks up records by other fields than the key, for `match`. Absent: `match` is refused by `foyer check`. */
  find?(
    target: ObjectTarget,
    by: readonly Readonly<Record<string, string>>[],
    fields: readonly string[],
    options: CallOptions,
  ): Promise<FindResult>;
  /**
   * Everything with our key, page by page, for reconciliation. `page` is null for the first; without `fields` only keys,
   * ids and marks are asked for.
   */
  list?(
    target: ObjectTarget,
    fields: readonly string[],
    page: string | null,
    options: CallOptions,
  ): Promise<ListPage>;
  /** Is there a `list` of this object? Absent: of every one, where there is `list`. */
  lists?(target: ObjectTarget): boolean;
  /** The object's fields as the backend describes them. Throws nothing. Absent: this backend describes nothing. */
  describe?(object: string, options: CallOptions): Promise<Described>;
  /** The objects that it describes, where only these. Absent: every one that a mapping names, where there is `describe`. */
  readonly describedObjects?: readonly string[];
}

export type Described =
  | { readonly ok: true; readonly fields: Readonly<Record<string, DescribedField>> }
  | { readonly ok: false; readonly reason: Reason };
