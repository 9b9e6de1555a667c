import type {
  CallLimits,
  CallOptions,
  Connector,
  FieldValue,
  FindResult,
  ListPage,
  ObjectTarget,
  Outcome,
  OutgoingRecord,
  ReadResult,
  SendResult,
} from '../../src/connectors/connector.js';

export interface StoredObject {
  readonly id: string;
  key: string | null;
  readonly fields: Record<string, FieldValue>;
}

/** What a test lets happen to one call; undefined: it is done as asked. */
export type Script = (call: {
  readonly what: 'send' | 'remove';
  readonly target: ObjectTarget;
  readonly records: readonly OutgoingRecord[];
}) => 'lost' | 'done-and-lost' | Outcome | undefined;

/** A backend that keeps what it is given and offers everything that a connector may offer. */
export class ScriptedBackend implements Connector {
  readonly objects = new Map<string, StoredObject[]>();
  readonly written: { object: string; key: string }[] = [];
  script: Script = () => undefined;
  calls = 0;
  limits: CallLimits = {};
  readBackLimit = 100;
  /** Whether a listing says of each object when it changed last. */
  hasMarks = true;
  batchLimit = 100;
  /** Changes what is kept of a write: how a backend lies. */
  keeps: (fields: Record<string, FieldValue>) => Record<string, FieldValue> = (fields) => fields;
  private ids = 0;

  constructor(readonly destination: string) {}

  batchMax(): number {
    return this.batchLimit;
  }

  readBackMax({ operation }: ObjectTarget): number {
    return operation === 'append' ? 0 : this.readBackLimit;
  }

  all(object: string): StoredObject[] {
    const kept = this.objects.get(object) ?? [];
    this.objects.set(object, kept);
    return kept;
  }

  /** Something that stood there before us. */
  stand(object: string, fields: Record<string, FieldValue>, key: string | null = null): StoredObject {
    const one = { id: `${object}-${++this.ids}`, key, fields };
    this.all(object).push(one);
    return one;
  }

  async send(
    target: ObjectTarget,
    records: readonly OutgoingRecord[],
    options: CallOptions,
  ): Promise<SendResult> {
    return this.call('send', target, records, options, (record) => this.write(target, record));
  }

  async remove(
    target: ObjectTarget,
    records: readonly OutgoingRecord[],
    options: CallOptions,
  ): Promise<SendResult> {
    return this.call('remove', target, records, options, ({ key, targetId }) => {
      const kept = this.all(target.object);
      const at = kept.findIndex((one) => (targetId === null ? one.key === key : one.id === targetId));
      if (at < 0) return { kind: 'unchanged', targetId: null };
      kept.splice(at, 1);
      return { kind: 'written', targetId, created: false };
    });
  }

  async readBack(
    target: ObjectTarget,
    records: readonly Pick<OutgoingRecord, 'key' | 'targetId'>[],
    _fields: readonly string[],
    options: CallOptions,
  ): Promise<ReadResult> {
    await options.turn?.();
    this.calls++;
    const found = records.map(({ key, targetId }) => {
      const kept = this.all(target.object);
      const one = kept.find(({ id }) => id === targetId) ?? kept.find((other) => other.key === key);
      return one ? { targetId: one.id, fields: { ...one.fields } } : null;
    });
    return { records: found, requestId: null };
  }

  async find(
    target: ObjectTarget,
    by: readonly Readonly<Record<string, string>>[],
    _fields: readonly string[],
    options: CallOptions,
  ): Promise<FindResult> {
    await options.turn?.();
    this.calls++;
    const matches = (one: StoredObject, asked: Readonly<Record<string, string>>): boolean =>
      Object.entries(asked).every(([name, value]) => one.fields[name] === value);
    return {
      found: by.map((asked) =>
        this.all(target.object)
          .filter((one) => matches(one, asked))
          .map((one) => ({ targetId: one.id, fields: { ...one.fields, [target.keyField]: one.key } })),
      ),
    };
  }

  async list(
    target: ObjectTarget,
    _fields: readonly string[],
    page: string | null,
    options: CallOptions,
  ): Promise<ListPage> {
    await options.turn?.();
    this.calls++;
    const from = Number(page ?? 0);
    const kept = this.all(target.object).filter(({ key }) => key !== null);
    const part = kept.slice(from, from + this.readBackLimit);
    return {
      records: part.map(({ id, key, fields }) => {
        const mark = this.hasMarks ? { mark: JSON.stringify(fields) } : {};
        return { key: key!, stored: { targetId: id, fields }, ...mark };
      }),
      next: from + part.length < kept.length ? String(from + part.length) : null,
    };
  }

  canonical(_target: ObjectTarget, _field: string, value: unknown): FieldValue {
    return value === undefined || value === '' ? null : (value as FieldValue);
  }

  probe() {
    return Promise.resolve({ ok: true as const });
  }

  private async call(
    what: 'send' | 'remove',
    target: ObjectTarget,
    records: readonly OutgoingRecord[],
    options: CallOptions,
    act: (record: OutgoingRecord) => Outcome,
  ): Promise<SendResult> {
    await options.turn?.();
    this.calls++;
    const fate = this.script({ what, target, records });
    if (typeof fate === 'object') return { outcomes: records.map(() => fate), requestId: null, status: null };
    const outcomes = fate === 'lost' ? [] : records.map(act);
    if (fate === undefined) return { outcomes, requestId: null, status: 200 };
    return { outcomes: records.map(() => UNANSWERED), requestId: null, status: null };
  }

  private write(target: ObjectTarget, record: OutgoingRecord): Outcome {
    const { key, targetId, fields } = record;
    this.written.push({ object: target.object, key });
    const kept = this.all(target.object);
    const mayMeet = target.operation === 'upsert' || target.operation === 'update';
    const known = mayMeet
      ? kept.find((one) => (record.isAdopted ? one.id === targetId : one.key === key))
      : undefined;
    if (known) {
      known.key = key;
      Object.assign(known.fields, this.keeps({ ...fields }));
      return { kind: 'written', targetId: known.id, created: false };
    }
    const made = this.stand(target.object, this.keeps({ ...fields }), key);
    return { kind: 'written', targetId: made.id, created: true };
  }
}

const UNANSWERED: Outcome = {
  kind: 'unanswered',
  reason: { code: 'timeout', message: 'No answer came in time.', owner: 'backend' },
};
