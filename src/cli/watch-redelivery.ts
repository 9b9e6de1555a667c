import { setTimeout as sleep } from 'node:timers/promises';
import type { OperatorClient } from './operator-client.js';
import type { Output } from './output.js';
import { counted, number } from './render-plan.js';

const LOOK_MS = 500;
const TOLD_EACH_MS = 5_000;

/** Waits until nothing is to be delivered again, and tells on stderr how far it is. */
export async function watchRedelivery(
  client: OperatorClient,
  mapping: string,
  all: number,
  output: Output,
): Promise<void> {
  let toldAt = performance.now();
  for (;;) {
    const left = (await client.read<{ redelivering: number }>(`/v1/mappings/${mapping}`))?.redelivering ?? 0;
    if (left === 0) return;
    if (performance.now() - toldAt >= TOLD_EACH_MS) {
      toldAt = performance.now();
      output.problem(`${number(Math.max(all - left, 0))} of ${counted(all, 'record')} taken up`);
    }
    await sleep(LOOK_MS);
  }
}
