import { type Command, exitCodes, UsageError } from './command.js';
import {
  clientOf,
  CONNECTION_HELP,
  CONNECTION_USAGE,
  connectionOptions,
  textOf,
} from './connection-options.js';
import type { OperatorClient } from './operator-client.js';
import type { Output } from './output.js';
import { counted } from './render-plan.js';
import { watchRedelivery } from './watch-redelivery.js';

const text = { type: 'string' } as const;

export const replay: Command = {
  usage: `<mapping> [--state S] [--reason CODE] [--record KEY]… [--since TIME] [--until TIME] [--all] [--past] [--no-wait] [--json] ${CONNECTION_USAGE}`,
  help: `Delivers records again, beside what happens now: mapped anew from the log by the version in force, and written
whole. Whoever was erased is left alone.

--state    those that stand so: rejected, retrying, inDoubt, verified, …
--reason   those whose reason has this code, such as missing-value
--record   this one; may be given many times
--since    those that came to stand as they do since then (2027-03-01T09:00:00Z)
--until    and before then
--all      every record of the mapping, where nothing else is said
--past     sends nothing: prints what the calls from --since to --until were made of, one a line as JSON, from the log and
           the version of the mapping that was in force. The same bytes as then, except of persons erased meanwhile
--no-wait  does not wait until everything is taken up
--json     the answer as the API gives it
${CONNECTION_HELP}

Exit codes: 0 done · 1 refused, or no answer · 2 called wrongly`,
  options: {
    state: text,
    reason: text,
    record: { type: 'string', multiple: true },
    since: text,
    until: text,
    all: { type: 'boolean' },
    past: { type: 'boolean' },
    'no-wait': { type: 'boolean' },
    json: { type: 'boolean' },
    ...connectionOptions,
  },
  async run(invocation) {
    const { positionals, options, output } = invocation;
    const [mapping, ...more] = positionals;
    if (mapping === undefined || more.length > 0) throw new UsageError('name one mapping');
    const filter = {
      state: textOf(options.state),
      reason: textOf(options.reason),
      keys: Array.isArray(options.record) ? options.record : undefined,
      since: textOf(options.since),
      until: textOf(options.until),
    };
    const client = clientOf(invocation);
    if (options.past === true) {
      if (filter.state ?? filter.reason ?? filter.keys)
        throw new UsageError('--past goes with --since and --until');
      await printPast(client, mapping, filter, output);
      return exitCodes.ok;
    }
    const isFiltered = Object.values(filter).some((value) => value !== undefined);
    if (isFiltered === (options.all === true))
      throw new UsageError('say which records by --state, --reason, --record, --since or --until, or --all');
    const answer = await client.send<{ id: string; matched: number }>('POST', '/v1/deliveries/replay', {
      mapping,
      ...filter,
    });
    if (options['no-wait'] !== true) await watchRedelivery(client, mapping, answer.matched, output);
    if (options.json === true) output.json(answer);
    else {
      const how = options['no-wait'] === true ? 'to be delivered again' : 'taken up again';
      output.line(output.colour.good(`${counted(answer.matched, 'record')} of ${mapping} ${how}`));
    }
    return exitCodes.ok;
  },
};

/** Page by page, so that a day of any size passes through. */
async function printPast(
  client: OperatorClient,
  mapping: string,
  { since, until }: { readonly since: string | undefined; readonly until: string | undefined },
  output: Output,
): Promise<void> {
  const query = new URLSearchParams();
  if (since !== undefined) query.set('since', since);
  if (until !== undefined) query.set('until', until);
  for (;;) {
    const page = await client.read<{ items: object[]; next: string | null }>(
      `/v1/mappings/${mapping}/calls?${query.toString()}`,
    );
    if (!page) throw new Error(`there is no mapping ${mapping}`);
    for (const call of page.items) output.line(JSON.stringify(call));
    if (page.next === null) return;
    query.set('cursor', page.next);
  }
}
