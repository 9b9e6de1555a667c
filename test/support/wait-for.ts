const STEP_MS = 15;
const PATIENCE_MS = 15_000;

/** Asks until it is so; throws with what was last seen when patience ends. */
export async function waitFor<T>(
  ask: () => Promise<T> | T,
  isSo: (seen: T) => boolean,
  patienceMs = PATIENCE_MS,
): Promise<T> {
  const until = Date.now() + patienceMs;
  for (;;) {
    const seen = await ask();
    if (isSo(seen)) return seen;
    if (Date.now() > until)
      throw new Error(`Waited ${patienceMs} ms in vain; last seen: ${JSON.stringify(seen)}`);
    await new Promise((resolve) => setTimeout(resolve, STEP_MS));
  }
}
