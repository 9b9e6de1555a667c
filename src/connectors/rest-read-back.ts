import type { HttpAnswer } from '../platform/http-client/http-engine.js';
import { type Failure, unconfirmed, unreadable, withoutAnswer } from './call-outcome.js';
import type { CallOptions, ObjectTarget, ReadResult, StoredRecord } from './connector.js';
import { type Asked, isPage, keyValues, type RestAnswers } from './rest-answer.js';
import { asJson, callValues, recordValues, type RestCalls, templateFailure } from './rest-call.js';
import type { RestRead } from './rest-declaration.js';
import { claims, resultsIn, storedIn } from './rest-results.js';
import type { Values } from './template.js';

type Answered = { readonly records: readonly (StoredRecord | undefined)[]; readonly failure?: Failure };

/** Reads the records of one object back as its declaration says. */
export class RestReader {
  constructor(
    private readonly read: RestRead,
    private readonly target: ObjectTarget,
    private readonly values: Values,
    private readonly calls: RestCalls,
    private readonly answers: RestAnswers,
  ) {}

  async readBack(
    asked: readonly Asked[],
    fields: readonly string[],
    options: CallOptions,
  ): Promise<ReadResult> {
    const { max } = this.read;
    const records: (StoredRecord | undefined)[] = [];
    let failure: Failure | undefined;
    for (let start = 0; start < asked.length; start += max) {
      const part = asked.slice(start, start + max);
      const answered = failure
        ? { records: part.map(() => undefined) }
        : await this.readPart(part, fields, options);
      records.push(...answered.records);
      failure ??= answered.failure;
    }
    return { records, requestId: null, ...(failure ? { failure } : {}) };
  }

  private async readPart(
    part: readonly Asked[],
    fields: readonly string[],
    options: CallOptions,
  ): Promise<Answered> {
    const { read } = this;
    const unread = (failure: Failure): Answered => ({ records: part.map(() => undefined), failure });
    const isSingle = read.max === 1;
    const values = isSingle
      ? recordValues(part[0]!, this.target, this.values)
      : callValues(part, [], this.target, this.values);
    let call;
    try {
      call = this.calls.make(read, values, read.body ? asJson(read.body.render(values)) : null);
    } catch (error) {
      return unread(templateFailure(error));
    }
    const called = await this.calls.send(call, options, true);
    if ('failure' in called) return unread(called.failure);
    const { result } = called;
    if (result.kind !== 'answered') return unread(withoutAnswer(result));
    return isSingle ? this.one(result, part[0]!, fields) : this.many(result, part, fields);
  }

  private one(answer: HttpAnswer, asked: Asked, fields: readonly string[]): Answered {
    const values = this.answers.valuesOf(answer, this.values, asked);
    if (!isPage(answer) && this.isMissing(values)) return { records: [null] };
    const failure = this.answers.failureOf(values, answer);
    if (failure) return { records: [undefined], failure };
    const stored = this.stored(values, fields);
    return stored ? { records: [stored] } : { records: [undefined], failure: unreadable(answer.status) };
  }

  private many(answer: HttpAnswer, part: readonly Asked[], fields: readonly string[]): Answered {
    const values = this.answers.valuesOf(answer, this.values);
    const failure = this.answers.failureOf(values, answer);
    const results = failure ? null : resultsIn(this.read.results!, values);
    if (!results)
      return { records: part.map(() => undefined), failure: failure ?? unreadable(answer.status) };
    const claimed = claims(
      results,
      part,
      this.read.of,
      (index) => recordValues(part[index]!, this.target, this.values),
      (result) => ({ ...values, result }),
    )!;
    const records = claimed.map((ours, index) => {
      const about = { ...values, ...keyValues(part[index]!) };
      if (ours?.length === 0) return this.isMissing(about) ? null : undefined;
      // Told twice, or to be told from no other: nobody knows which is true.
      return ours?.length === 1
        ? (this.stored({ ...about, result: ours[0] }, fields) ?? undefined)
        : undefined;
    });
    return records.includes(undefined) ? { records, failure: unconfirmed(answer.status) } : { records };
  }

  /** Only where the answer says so: what it does not show may stand on another page. */
  private isMissing(values: Values): boolean {
    return this.read.missing?.(values) === true;
  }

  private stored(values: Values, fields: readonly string[]): StoredRecord {
    return storedIn(this.read.id, this.read.fields, values, fields);
  }
}
