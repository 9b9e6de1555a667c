import type { Why } from '../pipelines/why.js';
import { type Command, exitCodes, type ExitCode, type Invocation, UsageError } from './command.js';
import { clientOf, CONNECTION_HELP, CONNECTION_USAGE, connectionOptions } from './connection-options.js';
import type { OperatorClient } from './operator-client.js';
import { printWhy } from './render-why.js';

const KEY = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export const why: Command = {
  usage: `<mapping> <key or e-mail> [field] [--json] ${CONNECTION_USAGE}`,
  help: `Says why a record stands at a backend as it does, field by field: what was read of the record, the expression
with its place, the row of a table, the version of the mapping, the attempt that brought it, and what the read-back
found. Of a record that is not there: why not.

<key>    of the record, or the e-mail of its person
[field]  this one alone, with everything that is known of it
--json   as the API gives it
${CONNECTION_HELP}

Exit codes: 0 it stands there · 1 it does not, or is not known, or no answer · 2 called wrongly`,
  options: { json: { type: 'boolean' }, ...connectionOptions },
  async run(invocation) {
    const { positionals, output, options } = invocation;
    const [mapping, who, field, ...more] = positionals;
    if (mapping === undefined || who === undefined || more.length > 0)
      throw new UsageError('name a mapping and a record, and perhaps a field (see foyer help why)');
    const client = clientOf(invocation);
    const told = await Promise.all(
      (await keysOf(client, mapping, who)).map((key) => askFor(client, mapping, key)),
    );
    const known = told.filter((one) => one !== null);
    if (known.length === 0) throw new Error(`${mapping} has no record ${who}`);
    demandField(known, field);
    if (options.json === true) output.json(known.length === 1 ? known[0] : known);
    else known.forEach((one) => printWhy(one, field, output));
    return codeOf(known);
  },
};

function askFor(client: OperatorClient, mapping: string, key: string): Promise<Why | null> {
  return client.read<Why>(`/v1/deliveries/${encodeURIComponent(mapping)}/${key}`);
}

async function keysOf(client: OperatorClient, mapping: string, who: string): Promise<string[]> {
  if (KEY.test(who)) return [who.toLowerCase()];
  if (!who.includes('@')) throw new UsageError(`${who} is neither the key of a record nor an e-mail`);
  const query = new URLSearchParams({ mapping, email: who }).toString();
  const page = await client.read<{ items: { key: string }[] }>(`/v1/deliveries?${query}`);
  return (page?.items ?? []).map(({ key }) => key);
}

function demandField(known: readonly Why[], field: Invocation['positionals'][number] | undefined): void {
  if (field === undefined || known.some(({ fields }) => field in fields)) return;
  const names = [...new Set(known.flatMap(({ fields }) => Object.keys(fields)))];
  const mapped = names.length === 0 ? '' : `; it writes ${names.join(', ')}`;
  throw new UsageError(`the mapping made no field ${field} of this record${mapped}`);
}

function codeOf(known: readonly Why[]): ExitCode {
  return known.every((one) => one.why.isThere) ? exitCodes.ok : exitCodes.findings;
}
