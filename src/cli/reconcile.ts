import { setTimeout as sleep } from 'node:timers/promises';
import type { Run } from '../reconciliation/read-runs.js';
import type { Reading } from '../reconciliation/reconciling.js';
import { type Command, exitCodes, UsageError } from './command.js';
import { clientOf, CONNECTION_HELP, CONNECTION_USAGE, connectionOptions } from './connection-options.js';
import type { OperatorClient } from './operator-client.js';
import type { Output } from './output.js';
import { told } from './render-plan.js';

const LOOK_MS = 250;

const READ: Record<Reading, string> = {
  ours: 'of ours read',
  theirs: 'compared with what stands there',
  again: 'that seemed to differ looked at once more',
};

export const reconcile: Command = {
  usage: `<mapping> [--full] [--repair] [--remove] [--json] ${CONNECTION_USAGE}`,
  help: `Compares both sides of a mapping: what should stand at the backend with what does, record by record and field by
field. Says what is missing, stale, extra, duplicate, drifted, merged, deleted there or unaccounted for here.

--full    compares all field by field, where else only what moved since the last full run may be compared
--repair  delivers again what is ours and differs
--remove  with --repair: takes away what carries our key and is not ours, or stands there twice
--json    the run with its certificate, as the API gives it
${CONNECTION_HELP}

Exit codes: 0 both sides agree, or all was repaired · 1 they do not, or no answer · 2 called wrongly`,
  options: {
    full: { type: 'boolean' },
    repair: { type: 'boolean' },
    remove: { type: 'boolean' },
    json: { type: 'boolean' },
    ...connectionOptions,
  },
  async run(invocation) {
    const { positionals, options, output } = invocation;
    const [mapping, ...more] = positionals;
    if (mapping === undefined || more.length > 0) throw new UsageError('name one mapping');
    if (options.remove === true && options.repair !== true)
      throw new UsageError('--remove goes with --repair');
    const client = clientOf(invocation);
    const begun = await client.send<Run>('POST', '/v1/reconciliations', {
      mapping,
      ...(options.full === true ? { full: true } : {}),
    });
    const run = await finished(client, begun, output);
    if (run.certificate === null) throw new Error(run.failure ?? 'the run did not finish');
    if (options.json === true) output.json(run);
    else print(run, run.certificate, output);
    const found = Object.values(run.certificate.discrepancies).reduce((sum, n) => sum + n, 0);
    if (found === 0) return exitCodes.ok;
    if (options.repair !== true) return exitCodes.findings;
    const { repaired, left } = await client.sendLong<{ repaired: number; left: number }>(
      `/v1/reconciliations/${run.id}/repair`,
      options.remove === true ? { remove: true } : {},
      (progress) => output.progress(`${mapping}: ${told(progress)} repaired`),
    );
    output.problem(`${repaired} repaired or on their way, ${left} left to people`);
    return left === 0 ? exitCodes.ok : exitCodes.findings;
  },
};

async function finished(client: OperatorClient, begun: Run, output: Output): Promise<Run> {
  let run = begun;
  while (run.state === 'running') {
    if (run.progress) output.progress(`${run.mapping}: ${told(run.progress)} ${READ[run.progress.reading]}`);
    await sleep(LOOK_MS);
    run = (await client.read<Run>(`/v1/reconciliations/${begun.id}`)) ?? { ...run, state: 'failed' };
  }
  return run;
}

function print(run: Run, certificate: NonNullable<Run['certificate']>, output: Output): void {
  const { counts, discrepancies } = certificate;
  output.line(`${run.mapping} at ${certificate.finishedAt}, run ${run.id}`);
  output.line(
    `  ${counts.compared} compared, ${counts.moving} on their way, ${counts.leftOut} not there on purpose, ${counts.theirs} seen there`,
  );
  if (certificate.kind === 'since')
    output.line(
      `  ${counts.afresh} moved since the full run ${certificate.basedOn} and were compared field by field`,
    );
  const found = Object.entries(discrepancies).filter(([, n]) => n > 0);
  for (const [kind, n] of found) output.line(output.colour.error(`  ${kind.padEnd(12)} ${n}`));
  const notLookedFor = certificate.notLookedFor ?? [];
  for (const kind of notLookedFor)
    output.line(`  ${kind.padEnd(12)} not looked for: the backend lists nothing of this object`);
  if (found.length === 0) output.line(output.colour.good('  both sides agree'));
  output.line(`  certificate ${certificate.sha256}, signed by ${certificate.keyId}`);
}
