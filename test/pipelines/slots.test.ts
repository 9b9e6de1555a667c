import pg from 'pg';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Connector } from '../../src/connectors/connector.js';
import { Calls } from '../../src/pipelines/calls.js';
import { Holds } from '../../src/pipelines/holds.js';
import { Slots } from '../../src/pipelines/slots.js';
import { createLogger } from '../../src/platform/logger.js';
import { freshDatabase } from '../support/database.js';
import { waitFor } from '../support/wait-for.js';

let pool: pg.Pool;
const { signal } = new AbortController();

beforeAll(async () => {
  pool = new pg.Pool({ connectionString: await freshDatabase() });
});

afterAll(() => pool.end());

/** Workers that call one backend, which sees how many calls are under way there. */
class Crowd {
  underWay = 0;
  mostSeen = 0;
  looks = 0;
  private readonly counting = {
    query: (query: pg.QueryConfig) => {
      this.looks++;
      return pool.query(query);
    },
  } as unknown as pg.Pool;

  constructor(
    private readonly destination: string,
    private readonly most: number,
  ) {}

  worker(name: string): Slots {
    const isPaceKnown = (): boolean => true;
    return new Slots(this.counting, this.destination, name, () => this.most, isPaceKnown);
  }

  async call(slots: Slots, ms: number): Promise<void> {
    const leave = await slots.enter(signal);
    this.underWay++;
    this.mostSeen = Math.max(this.mostSeen, this.underWay);
    await sleep(ms);
    this.underWay--;
    leave();
  }

  async calls(slots: Slots, many: number, ms: number): Promise<void> {
    await Promise.all(Array.from({ length: many }, () => this.call(slots, ms)));
  }
}

describe('Calls under way at once', () => {
  it('are never more than allowed, whoever starts, and each worker has its part of them', async () => {
    const crowd = new Crowd('crowded', 4);
    const old = crowd.worker('old');
    const oldCalls = crowd.calls(old, 150, 40);
    // Alone it has them all.
    await waitFor(
      () => Promise.resolve(crowd.underWay),
      (underWay) => underWay === 4,
    );
    const ended: string[] = [];
    const anew = crowd.worker('anew');
    await Promise.all([
      oldCalls.then(() => ended.push('old')),
      crowd.calls(anew, 10, 40).then(() => ended.push('anew')),
      crowd.calls(crowd.worker('third'), 1, 40),
    ]);
    expect(crowd.mostSeen).toBe(4);
    expect(ended, 'one that starts need not wait until the others are done').toEqual(['anew', 'old']);
  });

  it('go by turns where there are fewer slots than workers', async () => {
    const crowd = new Crowd('by-turns', 1);
    let isOver = false;
    const busy = crowd.worker('busy');
    const work = async (): Promise<void> => {
      while (!isOver) await crowd.call(busy, 20);
    };
    const working = work();
    await crowd.call(crowd.worker('other'), 5);
    isOver = true;
    await working;
    expect(crowd.mostSeen).toBe(1);
  });

  it('cost a look now and then, and none each', async () => {
    const crowd = new Crowd('cheap', 8);
    const slots = crowd.worker('one');
    for (let n = 0; n < 50; n++) await crowd.calls(slots, 8, 1);
    expect(crowd.looks).toBeLessThan(10);
  });

  it('of a worker that is gone hold nobody up for long, and of one that ends not at all', async () => {
    const crowd = new Crowd('gone', 1);
    const killed = crowd.worker('killed');
    await killed.enter(signal);
    const next = crowd.worker('next');
    let hasBegun = false;
    const calling = crowd.call(next, 1).then(() => (hasBegun = true));
    await sleep(50);
    expect(hasBegun).toBe(false);
    await pool.query(`update call_slots set until = clock_timestamp() where worker = 'killed'`);
    await calling;
    await next.close();
    const asked = performance.now();
    await crowd.call(crowd.worker('last'), 1);
    expect(performance.now() - asked).toBeLessThan(150);
  });

  it('begin with one where it is not known whether there is a limit, and all go after its answer', async () => {
    const connector = { destination: 'unheard' } as unknown as Connector;
    const calls = new Calls(pool, connector, new Holds(), createLogger('silent'), () => new Date());
    const leave = await calls.enter(signal);
    let entered = 0;
    const others = [1, 2, 3].map(() => calls.enter(signal).then(() => entered++));
    await sleep(20);
    expect(entered).toBe(0);
    calls.heard([{ kind: 'written', targetId: '1', created: true }]);
    leave();
    await Promise.all(others);
    expect(entered).toBe(3);
  });
});
