import { appendFileSync } from 'node:fs';

/**
 * Named places where a rehearsal may end, freeze or fail this process, to prove that nothing is lost there.
 * Unarmed, a fail point is one look at an empty map.
 */
export type FailPointName =
  | 'before-registration-commit'
  | 'after-registration-commit'
  | 'after-intent'
  | 'between-drop-and-manifest'
  | 'after-backend-commit'
  | 'before-settle'
  | 'after-settle';

type Effect = 'kill' | 'stop' | 'throw';

const armed = new Map<string, { probability: number; effect: Effect }>();
let hitsFile = '';

/** @param description `name:probability[:kill|stop|throw]`, comma-separated; empty disarms all */
export function armFailPoints(description: string, file: string): void {
  armed.clear();
  hitsFile = file;
  for (const part of description.split(',').filter(Boolean)) {
    const [name, probability, effect = 'kill'] = part.split(':');
    armed.set(name!, { probability: Number(probability), effect: effect as Effect });
  }
}

/** @throws Error where the point is armed with `throw` */
export function failPoint(name: FailPointName): void {
  if (armed.size === 0) return;
  const point = armed.get(name);
  if (!point || Math.random() >= point.probability) return;
  if (hitsFile) appendFileSync(hitsFile, `${name} ${point.effect} ${process.pid}\n`);
  if (point.effect === 'throw') throw new Error(`fail point ${name}`);
  process.kill(process.pid, point.effect === 'kill' ? 'SIGKILL' : 'SIGSTOP');
}
