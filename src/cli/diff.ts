import type { CompiledMapping } from '../mapping/compiled-mapping.js';
import { compareFiles, type PartChange } from '../pipelines/compare-files.js';
import { type Command, exitCodes } from './command.js';
import { clientOf, CONNECTION_HELP, CONNECTION_USAGE, connectionOptions } from './connection-options.js';
import type { OperatorClient } from './operator-client.js';
import type { Output } from './output.js';
import { readFaultless } from './plan.js';

export const diff: Command = {
  usage: `[files…] [--json] ${CONNECTION_USAGE}`,
  help: `Says what mapping files change against the versions in force: conditions, fields, tables, and what the target's
metadata says of the fields. Layout, comments and examples are no change. What it does to records, foyer plan says.
Reads mappings/ where nothing is named.

--json  each file with its changes
${CONNECTION_HELP}

Exit codes: 0 no changes · 1 changes, faults in a file, or no answer · 2 called wrongly`,
  options: { json: { type: 'boolean' }, ...connectionOptions },
  async run(invocation) {
    const { output, options } = invocation;
    const client = clientOf(invocation);
    const mappings = await readFaultless(invocation);
    if (!mappings) return exitCodes.findings;
    const compared: Compared[] = [];
    for (const mapping of mappings) compared.push(await compare(client, mapping));
    if (options.json === true) output.json({ mappings: compared });
    else compared.forEach((one) => print(one, output));
    const isSame = compared.every(({ version, changes }) => version === null || changes.length === 0);
    return isSame ? exitCodes.ok : exitCodes.findings;
  },
};

interface Compared {
  readonly mapping: string;
  readonly file: string;
  /** Null where none is in force. */
  readonly version: number | null;
  readonly changes: readonly PartChange[];
}

async function compare(client: OperatorClient, mapping: CompiledMapping): Promise<Compared> {
  const { name, file, source } = mapping;
  const inForce = await client.read<{ version: number; source: string }>(`/v1/mappings/${name}`);
  if (!inForce) return { mapping: name, file, version: null, changes: [] };
  return {
    mapping: name,
    file,
    version: inForce.version,
    changes: compareFiles(file, inForce.source, source),
  };
}

function print({ mapping, file, version, changes }: Compared, { colour, line }: Output): void {
  const against = version === null ? 'not in force' : `against version ${version}`;
  line(`${colour.strong(mapping)} ${colour.faint(`${file}, ${against}`)}`);
  if (version !== null && changes.length === 0) line(colour.good('  no changes'));
  for (const { part, from, to, line: at } of changes) {
    line(`  ${part}${at === null ? '' : colour.faint(`  ${file}:${at}`)}`);
    if (from !== null) line(colour.error(`    - ${from}`));
    if (to !== null) line(colour.good(`    + ${to}`));
  }
}
