import { expect } from 'vitest';
import type { Answer } from './app.js';

/** A fault as every address tells it, and nothing of what is inside. */
export function expectProblem(answer: Answer, status: number, code: string): void {
  expect([answer.status, answer.body.type, answer.body.status], answer.text).toEqual([
    status,
    `/problems/${code}`,
    status,
  ]);
  expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  expect(typeof answer.body.title).toBe('string');
  expect(typeof answer.body.detail).toBe('string');
  expect(answer.body.instance).toMatch(/^\//);
  expect(answer.text).not.toMatch(/ at .*\.(ts|js):|select |insert |whsec_/i);
}
