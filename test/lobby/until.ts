import { setTimeout as pause } from 'node:timers/promises';

const PATIENCE_MS = 25_000;
const LOOK_MS = 40;

/** What the question answers as soon as that is something. */
export async function until<T>(ask: () => Promise<T | null | false>): Promise<T> {
  const end = performance.now() + PATIENCE_MS;
  for (;;) {
    const answer = await ask();
    if (answer !== null && answer !== false) return answer;
    if (performance.now() > end) throw new Error('It did not come about in time.');
    await pause(LOOK_MS);
  }
}
