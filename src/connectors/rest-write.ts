import { createHash } from 'node:crypto';
import type { HttpAnswer } from '../platform/http-client/http-engine.js';
import { type Failure, unconfirmed, unreadable, withoutAnswer } from './call-outcome.js';
import type { CallOptions, ObjectTarget, Outcome, OutgoingRecord, SendResult } from './connector.js';
import { idOf, holdIn, isPage, keyValues, type RestAnswers } from './rest-answer.js';
import {
  asJson,
  asLines,
  callValues,
  type Content,
  type MadeCall,
  recordValues,
  type RestCalls,
  templateFailure,
} from './rest-call.js';
import type { RestWrite } from './rest-declaration.js';
import { claims, resultsIn } from './rest-results.js';
import { type PartResult, sendInParts, sendOneByOne } from './send-in-parts.js';
import type { Values } from './template.js';

/** A refusal with these may be about one record of many; with others it is about the call itself. */
const ABOUT_RECORDS = new Set([400, 409, 413, 422]);

/** Writes the records of one object as its declaration says. */
export class RestWriter {
  constructor(
    private readonly write: RestWrite,
    private readonly target: ObjectTarget,
    private readonly values: Values,
    private readonly calls: RestCalls,
    private readonly answers: RestAnswers,
  ) {}

  async send(records: readonly OutgoingRecord[], options: CallOptions): Promise<SendResult> {
    const { batch } = this.write;
    if (batch !== null) return this.sendMany(records, options);
    return sendOneByOne(records, (record) => this.sendOne(record, options));
  }

  private async sendOne(record: OutgoingRecord, options: CallOptions): Promise<PartResult> {
    const values = recordValues(record, this.target, this.values);
    const made = attempt(() => {
      const call = this.calls.make(this.write, values, this.content(values, values.record));
      const { idempotencyHeader: header } = this.write;
      return header === null
        ? call
        : { ...call, headers: { ...call.headers, [header.toLowerCase()]: this.repeatKey(record) } };
    });
    return this.call(made, [record], options);
  }

  private async sendMany(records: readonly OutgoingRecord[], options: CallOptions): Promise<SendResult> {
    const made = records.map((record) => attempt(() => this.contentOf(record)));
    const contents = new Map(records.map((record, index) => [record, made[index]!]));
    const sound = records.filter((record) => 'made' in contents.get(record)!);
    const sent = await sendInParts(sound, (part) => this.sendPart(part, contents, options), unconfirmed);
    const outcomes = new Map(sound.map((record, index) => [record, sent.outcomes[index]!]));
    return {
      ...sent,
      outcomes: records.map((record): Outcome => {
        const content = contents.get(record)!;
        return 'failure' in content ? content.failure : outcomes.get(record)!;
      }),
    };
  }

  private async sendPart(
    part: readonly OutgoingRecord[],
    contents: ReadonlyMap<OutgoingRecord, Attempted<unknown>>,
    options: CallOptions,
  ): Promise<PartResult> {
    const items = part.map((record) => (contents.get(record) as { made: unknown }).made);
    const values = callValues(part, items, this.target, this.values);
    const content = (): Content =>
      this.write.batch!.as === 'ndjson' ? asLines(items) : this.content(values, items);
    return this.call(
      attempt(() => this.calls.make(this.write, values, content())),
      part,
      options,
    );
  }

  private contentOf(record: OutgoingRecord): unknown {
    const values = recordValues(record, this.target, this.values);
    return this.write.record ? this.write.record.render(values) : values.record;
  }

  private content(values: Values, otherwise: unknown): Content {
    return asJson(this.write.body ? this.write.body.render(values) : otherwise);
  }

  /** The same for every try of one write of this object, and for no other write there. */
  private repeatKey({ repeatKey, traceId }: OutgoingRecord): string {
    const { object, operation, keyField } = this.target;
    const parts = [object, operation, keyField, repeatKey ?? traceId];
    return createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, 32);
  }

  private async call(
    attempted: Attempted<MadeCall>,
    records: readonly OutgoingRecord[],
    options: CallOptions,
  ): Promise<PartResult> {
    if ('failure' in attempted) return told(records, attempted.failure, null);
    const called = await this.calls.send(attempted.made, options, false);
    if ('failure' in called) return { ...told(records, called.failure, null), hold: called.failure };
    const { result } = called;
    if (result.kind !== 'answered') {
      const failure = withoutAnswer(result);
      return { ...told(records, failure, null), hold: failure };
    }
    return {
      ...this.read(result, records),
      ...this.answers.allowed(this.answers.valuesOf(result, this.values)),
    };
  }

  /** First what the declaration says of such answers, then whether the call was done, then result by result. */
  private read(answer: HttpAnswer, records: readonly OutgoingRecord[]): PartResult {
    const { write, answers } = this;
    const { status } = answer;
    const single = write.batch === null ? records[0]! : null;
    const values = answers.valuesOf(answer, this.values, single ?? undefined);
    const declared = answers.declared(
      write.batch === null ? values : { ...values, result: undefined },
      answer,
      write,
      records,
    );
    if (declared) return this.declaredForAll(declared, values, records, status);
    const isSuccess = status >= 200 && status < 300;
    if (!isSuccess) return this.refusedAll(answers.byHttp(values, answer, write, records), records, status);
    if (isPage(answer)) return told(records, unreadable(status), status);
    const isDone = write.done === null ? true : write.done(values);
    if (isDone === false && answer.isReadable)
      return this.refusedAll(answers.refused(values, answer, write, records), records, status);
    if (isDone !== true) return told(records, unreadable(status), status);
    if (single) return told(records, this.outcomeOf(values, answer, single), status);
    return { ...told(records, unreadable(status), status), ...this.resultsOf(values, answer, records) };
  }

  private declaredForAll(
    declared: NonNullable<ReturnType<RestAnswers['declared']>>,
    values: Values,
    records: readonly OutgoingRecord[],
    status: number,
  ): PartResult {
    if (declared.kind === 'written' || declared.kind === 'unchanged') {
      const targetId = idOf(this.write.id?.(values));
      const outcome: Outcome =
        declared.kind === 'written'
          ? { kind: 'written', targetId, created: null }
          : { kind: 'unchanged', targetId };
      return told(records, outcome, status);
    }
    return this.refusedAll(declared, records, status);
  }

  /** Where one record may be to blame, the halves are sent again, and in the end it alone is refused. */
  private refusedAll(failure: Failure, records: readonly OutgoingRecord[], status: number): PartResult {
    const isShared = failure.kind === 'rejected' && records.length > 1;
    const isOfRecords = ABOUT_RECORDS.has(status) || (status >= 200 && status < 300);
    if (isShared && isOfRecords)
      return { ...told(records, failure, status), outcomes: records.map(() => undefined) };
    return { ...told(records, failure, status), hold: holdIn(failure) };
  }

  private resultsOf(
    values: Values,
    answer: HttpAnswer,
    records: readonly OutgoingRecord[],
  ): Pick<PartResult, 'outcomes'> | null {
    const { results: lists, of } = this.write;
    if (lists === null)
      return { outcomes: records.map(() => ({ kind: 'written', targetId: null, created: null })) };
    const results = resultsIn(lists, values);
    const claimed =
      results &&
      claims(
        results,
        records,
        of,
        (index) => recordValues(records[index]!, this.target, this.values),
        (result) => ({ ...values, result }),
      );
    if (!claimed) return null;
    return {
      outcomes: records.map((record, index) => {
        const [first, ...others] = claimed[index] ?? [];
        // Told twice, or not at all: nobody knows which is true.
        if (first === undefined || others.length > 0) return unconfirmed(answer.status);
        return this.outcomeOf({ ...values, ...keyValues(record), result: first }, answer, record, true);
      }),
    };
  }

  /** What one result says of its record. */
  private outcomeOf(values: Values, answer: HttpAnswer, record: OutgoingRecord, isResult = false): Outcome {
    const { write, answers } = this;
    const declared = isResult ? answers.declared(values, answer, write, [record]) : null;
    const targetId = idOf(write.id?.(values));
    if (declared && declared.kind !== 'written') {
      return declared.kind === 'unchanged' ? { kind: 'unchanged', targetId } : declared;
    }
    const isWritten = declared ? true : (write.written?.(values) ?? (write.written ? undefined : true));
    if (isWritten === false) return answers.refused(values, answer, write, [record]);
    if (isWritten !== true || (write.id !== null && targetId === null)) return unconfirmed(answer.status);
    const created = write.created?.(values);
    return { kind: 'written', targetId, created: typeof created === 'boolean' ? created : null };
  }
}

type Attempted<T> = { readonly made: T } | { readonly failure: Failure };

function attempt<T>(make: () => T): Attempted<T> {
  try {
    return { made: make() };
  } catch (error) {
    return { failure: templateFailure(error) };
  }
}

function told(records: readonly OutgoingRecord[], outcome: Outcome, status: number | null): PartResult {
  return { outcomes: records.map(() => outcome), hold: null, requestId: null, status };
}
