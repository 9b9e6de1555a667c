import { execFile } from 'node:child_process';
import { constants, type NodeGCPerformanceDetail, PerformanceObserver } from 'node:perf_hooks';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { HeapBound } from '../../src/platform/heap-bound.js';

/** What is added lives until it is old, and no longer; watched from a collection on, which V8 itself may leave until late. */
const LOAD = `
  const passing = new Array(300_000);
  let most = 0;
  for (let i = 0; i < 4_000_000; i++) {
    passing[i % passing.length] = { i, parts: [i] };
    if (i === 2_000_000) gc();
    if (i > 2_000_000 && i % 10_000 === 0) most = Math.max(most, process.memoryUsage().heapUsed);
  }
  console.log(most / 1024 / 1024);`;

const FLAGS = ['--expose-gc', '--input-type=module'];

async function mostMb(before: string): Promise<number> {
  const script = `import { collectSooner } from './dist/platform/heap-bound.js'; ${before}; ${LOAD}`;
  const { stdout } = await promisify(execFile)(process.execPath, [...FLAGS, '-e', script]);
  return Number(stdout);
}

describe('A heap that is collected sooner', () => {
  it('stays well below one that is left to itself', async () => {
    const sooner = await mostMb('collectSooner()');
    expect(sooner).toBeGreaterThan(10);
    expect(sooner).toBeLessThan((await mostMb('')) * 0.8);
  });
});

describe('A long read', () => {
  it('collects from its second page on, and of one page nothing', async () => {
    expect(await collectionsOf(1)).toBe(0);
    expect(await collectionsOf(2)).toBe(1);
    // Nothing was added since.
    expect(await collectionsOf(20)).toBe(1);
  });
});

/** How often memory was collected on demand while so many pages were read. */
async function collectionsOf(pages: number): Promise<number> {
  let collections = 0;
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const { flags } = (entry as unknown as { detail: NodeGCPerformanceDetail }).detail;
      if (flags === constants.NODE_PERFORMANCE_GC_FLAGS_FORCED) collections += 1;
    }
  });
  observer.observe({ entryTypes: ['gc'] });
  const heap = new HeapBound();
  for (let page = 0; page < pages; page++) heap.keep();
  // Node notes each in the turn after it, and tells of it in the one after that.
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
  observer.disconnect();
  return collections;
}
