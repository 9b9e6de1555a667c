import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import fastify from 'fastify';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { OperatorClient } from '../../src/cli/operator-client.js';
import { longAnswer, type LongWork } from '../../src/platform/http/long-answer.js';
import type { Progress } from '../../src/platform/http/long-lines.js';
import { notFound } from '../../src/platform/http/problem.js';
import { createLogger } from '../../src/platform/logger.js';

/** What the work does that is asked for. */
let work: (by: LongWork) => Promise<object>;
let url: string;
const server = fastify({ forceCloseConnections: true });

beforeAll(async () => {
  const logger = createLogger('fatal');
  server.post('/work', (request, reply) => longAnswer(request, reply, logger, (by) => work(by)));
  url = await server.listen({ port: 0, host: '127.0.0.1' });
});

afterAll(() => server.close());

function ask(headers: Record<string, string> = {}, signal?: AbortSignal): Promise<Response> {
  return fetch(`${url}/work`, { method: 'POST', headers, ...(signal ? { signal } : {}) });
}

const IN_LINES = { accept: 'application/x-ndjson, application/json' };

describe('Work that takes long', () => {
  it('is answered plainly where it is done at once, and where nobody asked for lines', async () => {
    work = () => Promise.resolve({ is: 'done' });
    for (const headers of [IN_LINES, {}]) {
      const answer = await ask(headers);
      expect(answer.headers.get('content-type')).toMatch(/^application\/json/);
      expect(await answer.json()).toEqual({ is: 'done' });
    }
  });

  it('tells how far it is, counts what it is out of once, and ends with the answer', async () => {
    let [counted, end] = [0, (_: object): void => undefined];
    work = (by) => {
      by.note(1_000);
      by.outOf(() => Promise.resolve((counted += 1) && 5_000));
      return new Promise((resolve) => (end = resolve));
    };
    const heard: Progress[] = [];
    const client = new OperatorClient({ api: url, key: 'fk_any' });
    const answer = await client.sendLong('/work', {}, (progress) => {
      if (heard.push(progress) === 2) end({ is: 'done' });
    });
    expect(answer).toEqual({ is: 'done' });
    expect(heard).toEqual([
      { done: 1_000, of: null },
      { done: 1_000, of: 5_000 },
    ]);
    expect(counted).toBe(1);
  });

  it('that fails after it was told of ends with the problem', async () => {
    let fail = (_: Error): void => undefined;
    work = () => new Promise((_resolve, reject) => (fail = reject));
    const client = new OperatorClient({ api: url, key: 'fk_any' });
    const asked = client.sendLong('/work', {}, () => fail(notFound('It went away.')));
    await expect(asked).rejects.toThrow(`${url} refused (404): It went away.`);
  });

  it.each([
    ['before its first line', {}, 50],
    ['between its lines', IN_LINES, 1_300],
  ])('is stopped when whoever waits for it goes away %s', async (_, headers, afterMs) => {
    const stopped = new Promise<string>((resolve) => {
      work = ({ signal }) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => {
            resolve('stopped');
            reject(signal.reason as Error);
          });
        });
    });
    await ask(headers, AbortSignal.timeout(afterMs))
      .then((answer) => answer.text())
      .catch(() => undefined);
    expect(await stopped).toBe('stopped');
  });
});

describe('The client of the API', () => {
  let other: Server;
  afterEach(() => {
    other.closeAllConnections();
    other.close();
  });

  async function answering(answer: Parameters<typeof createServer>[1]): Promise<OperatorClient> {
    other = createServer(answer).listen(0, '127.0.0.1');
    await once(other, 'listening');
    const api = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
    return new OperatorClient({ api, key: 'fk_any' }, 1_000, 100);
  }

  const LINE = '{"progress":{"done":1,"of":null}}\n';

  it('waits as long as something is said, and not past a silence', async () => {
    let lines = 0;
    const client = await answering((_request, response) => {
      response.writeHead(201, { 'content-type': 'application/x-ndjson' });
      const telling = setInterval(() => {
        if (++lines < 6) response.write(LINE);
        else clearInterval(telling);
      }, 40);
    });
    await expect(client.sendLong('/x', {}, () => undefined)).rejects.toThrow('stopped answering');
    expect(lines).toBeGreaterThanOrEqual(6);
  });

  it('does not take a part for the whole, and follows nobody elsewhere with its key', async () => {
    const cut = await answering((_request, response) => {
      response.writeHead(201, { 'content-type': 'application/x-ndjson' });
      response.end(LINE);
    });
    await expect(cut.sendLong('/x', {}, () => undefined)).rejects.toThrow('stopped answering');
    let asked = 0;
    const led = await answering((_request, response) => {
      asked += 1;
      response.writeHead(307, { location: '/elsewhere' }).end();
    });
    await expect(led.sendLong('/x', {}, () => undefined)).rejects.toThrow('no answer');
    expect(asked).toBe(1);
  });
});
