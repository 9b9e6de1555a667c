import { hasErrors } from '../mapping/diagnostic.js';
import { renderDiagnostics } from '../mapping/render-diagnostic.js';
import type { CompiledMapping } from '../mapping/compiled-mapping.js';
import type { Plan } from '../pipelines/plan.js';
import { type Command, exitCodes, type Invocation } from './command.js';
import { clientOf, CONNECTION_HELP, CONNECTION_USAGE, connectionOptions } from './connection-options.js';
import { readMappings } from './mapping-arguments.js';
import type { OperatorClient } from './operator-client.js';
import type { Output } from './output.js';
import { isNothing, isPastLimits, printPlan, told } from './render-plan.js';

export const plan: Command = {
  usage: `[files…] [--read] [--json] ${CONNECTION_USAGE}`,
  help: `Says what mapping files would do, were they applied: for every record of the stream what the version in force,
the file, and what is known to stand at the backend make of it. Nothing is written, and the backend is not called.
Plans the mappings in force where no file is named.

--read  asks the backend for fields of which nobody knows what stands there
--json  the plans as the API gives them
${CONNECTION_HELP}

Marks: + created  ~ changed  ? over what nobody knows  ± under another key  ✓ counts as delivered
       ○ left there or never sent  - removed  ✗ rejected  … waits for another record

Exit codes: 0 planned · 1 faults in a file, past the mapping's limits, or no answer · 2 called wrongly`,
  options: { read: { type: 'boolean' }, json: { type: 'boolean' }, ...connectionOptions },
  async run(invocation) {
    const { output, options } = invocation;
    const client = clientOf(invocation);
    const mappings = await readFaultless(invocation);
    if (!mappings) return exitCodes.findings;
    const plans: Plan[] = [];
    for (const mapping of await named(client, mappings, invocation)) {
      plans.push(await planOf(client, mapping, options.read === true, output));
      if (options.json !== true) {
        const latest = plans.at(-1)!;
        if (plans.length > 1) output.line();
        printPlan(latest, output);
        if (!isNothing(latest)) output.line(`To apply it: foyer apply ${latest.mapping} --plan ${latest.id}`);
      }
    }
    if (options.json === true) output.json({ plans });
    return plans.some(isPastLimits) ? exitCodes.findings : exitCodes.ok;
  },
};

/** @returns null where a file has errors, which were shown */
export async function readFaultless(invocation: Invocation): Promise<CompiledMapping[] | null> {
  const { files, diagnostics } = await readMappings(invocation.positionals);
  if (hasErrors(diagnostics)) {
    const { output, options } = invocation;
    const errors = diagnostics.filter(({ severity }) => severity === 'error');
    if (options.json === true) output.json({ ok: false, diagnostics: errors });
    else output.line(renderDiagnostics(errors, output.colour));
    return null;
  }
  return files.flatMap(({ mapping }) => mapping ?? []);
}

/** Shows on a terminal how many records were read of all. */
export function planOf(
  client: OperatorClient,
  mapping: CompiledMapping,
  read: boolean,
  output: Output,
): Promise<Plan> {
  const { name, source, file } = mapping;
  const body = { source, file, ...(read ? { read } : {}) };
  return client.sendLong<Plan>(`/v1/mappings/${name}/plan`, body, (progress) =>
    output.progress(`${name}: ${told(progress)} planned`),
  );
}

/** Of a whole folder only what is in force: files for backends that are switched off stand there as well. */
async function named(
  client: OperatorClient,
  mappings: readonly CompiledMapping[],
  { positionals, output }: Invocation,
): Promise<readonly CompiledMapping[]> {
  if (positionals.length > 0) return mappings;
  const inForce = new Set(
    (await client.readAll<{ mapping: string }>('/v1/mappings')).map(({ mapping }) => mapping),
  );
  const left = mappings.filter(({ name }) => !inForce.has(name));
  if (left.length > 0)
    output.problem(`not in force, name the file to plan it: ${left.map(({ name }) => name).join(', ')}`);
  return mappings.filter(({ name }) => inForce.has(name));
}
