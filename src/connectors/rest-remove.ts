import { unreadable, withoutAnswer } from './call-outcome.js';
import type { CallOptions, ObjectTarget, Outcome, OutgoingRecord, SendResult } from './connector.js';
import { isPage, NOTHING_TOLD, type RestAnswers } from './rest-answer.js';
import { asJson, recordValues, type RestCalls, templateFailure } from './rest-call.js';
import type { RestRemove } from './rest-declaration.js';
import { type PartResult, sendOneByOne } from './send-in-parts.js';
import type { Values } from './template.js';

/** Removes records of one object, one a call, as its declaration says. */
export class RestRemover {
  constructor(
    private readonly declared: RestRemove,
    private readonly target: ObjectTarget,
    private readonly values: Values,
    private readonly calls: RestCalls,
    private readonly answers: RestAnswers,
  ) {}

  async remove(records: readonly OutgoingRecord[], options: CallOptions): Promise<SendResult> {
    return sendOneByOne(records, (record) => this.one(record, options));
  }

  private async one(record: OutgoingRecord, options: CallOptions): Promise<PartResult> {
    const values = recordValues(record, this.target, this.values);
    const { body } = this.declared;
    let call;
    try {
      call = this.calls.make(this.declared, values, body ? asJson(body.render(values)) : null);
    } catch (error) {
      return told(templateFailure(error));
    }
    const called = await this.calls.send(call, options, false);
    if ('failure' in called) return told(called.failure);
    const answer = called.result;
    if (answer.kind !== 'answered') return told(withoutAnswer(answer));

    const { targetId } = record;
    const asked = this.answers.valuesOf(answer, this.values, record);
    const { status } = answer;
    if (!isPage(answer) && this.declared.missing?.(asked) === true)
      return told({ kind: 'unchanged', targetId }, status);
    const declared = this.answers.declared(asked, answer, NOTHING_TOLD, [record]);
    if (declared && declared.kind !== 'written' && declared.kind !== 'unchanged')
      return told(declared, status);
    const isSuccess = status >= 200 && status < 300;
    if (!isSuccess && !declared)
      return told(this.answers.byHttp(asked, answer, NOTHING_TOLD, [record]), status);
    const isDone = this.declared.done === null || this.declared.done(asked) === true;
    return told(
      isPage(answer) || !isDone ? unreadable(status) : { kind: 'written', targetId, created: false },
      status,
    );
  }
}

function told(outcome: Outcome, status: number | null = null): PartResult {
  return { outcomes: [outcome], hold: null, requestId: null, status };
}
