import { readFile, writeFile } from 'node:fs/promises';
import { letLoose, type Progress } from '../surge/let-loose.js';
import { acknowledgedOf, makeReport } from '../surge/make-report.js';
import { renderReport } from '../surge/render-report.js';
import type { Report } from '../surge/report.js';
import { simulate } from '../surge/simulate.js';
import { cleanUp, makeVenue, takeVenue, type Venue } from '../surge/venue.js';
import { connectionOf } from './api-connection.js';
import { type Command, exitCodes, type ExitCode, type Invocation, UsageError } from './command.js';
import { CONNECTION_HELP, CONNECTION_USAGE, textOf } from './connection-options.js';
import { OperatorClient } from './operator-client.js';
import { printSurge } from './print-surge.js';
import { type Chosen, choose, SURGE_OPTIONS } from './surge-options.js';
import { demandHarmlessDelivery, demandOwnTarget } from './surge-safety.js';

const REPORT = 'surge-report';
const TIMEOUT_MS = 20_000;

export const surge: Command = {
  usage: `[--simulate] [--event NAME] [--visitors N] [--minutes N] [--arrivals SHAPE|FILE] [--report NAME] [--json] … ${CONNECTION_USAGE}`,
  help: `Lets a crowd loose on the lobby: people who wait, reload, wander off, leave, and some who cheat. Writes a report with
plots (NAME.html, NAME.json): what was promised and held, waits, latencies, how deliveries kept up, and what to set.

Against the running instance it makes an event of its own with the lobby that is asked for, and afterwards erases
everyone who came, at the destinations too, and takes the event back to a draft. It goes to this machine only, unless --i-operate names the host.

--simulate          the same visitors and the lobby's own controller on a simulated clock: no network, nothing is changed;
                    an hour takes seconds, and the same seed gives the same bytes
--event NAME        an event that is open and still empty, with its lobby as it is set, instead of one of its own
--answers FILE      the answers (JSON) that its form asks for
--deliver           though others than this machine's twins would get the people's records
--notes FILE        what the visitors noted, for scripts/lobby-oracle.mjs beside the database's ledger
--keep              erases and closes nothing afterwards
--i-operate HOST    that the host of --api is yours

--visitors N        how many come (500; simulated 100000)
--minutes N         in what time (2; simulated 60)
--arrivals SHAPE    spike (the standard), poisson, ramp; or a recorded profile: FILE.csv or FILE.json with seconds,people
--mix LIST          shares, as patient=80,leaver=15,forger=5; also client, reloader, wanderer, copier, hammerer
--seed N            (1) another seed is another crowd
--form-seconds N    how long filling in the form takes in the mean (10; simulated 60)
--patience-minutes N  after which leavers go and wanderers wander, in the mean (a quarter of --minutes)
--opens-after-minutes N  people may join at once, and are let in from then on (0)
--wait-minutes N    the longest wait that the advice aims at (a sixth of --minutes)
--mode, --max-active, --max-per-minute, --capacity  of the lobby and the event (auto, 40, 200, without limit;
                    simulated auto, 2000, 1800, without limit)
--report NAME       of the files (${REPORT})
--json              prints the report as JSON
${CONNECTION_HELP}

Exit codes: 0 every promise held · 1 one did not, or no answer · 2 called wrongly`,
  options: SURGE_OPTIONS,
  async run(invocation) {
    const { positionals, options } = invocation;
    if (positionals.length > 0) throw new UsageError(`what is ${positionals[0]}?`);
    const chosen = await choose(invocation);
    const report = options.simulate === true ? simulated(chosen) : await measured(invocation, chosen);
    return finish(invocation, report);
  },
};

function simulated({ scenario, plan }: Chosen): Report {
  const { lobby, capacity } = scenario;
  const room = {
    ...lobby,
    mode: lobby.mode as 'auto' | 'always',
    opensAtMs: scenario.opensAfterMinutes * 60_000,
  };
  const run = simulate(plan, room, capacity ?? Number.POSITIVE_INFINITY);
  const { activeMax, perMinuteMax, use } = run.room;
  return makeReport({
    scenario,
    crowd: run.crowd,
    samples: run.samples,
    endedMs: run.endedMs,
    peaks: { activeMax, perMinuteMax },
    use: use.couldMs === 0 ? null : use.heldMs / use.couldMs,
    target: null,
    ledger: { acknowledged: acknowledgedOf(run.crowd), registered: run.registered, others: [] },
    downstream: [],
  });
}

async function measured(invocation: Invocation, chosen: Chosen): Promise<Report> {
  const { options, output } = invocation;
  const connection = connectionOf(invocation);
  demandOwnTarget(connection.api, textOf(options['i-operate']));
  const client = new OperatorClient(connection, TIMEOUT_MS);
  if (options.deliver !== true) await demandHarmlessDelivery(client);
  const answers = await answersOf(options.answers);
  const startedAt = new Date().toISOString();
  const name = `surge-${startedAt.slice(0, 19).replace(/\D/g, '')}`;
  const venue = await venueFor(client, name, invocation, chosen);
  const ending = endingBySignal();
  output.problem(
    `${chosen.scenario.visitors} visitors in ${chosen.scenario.minutes} min at ${venue.event}, ${client.api}`,
  );
  try {
    const note = (progress: Progress): void => output.problem(told(progress));
    const { report, notes } = await letLoose(client, {
      ...chosen,
      venue,
      answers,
      name,
      startedAt,
      note,
      signal: ending.signal,
    });
    if (typeof options.notes === 'string') await writeFile(options.notes, notes);
    return report;
  } finally {
    ending.forget();
    if (options.keep !== true) {
      const { erased, left } = await cleanUp(client, venue, name, output.problem);
      const isDraft = venue.isOwn && left.length === 0;
      output.problem(`${erased} people erased${isDraft ? ', the event is a draft again' : ''}`);
      if (left.length > 0)
        output.problem(`${left.length} registrations that are not this run's were left: ${left.join(', ')}`);
    }
  }
}

async function venueFor(
  client: OperatorClient,
  name: string,
  { options }: Invocation,
  { scenario }: Chosen,
): Promise<Venue> {
  if (options.event === undefined) return makeVenue(client, name, scenario);
  const set = ['mode', 'max-active', 'max-per-minute', 'capacity', 'opens-after-minutes'].find(
    (one) => options[one] !== undefined,
  );
  if (set !== undefined)
    throw new UsageError(
      `--${set} is for an event of its own; ${String(options.event)} is taken as it is set`,
    );
  return takeVenue(client, String(options.event));
}

async function answersOf(file: unknown): Promise<Record<string, unknown>> {
  if (typeof file !== 'string') return {};
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>;
  } catch (cause) {
    throw new UsageError(`${file} cannot be read as JSON`, { cause });
  }
}

/** Ctrl-C sends the people home; the report and the cleaning up still come. */
function endingBySignal(): { signal: AbortSignal; forget: () => void } {
  const controller = new AbortController();
  const end = (): void => controller.abort();
  process.once('SIGINT', end);
  process.once('SIGTERM', end);
  const forget = (): void => {
    process.off('SIGINT', end);
    process.off('SIGTERM', end);
  };
  return { signal: controller.signal, forget };
}

function told({ seconds, arrived, waiting, active, registered }: Progress): string {
  return `${String(seconds).padStart(5)} s  ${arrived} came · ${waiting} in line · ${active} slots held · ${registered} registered`;
}

async function finish({ options, output }: Invocation, report: Report): Promise<ExitCode> {
  const name = textOf(options.report) ?? REPORT;
  await writeFile(`${name}.json`, `${JSON.stringify(report, null, 1)}\n`);
  await writeFile(`${name}.html`, renderReport(report));
  if (options.json === true) output.json(report);
  else printSurge(report, name, output);
  return report.held ? exitCodes.ok : exitCodes.findings;
}
