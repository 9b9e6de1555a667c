import { describe, expect, it } from 'vitest';
import { GroupCommit } from '../../src/platform/group-commit.js';

interface Item {
  readonly name: string;
  readonly keys?: readonly string[];
}

/** Whose batches are written when the test says so. */
function commits(sizeFor: (waiting: number) => number, waitingMax = 100) {
  const batches: string[][] = [];
  const pending: ((fault?: Error) => void)[] = [];
  const group = new GroupCommit<Item, string>(
    async (items) => {
      batches.push(items.map(({ name }) => name));
      await new Promise<void>((resolve, reject) =>
        pending.push((fault) => (fault ? reject(fault) : resolve())),
      );
      return items.map(({ name }) =>
        name.startsWith('bad') ? new Error(`${name} is refused`) : `${name} is in`,
      );
    },
    ({ keys = [] }) => keys,
    sizeFor,
    waitingMax,
    () => new Error('too many wait'),
  );
  const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1));
  return {
    batches,
    submit: (name: string, ...keys: string[]) => group.submit({ name, keys }),
    turn,
    /** The batch under way ends, and the next begins. */
    write: async (fault?: Error) => {
      pending.shift()!(fault);
      await turn();
    },
  };
}

describe('Batches of what arrives while one is under way', () => {
  it('take along what the same turn brings, and keep the order of arrival', async () => {
    const { submit, batches, turn, write } = commits(() => 10);
    const first = [submit('a'), submit('b')];
    await turn();
    const later = [submit('c'), submit('d')];
    await write();
    expect(await Promise.all(first)).toEqual(['a is in', 'b is in']);
    await write();
    expect(await Promise.all(later)).toEqual(['c is in', 'd is in']);
    expect(batches).toEqual([
      ['a', 'b'],
      ['c', 'd'],
    ]);
  });

  it('are as large as is said for so many who wait', async () => {
    const { submit, batches, turn, write } = commits((waiting) => Math.max(2, Math.ceil(waiting / 2)));
    const all = Array.from({ length: 9 }, (_, i) => submit(String(i)));
    await turn();
    for (let i = 0; i < 3; i++) await write();
    await Promise.all(all);
    expect(batches.map(({ length }) => length)).toEqual([5, 2, 2]);
    expect(batches.flat()).toEqual(Array.from({ length: 9 }, (_, i) => String(i)));
  });

  it('never hold two that share a key; nobody overtakes one who waits for that', async () => {
    const { submit, batches, turn, write } = commits(() => 10);
    const all = [submit('a', 'x'), submit('b', 'x', 'y'), submit('c', 'y'), submit('d', 'z')];
    await turn();
    for (let i = 0; i < 3; i++) await write();
    await Promise.all(all);
    expect(batches).toEqual([['a', 'd'], ['b'], ['c']]);
  });

  it('fail as a whole or item by item, and the next one goes out', async () => {
    const { submit, turn, write } = commits(() => 2);
    const all = Promise.allSettled([submit('a'), submit('b'), submit('bad c'), submit('d')]);
    await turn();
    await write(new Error('the database is away'));
    await write();
    expect((await all).map((one) => (one.status === 'fulfilled' ? one.value : String(one.reason)))).toEqual([
      'Error: the database is away',
      'Error: the database is away',
      'Error: bad c is refused',
      'd is in',
    ]);
  });

  it('refuse who comes when too many wait', async () => {
    const { submit, turn, write } = commits(() => 10, 2);
    const first = submit('a');
    await turn();
    const waiting = [submit('b'), submit('c')];
    await expect(submit('d')).rejects.toThrow('too many wait');
    await write();
    await write();
    expect(await Promise.all([first, ...waiting])).toHaveLength(3);
  });
});
