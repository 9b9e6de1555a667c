// Checks the certificate of a reconciliation run, by itself:
// node scripts/check-certificate.mjs run.json [discrepancies.ndjson] [--keys keys.json]
// keys.json is what GET /v1/reconciliations/keys gave, had from the one who is to have signed: the key in a certificate
// proves only that whoever made it signed it.
// run.json is what GET /v1/reconciliations/:run gives (or its `certificate` alone); the other file holds one discrepancy
// a line, in order, as GET …/:run/discrepancies gives them in `items`.
import { Buffer } from 'node:buffer';
import { createHash, createPublicKey, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

const { positionals, values } = parseArgs({ allowPositionals: true, options: { keys: { type: 'string' } } });
const [runFile, discrepanciesFile] = positionals;
if (!runFile) fail('give the file of the run, and that of its discrepancies');
const read = JSON.parse(readFileSync(runFile, 'utf8'));
const { sha256: stated, signature, ...attested } = read.certificate ?? read;

if (sha256(sorted(attested)) !== stated) fail('the certificate was changed: its hash does not fit');
// Certificates before the third format are not signed.
const signer = attested.format >= 3 ? signedBy() : 'nobody: it is of a format before';
if (discrepanciesFile) {
  const found = readFileSync(discrepanciesFile, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
  // Certificates of the first format have none, and leave the fields out.
  const withFields = attested.format >= 2;
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
const { compared } = attested.counts;
console.log(
  `holds: ${compared} record${compared === 1 ? '' : 's'} compared at ${attested.finishedAt}, signed by ${signer}`,
);

function signedBy() {
  const { publicKey: x, keyId } = attested;
  if (sha256(Buffer.from(x, 'base64url')).slice(0, 16) !== keyId)
    fail('the key is not the one that it is named by');
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
  if (!verify(null, Buffer.from(sorted(attested)), key, Buffer.from(signature ?? '', 'base64url')))
    fail('the signature does not fit');
  if (!values.keys) return `${keyId}; whose key that is, --keys tells`;
  const { keys } = JSON.parse(readFileSync(values.keys, 'utf8'));
  if (!keys.some((known) => known.x === x))
    fail(`it is signed by ${keyId}, which is not among the keys given`);
  return `${keyId}, one of the keys given`;
}

function sorted(value) {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(sorted).join(',')}]`;
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
