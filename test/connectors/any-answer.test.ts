import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  decoded,
  type Dialect,
  dialects,
  encoded,
  expectConfirmed,
  headersOf,
  recordsOf,
} from './dialects.js';
import { type Script, type Seen, sharedServer } from './scripted-server.js';

const signal = new AbortController().signal;

describe.each(dialects.map((dialect) => [dialect.name, dialect] as const))(
  'any answer at all, read by %s',
  (_, dialect) => {
    const server = sharedServer();

    const send = (script: Script, count: number) => {
      server.script = dialect.around(script);
      return dialect.connector(server).send(dialect.target, recordsOf(dialect, count), { signal });
    };

    test('whatever a server answers, each record has one outcome, and `written` only where it was confirmed', async () => {
      const answer = fc.record({
        status: fc.constantFrom(200, 200, 200, 200, 201, 207, 207, 207, 400, 404, 409, 500),
        junk: fc.option(fc.jsonValue({ maxDepth: 3 }), { freq: 6 }),
        drop: fc.nat(4),
        shuffle: fc.boolean(),
        mutate: fc.array(
          fc.tuple(fc.nat(5), fc.constantFrom('id', 'success', 'properties', 'errors', 'null', 'double')),
        ),
        errors: fc.array(fc.constantFrom('trace-0', 'trace-1', 'trace-3', 'trace-9', ''), { maxLength: 3 }),
        cut: fc.option(fc.nat(60), { freq: 8 }),
      });
      await fc.assert(
        fc.asyncProperty(
          fc.integer({ min: 1, max: dialect.most ?? 6 }),
          fc.array(answer, { minLength: 1, maxLength: 4 }),
          async (count, plan) => {
            const answers: [Seen, unknown][] = [];
            let call = 0;
            const flying = new Set<string>();
            const result = await send((write, response) => {
              const keys = dialect.keysOf(write);
              for (const key of keys) expect(flying.has(key)).toBe(false);
              for (const key of keys) flying.add(key);
              const step = plan[Math.min(call++, plan.length - 1)]!;
              const body =
                step.junk === null
                  ? encoded(dialect, malformed(dialect, write, step))
                  : JSON.stringify(step.junk);
              const sent = step.cut === null ? body : body.slice(0, step.cut);
              if (step.status < 300) answers.push([write, decoded(dialect, sent)]);
              response.on('finish', () => {
                for (const key of keys) flying.delete(key);
              });
              response.writeHead(step.status, headersOf(dialect, sent)).end(sent);
            }, count);
            expect(result.outcomes).toHaveLength(count);
            for (const outcome of result.outcomes) expect(outcome.kind).toBeTypeOf('string');
            expectConfirmed(dialect, result.outcomes, answers);
          },
        ),
        { numRuns: 150 },
      );
    });
  },
);

interface Step {
  drop: number;
  shuffle: boolean;
  mutate: [number, string][];
  errors: string[];
}

/** A good answer with faults in it: lost, doubled and nameless results, errors that name nobody or the wrong one. */
function malformed(dialect: Dialect, write: Seen, step: Step): unknown {
  let results = dialect.success(write) as (Record<string, unknown> | null)[];
  results = results.slice(step.drop > 3 ? 1 : 0);
  if (step.shuffle) results.reverse();
  for (const [place, what] of step.mutate) {
    const at = place % Math.max(1, results.length);
    const result = results[at];
    if (!result) continue;
    if (what === 'null') results[at] = null;
    else if (what === 'double') results.push({ ...result, id: 'other' });
    else if (what === 'success') results[at] = { ...result, success: false };
    else if (what === 'errors')
      results[at] = { ...result, errors: [{ statusCode: 'STRANGE', message: 'no', fields: [] }] };
    else results[at] = Object.fromEntries(Object.entries(result).filter(([name]) => name !== what));
  }
  const errors = step.errors.map((traceId) => ({
    status: 'error',
    category: 'VALIDATION_ERROR',
    message: 'no',
    context: traceId === '' ? {} : { objectWriteTraceId: [traceId] },
  }));
  return dialect.wrap(results, errors);
}
