/** A Marketo that gives tokens and answers calls as a test says. */
import { beforeEach } from 'vitest';
import type { ObjectTarget, OutgoingRecord } from '../../src/connectors/connector.js';
import { createConnector } from '../../src/connectors/registry.js';
import { json, sharedServer } from './scripted-server.js';

export const signal = new AbortController().signal;
export const leads: ObjectTarget = { object: 'leads', operation: 'upsert', keyField: 'email' };
/** 14:00 in Chicago, in winter. */
export const NOW = Date.parse('2026-02-03T20:00:00Z');

/** One server for the tests of a file. */
export function scriptedMarketo() {
  const server = sharedServer();
  const clock = { nowMs: NOW, now: () => new Date(clock.nowMs) };
  /** The answers to the calls, in their order; the last one stays. */
  let answers: unknown[] = [];
  beforeEach(() => {
    clock.nowMs = NOW;
    let tokens = 0;
    server.script = (request, response) => {
      if (request.path.startsWith('/identity')) {
        json(response, 200, { access_token: `t-${++tokens}`, token_type: 'bearer', expires_in: 3599 });
        return;
      }
      json(response, 200, answers.length > 1 ? answers.shift() : answers[0]);
    };
  });
  const isToken = ({ path }: { path: string }) => path.startsWith('/identity');
  const calls = () => server.seen.filter((seen) => !isToken(seen));
  return {
    server,
    clock,
    answerWith: (...given: unknown[]) => void (answers = given),
    connector: () =>
      createConnector(
        {
          name: 'nurture',
          connector: 'marketo',
          settings: { baseUrl: server.baseUrl, clientId: 'id', clientSecret: 'secret' },
        },
        clock,
      ),
    calls,
    tokens: () => server.seen.filter(isToken),
    bodies: () => calls().map(({ body }) => JSON.parse(body) as unknown),
  };
}

export const record = (
  key: string,
  fields: OutgoingRecord['fields'],
  targetId: string | null = null,
): OutgoingRecord => ({ traceId: `t-${key.replaceAll(/\W/g, '-')}`, key, targetId, fields });

export const refused = (code: string, message = 'no') => ({
  requestId: 'e42b#1',
  success: false,
  errors: [{ code, message }],
});

export const done = (...result: unknown[]) => ({ requestId: 'e42b#1', success: true, result });
