/**
 * What a person sees of the launcher: a line for each long step with its duration, calm, in colour on a terminal only.
 */
const isTerminal = Boolean(process.stdout.isTTY) && !process.env.NO_COLOR;
const paint = (code, text) => (isTerminal ? `\u001b[${code}m${text}\u001b[0m` : text);

// A reader that went away (`npm start | head`) is no reason to stop.
process.stdout.on('error', () => {});
process.stderr.on('error', () => {});

/** Runs one step and prints what it came to. `done` makes the sentence from the step's result. */
export async function step(work, done) {
  const began = Date.now();
  const result = await work();
  const sentence = typeof done === 'function' ? done(result) : done;
  if (sentence) say(`${paint(32, '✓')} ${sentence} ${paint(2, `(${seconds(Date.now() - began)})`)}`);
  return result;
}

export function say(line = '') {
  process.stdout.write(`${line}\n`);
}

/** Something happened that needs no one's hand. */
export function note(line) {
  say(`${paint(36, '·')} ${line}`);
}

/** Something that a person should see. */
export function warn(line) {
  say(`${paint(33, '!')} ${line}`);
}

export function fail(message) {
  process.stderr.write(`${paint(31, '✗')} ${message}\n`);
}

export function bold(text) {
  return paint(1, text);
}

function seconds(durationMs) {
  return `${(durationMs / 1000).toFixed(1)} s`;
}
