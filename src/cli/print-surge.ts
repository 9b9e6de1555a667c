import type { Report } from '../surge/report.js';
import type { Output } from './output.js';

/** The report in a few lines; the files have the rest. */
export function printSurge(report: Report, name: string, { colour, line }: Output): void {
  const { visitors, overshoot, order, fairness, waitSeconds, advice, held, broken, scenario, downstream } =
    report;
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
  if (fairness.pairs > 0)
    line(
      `  ${fairness.pairs - fairness.inverted} of ${fairness.pairs} pairs were let in in the order in which they came`,
    );
  if (waitSeconds) line(`  waits: median ${waitSeconds.p50} s, p99 ${waitSeconds.p99} s`);
  for (const { mapping, verified, changes, lagMs } of downstream)
    line(
      `  ${mapping}: ${changes} changes, ${verified} records verified, lag p99 ${lagMs ? `${lagMs.p99} ms` : '–'}`,
    );
  line(colour.strong('What to set'));
  for (const reason of advice.reasons) line(`  ${reason}`);
  line(`${name}.html and ${name}.json written`);
}
