import { afterEach, describe, expect, it, vi } from 'vitest';
import type { CompiledMapping } from '../../src/mapping/compiled-mapping.js';
import type { Calls } from '../../src/pipelines/calls.js';
import type { Write } from '../../src/pipelines/decide.js';
import type { Delivered, Sent } from '../../src/pipelines/deliver-batch.js';
import type { Delivering } from '../../src/pipelines/delivering.js';
import { ReadBacks } from '../../src/pipelines/read-backs.js';
import { ScriptedBackend } from './scripted-backend.js';

const TARGET = { object: 'Lead', operation: 'upsert', keyField: 'ref' } as const;
const NOT_LAST = (): boolean => false;

function write(key: string, fields: Write['fields']): Write {
  const taken = { key, slot: 0, version: 1, snapshot: {}, previous: null };
  return { kind: 'write', taken, key, fields, goal: 'verified', reason: null };
}

/** A call that was answered, of which the backend kept what it keeps. */
async function sent(backend: ScriptedBackend, writes: readonly Write[]): Promise<Sent> {
  const records = writes.map(({ key, fields }) => ({
    traceId: key,
    key,
    targetId: null,
    fields,
    repeatKey: key,
  }));
  const result = await backend.send(TARGET, records, { signal: AbortSignal.timeout(1_000) });
  backend.calls = 0;
  return { batch: { id: writes[0]!.key, writes }, at: new Date(), deadline: new Date(), result };
}

function readBacks(backend: ScriptedBackend): { reads: ReadBacks; done: Delivered[]; entered: () => number } {
  const done: Delivered[] = [];
  let entered = 0;
  const calls = {
    enter: () => {
      entered++;
      return Promise.resolve(() => undefined);
    },
    open: () => Promise.resolve(() => Promise.resolve()),
    heard: () => undefined,
    heardRead: () => undefined,
    gotThroughSince: () => false,
  } as unknown as Calls;
  const by: Delivering = {
    connector: backend,
    target: TARGET,
    settings: {
      callTimeoutMs: 1_000,
      verifyDelaysMs: [0, 5_000],
      retryFirstMs: 1_000,
    } as Delivering['settings'],
    calls,
    match: undefined as unknown as NonNullable<CompiledMapping['match']>,
    now: () => new Date(),
    lost: new AbortController().signal,
    assertMine: () => undefined,
  };
  return { reads: new ReadBacks(by, (delivered) => done.push(delivered)), done, entered: () => entered };
}

const states = (done: readonly Delivered[]): string[] =>
  done.flatMap(({ settlements }) => settlements.map(({ taken, state }) => `${taken.key} ${state}`));

afterEach(() => {
  vi.useRealTimers();
});

describe('Calls that write one record each', () => {
  it('share one read-back, and each record gets its own answer', async () => {
    const backend = new ScriptedBackend('crm');
    backend.keeps = (fields) => (fields.name === 'Bea' ? { name: 'Be' } : fields);
    const { reads, done, entered } = readBacks(backend);
    const names = ['Ana', 'Bea', 'Cleo'];
    for (const [i, name] of names.entries()) {
      await reads.add(await sent(backend, [write(name, { name })]), () => i === names.length - 1);
    }
    expect(states(done)).toEqual(['Ana verified', 'Bea sent', 'Cleo verified']);
    expect(done.map(({ attempt }) => attempt.id)).toEqual(names);
    expect(done.map(({ attempt }) => attempt.failures.length)).toEqual([0, 1, 0]);
    expect([backend.calls, entered()], 'one read, counted as a call under way').toEqual([1, 1]);
  });

  it('are read as soon as half a read-back is full', async () => {
    const backend = new ScriptedBackend('crm');
    backend.readBackLimit = 4;
    const { reads, done } = readBacks(backend);
    await reads.add(await sent(backend, [write('a', { name: 'A' })]), NOT_LAST);
    expect(states(done)).toEqual([]);
    await reads.add(await sent(backend, [write('b', { name: 'B' })]), NOT_LAST);
    expect(states(done)).toEqual(['a verified', 'b verified']);
  });

  it('are read in a moment, however long the other calls of the round take', async () => {
    const backend = new ScriptedBackend('crm');
    const { reads, done } = readBacks(backend);
    const call = await sent(backend, [write('a', { name: 'A' })]);
    vi.useFakeTimers();
    await reads.add(call, NOT_LAST);
    expect(states(done)).toEqual([]);
    await vi.advanceTimersByTimeAsync(200);
    expect(states(done)).toEqual(['a verified']);
  });

  it('end the round with what a read failed with that none of them waited for', async () => {
    const backend = new ScriptedBackend('crm');
    const { reads, done } = readBacks(backend);
    const call = await sent(backend, [write('a', { name: 'A' })]);
    backend.readBack = () => Promise.reject(new Error('the lane is lost'));
    vi.useFakeTimers();
    await reads.add(call, NOT_LAST);
    await vi.advanceTimersByTimeAsync(200);
    await expect(reads.end()).rejects.toThrow('the lane is lost');
    expect(done).toEqual([]);
  });
});

describe('A call of which nothing was written', () => {
  it('is read back by nobody', async () => {
    const backend = new ScriptedBackend('crm');
    backend.script = () => ({ kind: 'rejected', reason: { code: 'no', message: 'No.', owner: 'data' } });
    const { reads, done } = readBacks(backend);
    await reads.add(await sent(backend, [write('a', { name: 'A' })]), NOT_LAST);
    expect(states(done)).toEqual(['a rejected']);
    expect(backend.calls).toBe(0);
  });
});

describe('Calls that write more than one read-back tells of', () => {
  it('are read in several', async () => {
    const backend = new ScriptedBackend('crm');
    backend.readBackLimit = 2;
    const { reads, done } = readBacks(backend);
    const writes = ['a', 'b', 'c'].map((key) => write(key, { name: key }));
    await reads.add(await sent(backend, writes), NOT_LAST);
    expect(states(done)).toEqual(['a verified', 'b verified', 'c verified']);
    expect(backend.calls).toBe(2);
  });
});
