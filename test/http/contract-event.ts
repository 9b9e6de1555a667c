import { expect } from 'vitest';
import { type Answer, type AnswerBody, TestApp } from './app.js';

/** Of the event's form. */
export const consents = [{ purpose: 'terms', granted: true }];

/** An api with one open event that has all an event may have: an agenda, a form, a consent. */
export class ContractEvent {
  private constructor(
    readonly app: TestApp,
    readonly slug: string,
  ) {}

  static async open(): Promise<ContractEvent> {
    const app = await TestApp.start();
    const slug = await app.openEvent({ capacity: 50 });
    await app.operator('PUT', `/v1/events/${slug}/sessions/opening`, {
      title: 'Opening',
      startsAt: '2030-01-01T09:00:00Z',
      endsAt: '2030-01-01T10:00:00Z',
      room: 'Hall',
      kind: 'talk',
      speakers: [{ name: 'Ada' }],
      capacity: 20,
    });
    await app.operator('PUT', `/v1/events/${slug}/form`, {
      schema: { type: 'object', properties: { diet: { type: 'string' } } },
      consents: [{ purpose: 'terms', text: 'I agree.', textVersion: '1', required: true }],
    });
    return new ContractEvent(app, slug);
  }

  /** Somebody new. */
  async registered(): Promise<AnswerBody> {
    const answer = await this.app.register(this.slug, { consents });
    expect(answer.status, answer.text).toBe(201);
    return answer.body;
  }

  /** By the manage token of the registration. */
  own(
    { id, manageToken }: AnswerBody,
    method: string,
    rest = '',
    more: { body?: unknown; headers?: Record<string, string> } = {},
  ): Promise<Answer> {
    return this.app.call(method, `/v1/registrations/${id}${rest}`, { token: manageToken, ...more });
  }
}
