/**
 * Answers to work that takes minutes:
 * 1. who asks with `Accept: application/x-ndjson` hears each second how far it is, one JSON object a line, and at the
 *    end the answer or the problem: no proxy and no client that waits for headers gives up meanwhile;
 * 2. what is done within the first second is answered as it always was, so that a refusal keeps its status;
 * 3. who goes away has the work stopped.
 */
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from '../logger.js';
import { LINES, type LongLine, type Progress } from './long-lines.js';
import { Problem } from './problem.js';
import { toProblem } from './problem-filter.js';

/** Of each operation that answers so. */
export const IN_LINES =
  'With `Accept: application/x-ndjson`, what takes longer than a second answers line by line: `{ "progress": { "done", "of" } }` each second, and at the end `{ "answer" }` with the body below or `{ "problem" }`.';

/** What the work hears and says meanwhile. */
export interface LongWork {
  /** Ends the work: nobody waits for it any more. */
  readonly signal: AbortSignal;
  readonly note: (done: number) => void;
  /** How to find out of how many it is; asked once, and only where somebody is told. */
  readonly outOf: (count: () => Promise<number | null>) => void;
}

/** Work that goes on its own, and is told to nobody. */
export const UNATTENDED: LongWork = {
  signal: new AbortController().signal,
  note: () => undefined,
  outOf: () => undefined,
};

const TOLD_EACH_MS = 1_000;

/** @returns what to answer with: what the work made, or lines of how far it is */
export async function longAnswer<T extends object>(
  request: FastifyRequest,
  reply: FastifyReply,
  logger: Pick<Logger, 'error' | 'warn'>,
  work: (by: LongWork) => Promise<T>,
): Promise<T | Readable> {
  const gone = new AbortController();
  const { raw } = reply;
  raw.once('close', () => {
    if (!raw.writableFinished)
      gone.abort(new Problem('service-unavailable', 'Nobody waits for it any more.'));
  });
  const telling = new Telling();
  const result = work({
    signal: gone.signal,
    note: (done) => (telling.done = done),
    outOf: (count) => (telling.count = count),
  });
  const isTold = request.headers.accept?.includes(LINES) === true;
  if (!isTold || (await isOver(result))) return result;
  void reply.header('content-type', LINES).header('cache-control', 'no-store');
  const asProblem = (error: unknown): object => toProblem(error, logger).body(request.url.split('?')[0]!);
  return Readable.from(lines(result, telling, asProblem));
}

class Telling {
  done = 0;
  count: (() => Promise<number | null>) | null = null;
  private of: number | null = null;

  now(): Progress {
    const { count } = this;
    this.count = null;
    count?.().then(
      (of) => (this.of = of),
      () => undefined, // It is told how far it is all the same.
    );
    return { done: this.done, of: this.of };
  }
}

async function* lines<T extends object>(
  result: Promise<T>,
  telling: Telling,
  asProblem: (error: unknown) => object,
): AsyncGenerator<string> {
  do yield line({ progress: telling.now() });
  while (!(await isOver(result)));
  yield line(
    await result.then(
      (answer) => ({ answer }),
      (error: unknown) => ({ problem: asProblem(error) }),
    ),
  );
}

function line(said: LongLine<object>): string {
  return `${JSON.stringify(said)}\n`;
}

/** Within the next second, however it ends. */
function isOver(result: Promise<unknown>): Promise<boolean> {
  const over = (): boolean => true;
  return Promise.race([result.then(over, over), sleep(TOLD_EACH_MS, false, { ref: false })]);
}
