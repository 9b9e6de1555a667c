import { readFile } from 'node:fs/promises';
import {
  attests,
  type CertificateFault,
  faultOf,
  type GivenCertificate,
} from '../reconciliation/certificate.js';
import type { PublicKey } from '../reconciliation/certificate-key.js';
import type { Run } from '../reconciliation/read-runs.js';
import { type Command, exitCodes, type Invocation, UsageError } from './command.js';
import {
  clientOf,
  CONNECTION_HELP,
  CONNECTION_USAGE,
  connectionOptions,
  textOf,
} from './connection-options.js';
import type { Output } from './output.js';
import { counted } from './render-plan.js';

const FAULTS: Readonly<Record<CertificateFault, string>> = {
  changed: 'the certificate was changed: its hash does not fit',
  unsigned: 'it is not signed, as certificates are from format 3 on',
  'unknown-key':
    'it is signed with a key that is not among those given: was FOYER_SECRET changed, or is it another’s?',
  forged: 'the signature is not that of the key it names',
};

export const verify: Command = {
  usage: `<run.json> [discrepancies.ndjson] [--keys FILE] [--json] ${CONNECTION_USAGE}`,
  help: `Checks the certificate of a reconciliation run: that it is as it was made, and signed by the Foyer whose public key
is given. run.json is what GET /v1/reconciliations/:run gives, or its certificate alone; the other file holds one
discrepancy a line, in their order. scripts/check-certificate.mjs does the same without anything of ours.

--keys  a file with what GET /v1/reconciliations/keys gives; without it the Foyer at --api is asked
--json  whether it holds, why not, and who signed it
${CONNECTION_HELP}

Exit codes: 0 it holds, and is signed where its format has signatures · 1 it does not · 2 called wrongly`,
  options: { keys: { type: 'string' }, json: { type: 'boolean' }, ...connectionOptions },
  async run(invocation) {
    const [runFile, foundFile, ...more] = invocation.positionals;
    if (runFile === undefined || more.length > 0) throw new UsageError('name the file of one run');
    const { output, options } = invocation;
    const certificate = certificateIn(await jsonOf(runFile));
    const fault = faultOf(certificate, await keysOf(invocation));
    const isBefore = fault === 'unsigned' && (certificate.format ?? 1) < SIGNED_SINCE;
    const why =
      fault !== null && !isBefore
        ? FAULTS[fault]
        : foundFile !== undefined && !attests(certificate, await discrepanciesIn(foundFile))
          ? 'the discrepancies are not those of this run'
          : null;
    const signedBy = fault === null ? certificate.keyId : null;
    if (options.json === true) output.json({ holds: why === null, why, signedBy, certificate });
    else if (why !== null) output.problem(why);
    else print(certificate, signedBy ?? null, output);
    return why === null ? exitCodes.ok : exitCodes.findings;
  },
};

function print({ counts, finishedAt }: GivenCertificate, signedBy: string | null, output: Output): void {
  const by = signedBy === null ? `; ${FAULTS.unsigned}` : `, signed by ${signedBy}`;
  output.line(`holds: ${counted(counts?.compared ?? 0, 'record')} compared at ${finishedAt}${by}`);
}

const SIGNED_SINCE = 3;

function certificateIn(read: unknown): GivenCertificate {
  const { certificate = read } = (read ?? {}) as Partial<Run>;
  if (typeof certificate !== 'object' || certificate === null || !('sha256' in certificate))
    throw new UsageError('the file holds no certificate: the run may not be done');
  return certificate as GivenCertificate;
}

async function keysOf(invocation: Invocation): Promise<readonly PublicKey[]> {
  const file = textOf(invocation.options.keys);
  const read =
    file === undefined
      ? await clientOf(invocation).read<{ keys?: PublicKey[] }>('/v1/reconciliations/keys')
      : ((await jsonOf(file)) as { keys?: PublicKey[] });
  if (!Array.isArray(read?.keys)) throw new UsageError('there are no keys in what was given for them');
  return read.keys;
}

async function discrepanciesIn(file: string): Promise<DiscrepancyLine[]> {
  const lines = (await readFile(file, 'utf8')).split('\n').filter(Boolean);
  return lines.map((line) => JSON.parse(line) as DiscrepancyLine);
}

type DiscrepancyLine = Parameters<typeof attests>[1][number];

async function jsonOf(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    throw new UsageError(`${file} cannot be read as JSON`, { cause: error });
  }
}
