import type { ServerResponse } from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { describe, expect, test } from 'vitest';
import { answer, dialects, expectConfirmed, kinds, recordsOf } from './dialects.js';
import { type Script, type Seen, json, sharedServer } from './scripted-server.js';

const never = new AbortController().signal;
const text = (status: number, body: string, headers: Record<string, string> = {}): Script => {
  return (_, response) => response.writeHead(status, headers).end(body);
};

describe.each(dialects.map((dialect) => [dialect.name, dialect] as const))(
  'the contract, kept by %s',
  (_, dialect) => {
    const server = sharedServer();
    /** As many as one call of this backend carries. */
    const most = (count: number): number => Math.min(count, dialect.most ?? count);
    const persons = (count: number) => recordsOf(dialect, most(count));
    const all = (kind: string, count: number): string[] => Array<string>(most(count)).fill(kind);

    const send = (script: Script, count = 3, signal: AbortSignal = never, settings = {}) => {
      server.script = dialect.around(script);
      return dialect.connector(server, settings).send(dialect.target, persons(count), { signal });
    };
    const writes = (): Seen[] => server.seen.filter(dialect.isWrite);

    test('a success names the id of each record', async () => {
      const result = await send((write, response) =>
        answer(dialect, response, dialect.wrap(dialect.success(write))),
      );
      expect(result.outcomes).toEqual(
        persons(3).map(
          ({ key }) =>
            dialect.written?.(key, writes()[0]!) ?? {
              kind: 'written',
              targetId: `id-${key}`,
              created: true,
            },
        ),
      );
      expect(writes()).toHaveLength(1);
    });

    test('no records make no call', async () => {
      const result = await send(text(500, ''), 0);
      expect(result.outcomes).toEqual([]);
      expect(server.seen).toHaveLength(0);
    });

    test.each([
      ['a page of a gateway', text(200, '<html>maintenance</html>', { 'content-type': 'text/html' })],
      ['half a JSON text', text(200, '[{"id":"1","succ')],
      ['nothing', text(200, '')],
      ['null', text(200, 'null')],
      ['a bare string', text(200, '"ok"')],
      ['an empty object', text(200, '{}')],
      ['204 without a body', text(204, '')],
    ])('a success that is %s leaves every record unanswered', async (_name, script) => {
      expect(kinds(await send(script))).toEqual(all('unanswered', 3));
      expect(writes()).toHaveLength(1);
    });

    test('a success with no results, one too few or one too many confirms nobody wrongly', async () => {
      for (const change of [
        () => [],
        (results: unknown[]) => results.slice(1),
        (results: unknown[]) => [...results, { id: 'stray', success: true, errors: [], properties: {} }],
      ]) {
        const answers: [Seen, unknown][] = [];
        const result = await send((write, response) => {
          const told = dialect.wrap(change(dialect.success(write)));
          answers.push([write, told]);
          answer(dialect, response, told);
        });
        expectConfirmed(dialect, result.outcomes, answers);
      }
    });

    test.each([
      [400, 'rejected'],
      [404, 'rejected'],
      [409, 'rejected'],
      [413, 'rejected'],
      [401, 'unauthorised'],
      [301, 'retry'],
      [408, 'retry'],
      [500, 'retry'],
      [503, 'retry'],
      [502, 'unanswered'],
      [504, 'unanswered'],
    ])('HTTP %i with a page instead of JSON is %s for every record', async (status, kind) => {
      const result = await send(text(status, '<html>', { location: `${server.baseUrl}/elsewhere` }));
      expect(kinds(result)).toEqual(all(kind, 3));
      expect(result.status).toBe(status);
      expect(server.seen.some((seen) => seen.path === '/elsewhere')).toBe(false);
    });

    test('HTTP 429 writes nothing and asks to wait', async () => {
      const result = await send(text(429, '{}', { 'retry-after': '7' }));
      for (const kind of kinds(result)) expect(['throttled', 'retry']).toContain(kind);
      expect(writes()).toHaveLength(1);
    });

    test.each([
      ['before the answer', (socket: net.Socket) => void socket.resetAndDestroy()],
      [
        'within the answer',
        (socket: net.Socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n[{"id"'),
      ],
      ['within the head', (socket: net.Socket) => socket.end('HTTP/1.1 200')],
      ['with noise', (socket: net.Socket) => socket.end('\u0000\u0001 not HTTP at all\r\n\r\n')],
    ])('a connection lost %s leaves every record unanswered and sends none again', async (_name, cut) => {
      const result = await send((_write, _response, socket) => cut(socket));
      expect(kinds(result)).toEqual(all('unanswered', 3));
      expect(result.status).toBeNull();
      expect(writes()).toHaveLength(1);
    });

    test('a backend that does not answer in time leaves every record unanswered', async () => {
      const result = await send(() => undefined, 3, never, { callTimeoutMs: 100 });
      expect(result.outcomes.map((outcome) => 'reason' in outcome && outcome.reason.code)).toEqual(
        all('timeout', 3),
      );
      expect(kinds(result)).toEqual(all('unanswered', 3));
    });

    test('an answer that drips in does not outlast the call', async () => {
      const drip = (response: ServerResponse): void => {
        const timer = setInterval(() => response.write(' '), 20);
        response.on('close', () => clearInterval(timer));
      };
      const script: Script = (_write, response) => {
        response.writeHead(200, { 'content-type': 'application/json' });
        drip(response);
      };
      const result = await send(script, 2, never, { callTimeoutMs: 300 });
      expect(kinds(result)).toEqual(all('unanswered', 2));
      expect(JSON.stringify(result.outcomes)).toContain('timeout');
    });

    test.each([
      ['more than allowed', { 'content-length': String(50 * 1024 * 1024) }, 'x'.repeat(9 * 1024 * 1024)],
      ['packed though nobody asked', { 'content-encoding': 'gzip' }, '\u001f\u008b'],
    ])('an answer that is %s leaves every record unanswered', async (_name, headers, body) => {
      const result = await send((_write, response) => void response.writeHead(200, headers).write(body), 2);
      expect(kinds(result)).toEqual(all('unanswered', 2));
    });

    test('each call over the wire waits for its turn, and none is made without', async () => {
      server.script = dialect.around((write, response) =>
        answer(dialect, response, dialect.wrap(dialect.success(write))),
      );
      let turns = 0;
      const counting = (): Promise<void> => {
        turns += 1;
        return Promise.resolve();
      };
      const done = await dialect
        .connector(server)
        .send(dialect.target, persons(1), { signal: never, turn: counting });
      expect(kinds(done)).toEqual(['written']);
      expect(turns).toBe(server.seen.length);
      server.seen.length = 0;
      const refusing = (): Promise<void> => Promise.reject(new Error('no more today'));
      const left = await dialect
        .connector(server)
        .send(dialect.target, persons(2), { signal: never, turn: refusing });
      expect(kinds(left)).toEqual(all('retry', 2));
      expect(server.seen).toHaveLength(0);
    });

    test('an answer without end is cut off and leaves every record unanswered', async () => {
      const result = await send((_write, response) => {
        response.writeHead(200, { 'content-type': 'application/json' });
        const chunk = Buffer.alloc(1024 * 1024, 32);
        const more = (): void => {
          while (!response.destroyed && response.write(chunk));
        };
        response.on('drain', more);
        more();
      });
      expect(kinds(result)).toEqual(all('unanswered', 3));
      expect(JSON.stringify(result.outcomes)).toContain('answer-too-large');
    });

    test('a refused connection is tried again at once, then left for later: nothing was sent', async () => {
      const closed = net.createServer();
      await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve));
      const { port } = closed.address() as AddressInfo;
      await new Promise((resolve) => closed.close(resolve));
      const connector = dialect.connector({ baseUrl: `http://127.0.0.1:${port}` });
      const result = await connector.send(dialect.target, persons(3), { signal: never });
      expect(kinds(result)).toEqual(all('retry', 3));
      expect(JSON.stringify(result)).toContain('refused');
    });

    test('a name that does not exist is left for later', async () => {
      const connector = dialect.connector({ baseUrl: 'http://nowhere.invalid' }, { callTimeoutMs: 5000 });
      const result = await connector.send(dialect.target, persons(2), { signal: never });
      expect(kinds(result)).toEqual(all('retry', 2));
    });

    test('a failed TLS handshake sent nothing', async () => {
      const baseUrl = server.baseUrl.replace('http:', 'https:');
      const result = await dialect.connector({ baseUrl }).send(dialect.target, persons(2), { signal: never });
      expect(kinds(result)).toEqual(all('retry', 2));
      expect(JSON.stringify(result)).toContain('TLS');
    });

    test('a kept connection that breaks under the next call leaves it unanswered', async () => {
      const connector = dialect.connector(server);
      server.script = dialect.around((write, response) =>
        answer(dialect, response, dialect.wrap(dialect.success(write))),
      );
      await connector.send(dialect.target, persons(1), { signal: never });
      server.script = dialect.around((_write, _response, socket) => void socket.resetAndDestroy());
      const result = await connector.send(dialect.target, persons(1), { signal: never });
      expect(kinds(result)).toEqual(['unanswered']);
      expect(writes()).toHaveLength(2);
    });

    test('a call ended before it began sent nothing', async () => {
      const result = await send(text(200, '[]'), 3, AbortSignal.abort());
      expect(kinds(result)).toEqual(all('retry', 3));
      expect(writes()).toHaveLength(0);
    });

    test('a call ended while the backend was at work is unanswered', async () => {
      const ending = new AbortController();
      const result = await send(() => ending.abort(), 3, ending.signal, { callTimeoutMs: 5000 });
      expect(kinds(result)).toEqual(all('unanswered', 3));
    });

    test('an operation it does not offer is rejected without a call', async () => {
      server.script = dialect.around(text(200, '[]'));
      const operation = dialect.target.operation === 'append' ? 'create' : 'append';
      const target = { ...dialect.target, operation } as const;
      const result = await dialect.connector(server).send(target, persons(2), { signal: never });
      expect(kinds(result)).toEqual(all('rejected', 2));
      expect(server.seen).toHaveLength(0);
    });

    test('no secret and no value of a person stands in any outcome', async () => {
      for (const status of [400, 401, 403, 409, 429, 500]) {
        const echo: Script = (write, response) =>
          json(response, status, [{ errorCode: 'ODD', message: write.body, fields: [] }]);
        const asObject: Script = (write, response) =>
          json(response, status, {
            category: 'ODD',
            message: `no: ${write.body} ${write.headers.authorization!}`,
          });
        for (const script of [echo, asObject]) {
          const shown = JSON.stringify(await send(script, 2));
          for (const secret of ['pat-1', 't-1', 'secret"', 'person0', 'Given1', 'Family0'])
            expect(shown).not.toContain(secret);
        }
      }
    });

    test('reading back what is not told leaves it unread, with the reason', async () => {
      if (dialect.connector(server).readBackMax(dialect.target) === 0) return;
      for (const script of [text(200, '<html>'), text(500, ''), text(200, '{}'), text(401, '{}')]) {
        server.script = dialect.around(script);
        for (const targetId of [null, '0035500001H9ka4AAB']) {
          const asked = [{ key: persons(1)[0]!.key, targetId }];
          const read = await dialect
            .connector(server)
            .readBack(dialect.target, asked, ['firstname'], { signal: never });
          expect(read.records).toEqual([undefined]);
          expect(read.failure?.reason.message).toBeTruthy();
        }
      }
    });

    test('a probe says what is wrong and throws nothing', async () => {
      server.script = dialect.around(text(401, '[]'));
      const probe = await dialect.connector(server).probe({ signal: never });
      expect(probe.ok).toBe(false);
    });
  },
);
