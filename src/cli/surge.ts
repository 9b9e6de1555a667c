import { writeFile } from 'node:fs/promises';
import { acknowledgedOf, makeReport } from '../surge/make-report.js';
import { renderReport } from '../surge/render-report.js';
import type { Report } from '../surge/report.js';
import { simulate } from '../surge/simulate.js';
import { type Command, exitCodes, type ExitCode, type Invocation, UsageError } from './command.js';
import { textOf } from './connection-options.js';
import type { Output } from './output.js';
import { type Chosen, choose, SURGE_OPTIONS } from './surge-options.js';

const REPORT = 'surge-report';

export const surge: Command = {
  usage: `--simulate [--visitors N] [--minutes N] [--arrivals SHAPE|FILE] [--report NAME] [--json] …`,
  help: `Lets a crowd loose on the lobby: people who wait, reload, wander off, leave, and some who cheat. Writes a report with
plots (NAME.html, NAME.json): what was promised and held, waits, latencies, and what to set.

--simulate          the same visitors and the lobby's own controller on a simulated clock: no network, nothing is changed;
                    an hour takes seconds, and the same seed gives the same bytes
--visitors N        how many come (100000)
--minutes N         in what time (60)
--arrivals SHAPE    spike (the standard), poisson, ramp; or a recorded profile: FILE.csv or FILE.json with seconds,people
--mix LIST          shares, as patient=80,leaver=15,forger=5; also client, reloader, wanderer, copier, hammerer
--seed N            (1) another seed is another crowd
--form-seconds N    how long filling in the form takes in the mean (60)
--patience-minutes N  after which leavers go and wanderers wander, in the mean (a quarter of --minutes)
--wait-minutes N    the longest wait that the advice aims at (10)
--mode, --max-active, --max-per-minute, --capacity  of the lobby and the event (auto, 2000, 1800, without limit)
--report NAME       of the files (${REPORT})
--json              prints the report as JSON

Exit codes: 0 every promise held · 1 one did not, or no answer · 2 called wrongly`,
  options: SURGE_OPTIONS,
  async run(invocation) {
    if (invocation.positionals.length > 0) throw new UsageError(`what is ${invocation.positionals[0]}?`);
    if (invocation.options.simulate !== true) throw new UsageError('say --simulate');
    const chosen = await choose(invocation);
    return finish(invocation, simulated(chosen));
  },
};

function simulated({ scenario, plan }: Chosen): Report {
  const { lobby, capacity } = scenario;
  const room = { ...lobby, mode: lobby.mode as 'auto' | 'always', opensAtMs: 0 };
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
    ledger: { acknowledged: acknowledgedOf(run.crowd), registered: run.registered },
    downstream: [],
  });
}

function print(report: Report, name: string, { colour, line }: Output): void {
  const { visitors, overshoot, order, waitSeconds, advice, held, broken, scenario } = report;
  const { maxActive, maxPerMinute } = scenario.lobby;
  line(held ? colour.good('✓ every promise held') : colour.error('✗ not everything held'));
  for (const sentence of broken) line(`  ${colour.error(sentence)}`);
  line(
    `  ${visitors.arrived} came · ${visitors.inLine} stood in line · ${visitors.admitted} admitted · ` +
      `${visitors.fates.registered + visitors.fates.waitlisted} registered`,
  );
  line(
    `  at most ${overshoot.activeMax} of ${maxActive} at once, ${overshoot.perMinuteMax} of ${maxPerMinute} a minute · ` +
      `${order.overtaken} overtaken · ${order.placesLost} places lost`,
  );
  if (waitSeconds) line(`  waits: median ${waitSeconds.p50} s, p99 ${waitSeconds.p99} s`);
  line(colour.strong('What to set'));
  for (const reason of advice.reasons) line(`  ${reason}`);
  line(`${name}.html and ${name}.json written`);
}

async function finish({ options, output }: Invocation, report: Report): Promise<ExitCode> {
  const name = textOf(options.report) ?? REPORT;
  await writeFile(`${name}.json`, `${JSON.stringify(report, null, 1)}\n`);
  await writeFile(`${name}.html`, renderReport(report));
  if (options.json === true) output.json(report);
  else print(report, name, output);
  return report.held ? exitCodes.ok : exitCodes.findings;
}
