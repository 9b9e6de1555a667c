import { readFile } from 'node:fs/promises';
import { readZoomReport, type ReportedStay, type ZoomReport } from '../activity/zoom-report.js';
import { isTimeZone } from '../events/agenda-time.js';
import { connectionOf } from './api-connection.js';
import { type Command, exitCodes, type ExitCode, type Invocation, UsageError } from './command.js';
import { OperatorClient } from './operator-client.js';

const AT_ONCE_MAX = 1_000;
const FAULTS_SHOWN_MAX = 20;
const STATUSES = ['accepted', 'duplicate', 'unresolved', 'rejected'] as const;

const text = { type: 'string' } as const;

export const importAttendance: Command = {
  usage:
    '<file> --event NAME [--session CODE] [--time-zone ZONE] [--dry-run] [--api URL] [--key KEY] [--json]',
  help: `Reads the participants of a Zoom report (CSV, with or without the meeting's own lines above) and takes them in as
signals: each row is one stay. Rejoining adds up, two devices at once count once. The same report again changes
nothing. People who are not registered are kept and count as soon as they are.

--event       the event, by its slug or id
--session     the code of the session; otherwise the event as a whole
--time-zone   of the times in the file; otherwise the event's
--dry-run     says what would be taken in, and takes in nothing
--api         otherwise FOYER_API_URL, otherwise npm start as it runs here
--key         of an operator; otherwise FOYER_OPERATOR_KEY, otherwise that of npm start as it runs here

Exit codes: 0 done · 1 faults in the file, no answer, or refused by the API · 2 called wrongly`,
  options: {
    event: text,
    session: text,
    'time-zone': text,
    'dry-run': { type: 'boolean' },
    api: text,
    key: text,
    json: { type: 'boolean' },
  },
  async run(invocation) {
    const { options, positionals, output } = invocation;
    const [file, ...more] = positionals;
    if (file === undefined || more.length > 0) throw new UsageError('give one file');
    if (typeof options.event !== 'string') throw new UsageError('say which event it was: --event NAME');
    const client = new OperatorClient(connectionOf(invocation));
    const path = `/v1/events/${encodeURIComponent(options.event)}`;
    const event = await client.read<{ id: string; timeZone: string }>(path);
    if (!event) throw new Error(`${client.api} has no event ${options.event}`);
    const report = await read(file, {
      timeZone: zoneOf(options['time-zone']) ?? event.timeZone,
      place: `${event.id}/${String(options.session ?? '')}`,
      session: typeof options.session === 'string' ? options.session : undefined,
    });
    if (report.faults.length > 0) return refuse(invocation, file, report);
    const counts = options['dry-run'] === true ? null : await takeIn(client, path, report.stays);
    if (options.json === true) output.json({ ok: true, stays: report.stays.length, ...told(report), counts });
    else say(invocation, report, counts);
    return counts && counts.rejected > 0 ? exitCodes.findings : exitCodes.ok;
  },
};

type Counts = Record<(typeof STATUSES)[number], number>;

async function read(file: string, by: Parameters<typeof readZoomReport>[1]): Promise<ZoomReport> {
  const content = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new UsageError(`${file} cannot be read`, { cause });
  });
  return readZoomReport(content, by);
}

function zoneOf(zone: unknown): string | undefined {
  if (typeof zone !== 'string') return undefined;
  if (!isTimeZone(zone)) throw new UsageError(`${zone} is no time zone, such as Europe/Berlin`);
  return zone;
}

async function takeIn(client: OperatorClient, path: string, stays: readonly ReportedStay[]): Promise<Counts> {
  const counts: Counts = { accepted: 0, duplicate: 0, unresolved: 0, rejected: 0 };
  for (let i = 0; i < stays.length; i += AT_ONCE_MAX) {
    const some = stays.slice(i, i + AT_ONCE_MAX);
    const { results } = await client.send<{ results: { status: keyof Counts }[] }>(
      'POST',
      `${path}/signals`,
      some,
    );
    for (const { status } of results) counts[status]++;
  }
  return counts;
}

function refuse({ options, output }: Invocation, file: string, { faults }: ZoomReport): ExitCode {
  if (options.json === true) output.json({ ok: false, file, faults });
  for (const { row, message } of faults.slice(0, FAULTS_SHOWN_MAX))
    output.problem(`${file}: row ${row} ${message}`);
  output.problem(`${faults.length} rows cannot be read; nothing was taken in`);
  return exitCodes.findings;
}

function told({ withoutEmail }: ZoomReport): { withoutEmail: number } {
  return { withoutEmail };
}

function say({ output }: Invocation, report: ZoomReport, counts: Counts | null): void {
  const { stays, withoutEmail } = report;
  output.line(output.colour.good(`${stays.length} stays ${counts ? 'taken in' : 'would be taken in'}`));
  if (counts) output.line(`  ${STATUSES.map((status) => `${counts[status]} ${status}`).join(' · ')}`);
  if (withoutEmail > 0) output.problem(`${withoutEmail} rows have no e-mail: nobody can know who they are`);
}
