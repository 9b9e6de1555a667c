import type { AppliedPlan } from '../pipelines/apply-plan.js';
import type { Unrestored } from '../pipelines/undo.js';
import { type Command, exitCodes, type ExitCode, type Invocation, UsageError } from './command.js';
import {
  clientOf,
  CONNECTION_HELP,
  CONNECTION_USAGE,
  connectionOptions,
  textOf,
} from './connection-options.js';
import type { OperatorClient } from './operator-client.js';
import { planOf, readFaultless } from './plan.js';
import { counted, isPastLimits, printPlan } from './render-plan.js';
import { watchRedelivery } from './watch-redelivery.js';

const flag = { type: 'boolean' } as const;

export const apply: Command = {
  usage: `<mapping> --plan ID | <mapping> --undo | <file> [--read]  [--force] [--no-wait] [--json] ${CONNECTION_USAGE}`,
  help: `Puts a planned version of a mapping in force, and has delivered again what the plan named; nothing else. Given a
file, plans it first and shows the plan. Past the limits of the mapping nothing is applied, unless forced.

--plan     the plan to apply, as foyer plan named it
--undo     goes back to the version before: the records that were written since, as they stood, and says what it
           cannot put back, and why. Once more, and the undo is undone
--read     with a file: asks the backend for fields of which nobody knows what stands there, so that an undo can
           put them back
--force    also past the limits
--no-wait  does not wait until everything is delivered
--json     the answer as the API gives it
${CONNECTION_HELP}

Exit codes: 0 applied · 1 faults in the file, past the limits, out of date, or no answer · 2 called wrongly`,
  options: {
    plan: { type: 'string' },
    undo: flag,
    read: flag,
    force: flag,
    'no-wait': flag,
    json: flag,
    ...connectionOptions,
  },
  async run(invocation) {
    const { positionals, options } = invocation;
    const [name, ...more] = positionals;
    const given = textOf(options.plan);
    if (name === undefined || more.length > 0) throw new UsageError('name one mapping, or one file');
    if (given !== undefined && options.undo === true)
      throw new UsageError('--plan and --undo exclude each other');
    const client = clientOf(invocation);
    if (given !== undefined) return done(invocation, client, name, given);
    if (options.undo === true) return done(invocation, client, name, await inverseOf(client, name));
    return planned(invocation, client);
  },
};

async function planned(invocation: Invocation, client: OperatorClient): Promise<ExitCode> {
  const { output, options } = invocation;
  const mappings = await readFaultless(invocation);
  if (!mappings) return exitCodes.findings;
  const [mapping, ...more] = mappings;
  if (!mapping || more.length > 0) throw new UsageError('name one file; foyer plan shows many');
  const plan = await planOf(client, mapping, options.read === true, output);
  if (options.json !== true) printPlan(plan, output);
  if (isPastLimits(plan) && options.force !== true) {
    if (options.json === true) output.json({ ok: false, plan });
    output.problem(`past the limits of the mapping: apply it with --force, or by --plan ${plan.id} --force`);
    return exitCodes.findings;
  }
  return done(invocation, client, plan.mapping, plan.id);
}

async function inverseOf(client: OperatorClient, name: string): Promise<string> {
  const mapping = await client.read<{ inverse: string | null; version: number }>(`/v1/mappings/${name}`);
  if (!mapping) throw new UsageError(`${client.api} knows no mapping ${name}`);
  if (mapping.inverse !== null) return mapping.inverse;
  throw new Error(
    `version ${mapping.version} of ${name} took no other's place by a plan: there is nothing to undo`,
  );
}

async function done(
  { output, options }: Invocation,
  client: OperatorClient,
  name: string,
  plan: string,
): Promise<ExitCode> {
  const body = { plan, ...(options.force === true ? { force: true } : {}) };
  const applied = await client.sendLong<AppliedPlan>(`/v1/mappings/${name}/apply`, body, () =>
    output.progress(`${name}: putting the plan in force`),
  );
  const { version, redelivered, moved, inverse, unrestored } = applied;
  if (options['no-wait'] !== true) await watchRedelivery(client, name, redelivered + moved, output);
  if (options.json === true) {
    output.json(applied);
    return exitCodes.ok;
  }
  const also = moved > 0 ? `, and ${counted(moved, 'record')} that changed meanwhile` : '';
  const how = options['no-wait'] === true ? 'to be delivered again' : 'taken up again';
  output.line(output.colour.good(`${name} is in force as version ${version}`));
  output.line(`  ${counted(redelivered, 'record')} ${how}${also}`);
  for (const lost of unrestored) output.line(output.colour.warning(`  ${lossLine(lost)}`));
  if (inverse !== null) output.line(`  To undo it: foyer apply ${name} --undo`);
  return exitCodes.ok;
}

function lossLine({ records, keys, message }: Unrestored): string {
  const more = records > keys.length ? ', …' : '';
  return `Not as before: ${counted(records, 'record')}. ${message} (${keys.join(', ')}${more})`;
}
