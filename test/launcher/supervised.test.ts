import { expect, it, vi } from 'vitest';
import { Supervised } from '../../scripts/launcher/supervised.mjs';

interface Fake {
  pid: number;
  exited: Promise<string>;
  stop(): Promise<void>;
  die(): void;
}

function fakeServers() {
  const all: Fake[] = [];
  const start = (): Promise<Fake> => {
    let die!: () => void;
    const exited = new Promise<string>((resolve) => {
      die = () => {
        resolve('SIGKILL');
      };
    });
    const stop = (): Promise<void> => {
      die();
      return Promise.resolve();
    };
    const fake = { pid: all.length + 1, exited, die, stop };
    all.push(fake);
    return Promise.resolve(fake);
  };
  return { all, start };
}

function supervise(start: () => Promise<Fake>) {
  const notes: string[] = [];
  const given = { up: undefined as Error | undefined };
  const server = new Supervised({
    name: 'The server',
    start,
    lastLines: () => ['out of luck'],
    note: (line: string) => notes.push(line),
    giveUp: (error: Error) => (given.up = error),
  });
  return { server, notes, given };
}

it('starts a server again that died by itself, and says so', async () => {
  const { all, start } = fakeServers();
  const { server, notes } = supervise(start);
  await server.start();
  all[0]!.die();
  await vi.waitFor(() => {
    expect(notes).toEqual([
      'The server died by itself (SIGKILL); it is started again.',
      'The server runs again (process 2).',
    ]);
  });
  await server.stop();
  expect(all).toHaveLength(2);
});

it('gives up after five deaths in a minute, with the last lines', async () => {
  vi.useFakeTimers({ shouldAdvanceTime: true, advanceTimeDelta: 500 });
  try {
    const { all, start } = fakeServers();
    const { server, given } = supervise(async () => {
      const fake = await start();
      queueMicrotask(() => {
        fake.die();
      });
      return fake;
    });
    await server.start();
    await vi.waitFor(
      () => {
        expect(given.up?.message).toContain('died 5 times within a minute');
      },
      { timeout: 20_000 },
    );
    expect(given.up?.message).toContain('out of luck');
    expect(all).toHaveLength(5);
  } finally {
    vi.useRealTimers();
  }
});

it('does not start again what was asked to stop', async () => {
  const { all, start } = fakeServers();
  const { server, notes } = supervise(start);
  await server.start();
  await server.stop();
  expect(all).toHaveLength(1);
  expect(notes).toEqual([]);
});
