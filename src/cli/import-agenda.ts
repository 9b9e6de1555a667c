import { readFile } from 'node:fs/promises';
import { type AgendaRead, type ImportedAgenda, readAgenda } from '../events/agenda-import.js';
import { isDay, isTimeZone } from '../events/agenda-time.js';
import { shiftAgenda } from '../events/shift-agenda.js';
import { systemClock } from '../platform/clock.js';
import { connectionOf } from './api-connection.js';
import { type Command, exitCodes, type ExitCode, type Invocation, UsageError } from './command.js';
import { OperatorClient } from './operator-client.js';
import { type AgendaChanges, putAgenda } from './put-agenda.js';

const FAULTS_SHOWN_MAX = 50;

const text = { type: 'string' } as const;
const flag = { type: 'boolean' } as const;

export const importAgenda: Command = {
  usage:
    '<file> [--slug NAME] [--time-zone ZONE] [--capacity N] [--shift-to YYYY-MM-DD] [--open] [--dry-run] [--api URL] [--key KEY] [--json]',
  help: `Reads an agenda as pretalx and the CCC's tools export it (schedule.json) and makes it an event with its sessions,
over the API. Again with the same file changes nothing; with a changed one, it updates what differs. The whole file is
checked first: every fault is named by its place (a JSON pointer), and then nothing is written. An import that was
interrupted is finished by running it again. Sessions that are no longer in the file stay, and are named.

--slug        the event's name in addresses; otherwise made from the conference's acronym
--time-zone   of the event, such as Europe/Berlin; otherwise as the file names it, or the offset of all its times
--capacity    how many places; otherwise without limit, or as it is
--shift-to    moves the whole agenda by whole days to begin on that day; times of day stay
--open        opens the event for registration, when all is in place
--dry-run     says what would be made, and makes nothing
--api         otherwise FOYER_API_URL, otherwise npm start as it runs here
--key         of an operator; otherwise FOYER_OPERATOR_KEY, otherwise that of npm start as it runs here

Exit codes: 0 done · 1 faults in the file, no answer, or refused by the API · 2 called wrongly`,
  options: {
    slug: text,
    'time-zone': text,
    capacity: text,
    'shift-to': text,
    open: flag,
    'dry-run': flag,
    api: text,
    key: text,
    json: flag,
  },
  async run(invocation) {
    const wishes = wishesOf(invocation);
    const connection = connectionOf(invocation);
    const read = readAgenda(await parsed(wishes.file), wishes);
    if (!read.ok) return refuse(invocation, wishes.file, read.faults);
    const agenda = wishes.day === undefined ? read.agenda : shiftAgenda(read.agenda, wishes.day);
    if (wishes.isToOpen) demandFuture(agenda);
    const { output } = invocation;
    if (agenda.timeZoneFrom === 'offsets') {
      output.problem(
        `${wishes.file} names no time zone; all its times share one offset, which makes ${agenda.event.timeZone} (--time-zone says it better)`,
      );
    }
    const changes = await putAgenda(new OperatorClient(connection), agenda, {
      ...wishes,
      note: (progress) => output.problem(wishes.isDry ? `${progress} (dry run)` : progress),
    });
    report(invocation, agenda, changes, wishes.isDry, connection.api);
    return exitCodes.ok;
  },
};

interface Wishes {
  readonly file: string;
  readonly slug: string | undefined;
  readonly timeZone: string | undefined;
  readonly day: string | undefined;
  readonly capacity: number | undefined;
  readonly isToOpen: boolean;
  readonly isDry: boolean;
}

/** @throws UsageError with every option that does not hold */
function wishesOf({ positionals, options }: Invocation): Wishes {
  const [file, ...more] = positionals;
  if (file === undefined || more.length > 0)
    throw new UsageError('give one file (see foyer help import agenda)');
  const [slug, timeZone, day, capacity] = ['slug', 'time-zone', 'shift-to', 'capacity'].map((name) =>
    optional(options[name]),
  );
  const faults = [
    ...(slug === undefined || (/^[a-z0-9]+(-[a-z0-9]+)*$/.test(slug) && slug.length <= 80)
      ? []
      : ['--slug wants small letters and digits, parted by single hyphens']),
    ...(timeZone === undefined || isTimeZone(timeZone)
      ? []
      : ['--time-zone wants one such as Europe/Berlin']),
    ...(day === undefined || isDay(day) ? [] : ['--shift-to wants a day as YYYY-MM-DD']),
    ...(capacity === undefined || /^\d{1,7}$/.test(capacity)
      ? []
      : ['--capacity wants a whole number below ten million']),
  ];
  if (faults.length > 0) throw new UsageError(faults.join('; '));
  return {
    file,
    slug,
    timeZone,
    day,
    capacity: capacity === undefined ? undefined : Number(capacity),
    isToOpen: options.open === true,
    isDry: options['dry-run'] === true,
  };
}

async function parsed(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    const reason = error instanceof SyntaxError ? `is no JSON: ${error.message}` : 'cannot be read';
    throw new UsageError(`${file} ${reason}`, { cause: error });
  }
}

function refuse(
  { options, output }: Invocation,
  file: string,
  faults: Extract<AgendaRead, { ok: false }>['faults'],
): ExitCode {
  if (options.json === true) output.json({ ok: false, file, faults });
  for (const { pointer, message } of faults.slice(0, FAULTS_SHOWN_MAX))
    output.problem(`${file}#${pointer} ${message}`);
  if (faults.length > FAULTS_SHOWN_MAX)
    output.problem(`… and ${faults.length - FAULTS_SHOWN_MAX} more (--json shows all)`);
  output.problem(`${counted(faults.length, 'fault')}; nothing was imported`);
  return exitCodes.findings;
}

/** Nobody can register for what is over: said before anything is written. */
function demandFuture({ event }: ImportedAgenda): void {
  if (new Date(event.endsAt) > systemClock.now()) return;
  const ended = event.endsAt.slice(0, 10);
  throw new Error(
    `the agenda ended on ${ended}: nobody could register. Move it with --shift-to YYYY-MM-DD, or leave out --open`,
  );
}

function report(
  { options, output }: Invocation,
  { event, sessions }: ImportedAgenda,
  changes: AgendaChanges,
  isDry: boolean,
  api: string,
): void {
  const url = `${api}/v1/events/${event.slug}`;
  if (options.json === true) {
    output.json({ ok: true, dryRun: isDry, url, event, changes });
    return;
  }
  const { created, changed, unchanged } = changes.sessions;
  const done = isDry ? 'would be imported' : 'imported';
  output.line(output.colour.good(`${event.name}: ${counted(sessions.length, 'session')} ${done}`));
  output.line(
    `  event ${changes.event}; sessions: ${created} new, ${changed} changed, ${unchanged} unchanged`,
  );
  output.line(`  ${event.startsAt} – ${event.endsAt}, ${event.timeZone}`);
  output.line(`  ${url}`);
  if (changes.notInFile.length > 0) {
    const names = changes.notInFile.slice(0, FAULTS_SHOWN_MAX).join(', ');
    output.problem(`${counted(changes.notInFile.length, 'session')} of the event not in the file: ${names}`);
  }
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

function optional(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
