import { warn } from './progress.mjs';

/** pino's number for a warning; errors are above. */
const WARNING = 40;
/** One sentence again and again is one piece of news. */
const SILENCE_MS = 10_000;

/**
 * @param {string} name of the child
 * @returns {(entry: { level?: number, msg?: string, err?: { message?: string } }) => void} shows warnings and errors
 */
export function warningsOf(name) {
  const shownAt = new Map();
  return ({ level, msg, err }) => {
    if (!(level >= WARNING)) return;
    const sentence = [msg, err?.message].filter(Boolean).join(': ');
    const now = Date.now();
    if (now - (shownAt.get(sentence) ?? 0) < SILENCE_MS) return;
    if (shownAt.size > 1_000) shownAt.clear();
    shownAt.set(sentence, now);
    warn(`${name}: ${sentence}`);
  };
}
