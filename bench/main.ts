import { latency } from './latency.js';
import { lobby } from './lobby.js';
import { joins } from './lobby-joins.js';
import { lobbyRegistrations } from './lobby-registrations.js';
import { logins } from './logins.js';
import { mapping } from './mapping.js';
import { neighbours } from './neighbours.js';
import { pipeline } from './pipeline.js';
import { plan } from './plan.js';
import { rate } from './rate.js';
import { reconcile } from './reconcile.js';
import { registrations } from './registrations.js';
import { clearStage } from './stage.js';
import { surge } from './surge.js';
import { render, type Table } from './table.js';
import { why } from './why.js';

const BENCHMARKS: Record<string, () => Promise<Table[]>> = {
  registrations,
  pipeline,
  rate,
  latency,
  neighbours,
  mapping,
  plan,
  why,
  reconcile,
  lobby,
  logins,
  surge,
};
/** Parts of one that may also be asked for alone. */
const PARTS: Record<string, () => Promise<Table[]>> = {
  'lobby-registrations': lobbyRegistrations,
  'lobby-joins': joins,
};
const ALL = { ...BENCHMARKS, ...PARTS };
const USAGE = `npm run bench [${Object.keys(ALL).join('|')}] [-- --json] [-- --profile FOLDER]`;

/** @param words the command line: names of benchmarks, none for all; `--json`; `--profile FOLDER` */
async function run(words: readonly string[]): Promise<void> {
  const profile = words.indexOf('--profile');
  const names = words.filter((word, i) => !word.startsWith('--') && (profile < 0 || i !== profile + 1));
  const unknown = names.filter((name) => !Object.hasOwn(ALL, name));
  if (unknown.length > 0) throw new Error(`There is no benchmark ${unknown.join(', ')}. ${USAGE}`);
  for (const name of names.length > 0 ? names : Object.keys(BENCHMARKS)) {
    for (const result of await ALL[name]!()) {
      console.log(words.includes('--json') ? JSON.stringify(result) : `\n${render(result)}`);
    }
  }
}

for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  process.once(signal, () => void clearStage().finally(() => process.exit(code)));
}

try {
  await run(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
