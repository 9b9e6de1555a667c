import { latency } from './latency.js';
import { pipeline } from './pipeline.js';
import { registrations } from './registrations.js';
import { render, type Table } from './table.js';

const BENCHMARKS: Record<string, () => Promise<Table[]>> = { registrations, pipeline, latency };

const asked = process.argv.slice(2).filter((argument) => argument !== '--json');
const unknown = asked.filter((name) => !Object.hasOwn(BENCHMARKS, name));
if (unknown.length > 0) {
  console.error(
    `There is no benchmark ${unknown.join(', ')}: there are ${Object.keys(BENCHMARKS).join(', ')}.`,
  );
  process.exit(2);
}
const isJson = process.argv.includes('--json');
for (const [name, measure] of Object.entries(BENCHMARKS)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  for (const result of await measure()) console.log(isJson ? JSON.stringify(result) : `\n${render(result)}`);
}
