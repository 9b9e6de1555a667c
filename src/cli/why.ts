import type { Stream } from '../mapping/source-contract.js';
import { isOfPersons } from '../pipelines/records-of-email.js';
import type { Why } from '../pipelines/why.js';
import type { Page } from '../platform/http/paging.js';
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

<key>    of the record, or the e-mail of its person: all that the mapping's stream has of them, the newest 50 at most
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
    const keys = await keysOf(client, mapping, who, output);
    const told = await Promise.all(keys.map((key) => askFor(client, mapping, key)));
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

/** By the mapping's stream, not by its deliveries: a record that no lane has come to yet has none. */
async function keysOf(
  client: OperatorClient,
  name: string,
  who: string,
  output: Invocation['output'],
): Promise<string[]> {
  if (KEY.test(who)) return [who.toLowerCase()];
  if (!who.includes('@')) throw new UsageError(`${who} is neither the key of a record nor an e-mail`);
  const mapping = await client.read<{ stream: Stream }>(`/v1/mappings/${encodeURIComponent(name)}`);
  if (!mapping) throw new UsageError(`${client.api} knows no mapping ${name}`);
  const { stream } = mapping;
  if (!isOfPersons(stream))
    throw new UsageError(`${name} reads the stream ${stream}, whose records are of nobody: give a key`);
  const page = await client.read<Page<{ key: string }>>(
    `/v1/records/${stream}?${new URLSearchParams({ email: who }).toString()}`,
  );
  if (page && page.next !== null)
    output.problem(`${who} has older records in ${stream} as well: GET /v1/records/${stream} lists them`);
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
