import { readFile } from 'node:fs/promises';
import { type ImportedAgenda, readAgenda, shifted } from '../events/agenda-import.js';
import { findConnection } from '../platform/config/connection.js';
import { type Command, exitCodes, type Invocation, UsageError } from './command.js';
import { OperatorClient } from './operator-client.js';

const text = { type: 'string' } as const;
const flag = { type: 'boolean' } as const;

export const importAgenda: Command = {
  usage:
    '<file> [--slug NAME] [--capacity N] [--shift-to YYYY-MM-DD] [--open] [--dry-run] [--api URL --key KEY] [--json]',
  help: `Reads an agenda as pretalx and the CCC's tools export it (schedule.json) and makes it an event with its sessions,
over the API. Again with the same file changes nothing; with a changed one, it updates. The whole file is checked first:
every fault is named by its place, and then nothing is written.

--slug        the event's name in addresses; otherwise the conference's acronym
--capacity    how many places; otherwise without limit
--shift-to    moves the whole agenda by whole days, to begin on that day
--open        opens the event for registration
--dry-run     says what would be made, and makes nothing
--api, --key  otherwise FOYER_API_URL and FOYER_OPERATOR_KEY, otherwise a running npm start in this folder

Exit codes: 0 done · 1 faults in the file, or refused by the API · 2 called wrongly, or no API to speak to`,
  options: {
    slug: text,
    capacity: text,
    'shift-to': text,
    open: flag,
    'dry-run': flag,
    api: text,
    key: text,
    json: flag,
  },
  async run(invocation) {
    const agenda = await readFileOf(invocation);
    if (!agenda) return exitCodes.findings;
    if (invocation.options['dry-run'] === true) {
      report(invocation, agenda, 'would be imported', null);
      return exitCodes.ok;
    }
    const connection = findConnection({ api: optional(invocation, 'api'), key: optional(invocation, 'key') });
    if (!connection) {
      throw new UsageError(
        'no API to speak to: run npm start here, or give --api and --key (or FOYER_API_URL and FOYER_OPERATOR_KEY)',
      );
    }
    const client = new OperatorClient(connection);
    await write(client, agenda, invocation);
    report(invocation, agenda, 'imported', `${connection.api}/v1/events/${agenda.event.slug}`);
    return exitCodes.ok;
  },
};

async function readFileOf(invocation: Invocation): Promise<ImportedAgenda | null> {
  const [file, ...more] = invocation.positionals;
  if (file === undefined || more.length > 0)
    throw new UsageError('give one file (see foyer help import agenda)');
  const read = readAgenda(await parsed(file));
  if (!read.ok) {
    const { output } = invocation;
    if (invocation.options.json === true) output.json({ ok: false, file, faults: read.faults });
    for (const { pointer, message } of read.faults) output.problem(`${file}: ${pointer || '/'} ${message}`);
    output.problem(`${read.faults.length} fault${read.faults.length === 1 ? '' : 's'}; nothing was imported`);
    return null;
  }
  const slug = optional(invocation, 'slug');
  const day = optional(invocation, 'shift-to');
  if (day !== undefined && !/^\d{4}-\d\d-\d\d$/.test(day))
    throw new UsageError('--shift-to wants a day as YYYY-MM-DD');
  const agenda = day === undefined ? read.agenda : shifted(read.agenda, day);
  return slug === undefined ? agenda : { ...agenda, event: { ...agenda.event, slug } };
}

async function parsed(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    const reason = error instanceof SyntaxError ? `is no JSON: ${error.message}` : 'cannot be read';
    throw new UsageError(`${file} ${reason}`, { cause: error });
  }
}

async function write(
  client: OperatorClient,
  { event, sessions }: ImportedAgenda,
  invocation: Invocation,
): Promise<void> {
  const path = `/v1/events/${event.slug}`;
  const exists = await client.exists(path);
  const limits = { capacity: capacityOf(invocation), waitlist: { capacity: null } };
  if (!exists) await client.send('POST', '/v1/events', { ...event, ...limits });
  else
    await client.send('PATCH', path, {
      name: event.name,
      startsAt: event.startsAt,
      endsAt: event.endsAt,
      timeZone: event.timeZone,
    });
  for (const { code, ...session } of sessions) await client.send('PUT', `${path}/sessions/${code}`, session);
  if (invocation.options.open === true) await client.send('PATCH', path, { state: 'open' });
}

function report(invocation: Invocation, agenda: ImportedAgenda, done: string, url: string | null): void {
  const { output } = invocation;
  const { event, sessions } = agenda;
  if (invocation.options.json === true) {
    output.json({ ok: true, event, sessions: sessions.length, url });
    return;
  }
  output.line(output.colour.good(`${event.name}: ${sessions.length} sessions ${done}`));
  output.line(`  ${event.startsAt} – ${event.endsAt}, ${event.timeZone}`);
  if (url !== null) output.line(`  ${url}`);
}

function capacityOf(invocation: Invocation): number | null {
  const given = optional(invocation, 'capacity');
  if (given === undefined) return null;
  if (!/^\d{1,9}$/.test(given)) throw new UsageError('--capacity wants a whole number');
  return Number(given);
}

function optional({ options }: Invocation, name: string): string | undefined {
  const value = options[name];
  return typeof value === 'string' ? value : undefined;
}
