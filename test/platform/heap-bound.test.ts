import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

/** What is added lives until it is old, and no longer; watched once the first collection is behind it. */
const LOAD = `
  const passing = new Array(300_000);
  let most = 0;
  for (let i = 0; i < 4_000_000; i++) {
    passing[i % passing.length] = { i, parts: [i] };
    if (i > 2_000_000 && i % 10_000 === 0) most = Math.max(most, process.memoryUsage().heapUsed);
  }
  console.log(most / 1024 / 1024);`;

async function mostMb(before: string): Promise<number> {
  const script = `import { collectSooner } from './dist/platform/heap-bound.js'; ${before}; ${LOAD}`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script]);
  return Number(stdout);
}

describe('A heap that is collected sooner', () => {
  it('stays well below one that is left to itself', async () => {
    const sooner = await mostMb('collectSooner()');
    expect(sooner).toBeGreaterThan(10);
    expect(sooner).toBeLessThan((await mostMb('')) * 0.8);
  });
});
