// Checks the certificate of a reconciliation run, by itself: node scripts/check-certificate.mjs run.json [discrepancies.ndjson]
// run.json is what GET /v1/reconciliations/:run gives (or its `certificate` alone); the other file holds one discrepancy
// a line, in order, as GET …/:run/discrepancies gives them in `items`.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

const [runFile, discrepanciesFile] = process.argv.slice(2);
if (!runFile) fail('give the file of the run, and that of its discrepancies');
const read = JSON.parse(readFileSync(runFile, 'utf8'));
const { sha256: stated, ...attested } = read.certificate ?? read;

if (sha256(sorted(attested)) !== stated) fail('the certificate was changed: its hash does not fit');
if (discrepanciesFile) {
  const found = readFileSync(discrepanciesFile, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
  // Certificates of the first format have none, and leave the fields out.
  const withFields = attested.format === 2;
  const lines = found.map(({ kind, key, targetKey, targetId, fields }) => {
    const told = withFields ? [sorted(fields ?? [])] : [];
    return `${[kind, key ?? '', targetKey ?? '', targetId ?? '', ...told].join('\t')}\n`;
  });
  if (sha256(lines.join('')) !== attested.discrepanciesSha256)
    fail('the discrepancies are not those of this run');
  for (const [kind, count] of Object.entries(attested.discrepancies)) {
    const there = found.filter((one) => one.kind === kind).length;
    if (there !== count) fail(`${count} of kind ${kind} are attested, and ${there} are there`);
  }
}
console.log(`holds: ${attested.counts.compared} records compared at ${attested.finishedAt}`);

function sorted(value) {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const names = Object.keys(value).sort();
  return `{${names.map((name) => `${JSON.stringify(name)}:${sorted(value[name])}`).join(',')}}`;
}

function sha256(text) {
  return createHash('sha256').update(text).digest('hex');
}

function fail(why) {
  console.error(why);
  process.exit(1);
}
