/** A call to a declared backend that reads what no single record asks for: a page, a lookup, the object's fields. */
import type { HttpAnswer } from '../platform/http-client/http-engine.js';
import { type Failure, withoutAnswer } from './call-outcome.js';
import type { CallOptions } from './connector.js';
import { isPage, type RestAnswers } from './rest-answer.js';
import { asJson, type CallTemplates, type MadeCall, type RestCalls, templateFailure } from './rest-call.js';
import type { Expression } from './shape.js';
import type { Template, Values } from './template.js';

export type AskTemplates = CallTemplates & { readonly body: Template<unknown> | null };

/** An answer, and what expressions read of it. */
export type Heard = { readonly answer: HttpAnswer; readonly values: Values } | { readonly failure: Failure };

export class RestAsker {
  constructor(
    private readonly object: string,
    private readonly values: Values,
    private readonly calls: RestCalls,
    private readonly answers: RestAnswers,
  ) {}

  /**
   * @param missing whether an answer that is no success says that there is nothing
   * @param link the path and query to go to instead of the template's
   */
  async ask(
    templates: AskTemplates,
    asked: Values,
    options: CallOptions,
    { missing = null, link = null }: { missing?: Expression | null; link?: string | null } = {},
  ): Promise<Heard> {
    const values = { ...asked, values: this.values, object: this.object };
    let call: MadeCall;
    try {
      const content = templates.body ? asJson(templates.body.render(values)) : null;
      call = this.calls.make(templates, values, content);
    } catch (error) {
      return { failure: templateFailure(error) };
    }
    const sent = link === null ? call : { ...call, url: `${new URL(call.url).origin}${link}` };
    const called = await this.calls.send(sent, options, true);
    if ('failure' in called) return called;
    const { result: answer } = called;
    if (answer.kind !== 'answered') return { failure: withoutAnswer(answer) };
    const heard = this.answers.valuesOf(answer, this.values);
    if (!isPage(answer) && missing?.(heard) === true) return { answer, values: heard };
    const failure = this.answers.failureOf(heard, answer);
    return failure ? { failure } : { answer, values: heard };
  }
}
