import { isCheat } from './manners.js';
import { escaped, plotSvg } from './plot.js';
import { REPORT_STYLE } from './report-style.js';
import type { Report } from './report.js';

/** One file with everything in it: nothing is loaded from anywhere, no script runs. */
export function renderReport(report: Report): string {
  const title = report.target ? `Surge: ${report.target.event}` : 'Surge, simulated';
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escaped(title)}</title><style>${REPORT_STYLE}</style></head><body><main>
${head(report)}${verdict(report)}${tiles(report)}${advice(report)}${plots(report)}${downstream(report)}${people(report)}${requests(report)}
<footer>foyer surge, seed ${report.scenario.seed}. How to read this: docs/surge.md.</footer>
</main></body></html>
`;
}

function head({ target, scenario, seconds }: Report): string {
  const { visitors, arrivals, minutes, formSeconds, lobby, opensAfterMinutes } = scenario;
  const opens = opensAfterMinutes > 0 ? ` It opened after ${count(opensAfterMinutes)} minutes.` : '';
  const where = target
    ? `${target.event} at ${target.api}, ${target.startedAt}`
    : 'Simulated: the lobby’s own controller on a simulated clock, no network';
  return (
    `<p class="over">${escaped(where)}</p><h1>${count(visitors)} visitors in ${count(minutes)} minutes</h1>` +
    `<p class="soft">Arrivals: ${escaped(arrivals)}. A form takes ${count(formSeconds)} s in the mean. Lobby: ${lobby.mode}, at most ${count(lobby.maxActive)} at once and ${count(lobby.maxPerMinute)} a minute.${opens} All were through, or gone, after ${duration(seconds)}.</p>`
  );
}

function verdict({ held, broken }: Report): string {
  if (held)
    return `<div class="verdict"><p><strong>Every promise held.</strong> Never more than allowed, nobody overtaken, no place lost, no request failed, nothing for cheats.</p></div>`;
  const items = broken.map((sentence) => `<li>${escaped(sentence)}</li>`).join('');
  return `<div class="verdict bad"><strong>Not everything held.</strong><ul>${items}</ul></div>`;
}

function tiles({
  visitors,
  overshoot,
  order,
  fairness,
  waitSeconds,
  use,
  estimates,
  scenario,
}: Report): string {
  const registered = visitors.fates.registered + visitors.fates.waitlisted;
  const { maxActive, maxPerMinute } = scenario.lobby;
  const all: [name: string, value: string, more: string][] = [
    ['Registered', count(registered), `of ${count(visitors.arrived)} who came`],
    [
      'Over the limits',
      count(overshoot.over),
      `${count(overshoot.activeMax)} of ${count(maxActive)} at once, ${count(overshoot.perMinuteMax)} of ${count(maxPerMinute)} a minute`,
    ],
    ['Overtaken', count(order.overtaken), `of ${count(order.judged)} whose turn can be judged`],
    [
      'In order of coming',
      share(fairness.inOrderShare, 3),
      `of ${count(fairness.pairs)} pairs of people let in, as far as it is certain`,
    ],
    [
      'Wait, median',
      waitSeconds ? duration(waitSeconds.p50) : '–',
      waitSeconds
        ? `p90 ${duration(waitSeconds.p90)}, longest ${duration(waitSeconds.max)}`
        : 'nobody had to wait',
    ],
    [
      'Estimate held',
      share(estimates.withinShare),
      `for ${count(estimates.judged)} who were told 30 s or more`,
    ],
    ['Slots in use', share(use), 'while somebody present waited'],
  ];
  const cells = all.map(
    ([name, value, more]) => `<div><dt>${name}</dt><dd>${value}<small>${more}</small></dd></div>`,
  );
  return `<dl class="tiles">${cells.join('')}</dl>`;
}

function advice({ advice: { maxActive, maxPerMinute, reasons } }: Report): string {
  const settings =
    maxActive === null ? '' : `<code>{ "maxActive": ${maxActive}, "maxPerMinute": ${maxPerMinute} }</code>`;
  const items = reasons.map((reason) => `<li>${escaped(reason)}</li>`).join('');
  return `<h2>What to set</h2><div class="advice">${settings}<ol>${items}</ol></div>`;
}

function plots({ series, scenario }: Report): string {
  const { atSeconds, arrived, admitted, registered, waiting, active, releasedLastMinute } = series;
  const limit = (value: number): number[] => atSeconds.map(() => value);
  const { maxActive, maxPerMinute } = scenario.lobby;
  return `<h2>Over time</h2>${[
    plotSvg({
      title: 'People',
      says: `${arrived.at(-1) ?? 0} arrived, ${admitted.at(-1) ?? 0} were admitted, ${registered.at(-1) ?? 0} registered`,
      atSeconds,
      lines: [
        { name: 'arrived', values: arrived, look: 1 },
        { name: 'admitted', values: admitted, look: 2 },
        { name: 'registered', values: registered, look: 3 },
      ],
    }),
    plotSvg({
      title: 'In line',
      says: `At most ${Math.max(0, ...waiting)} waited`,
      atSeconds,
      lines: [{ name: 'waiting', values: waiting, look: 4 }],
    }),
    plotSvg({
      title: 'Registering at once',
      says: `At most ${Math.max(0, ...active)} of ${maxActive} slots were held`,
      atSeconds,
      lines: [
        { name: 'slots held', values: active, look: 2 },
        { name: 'maxActive', values: limit(maxActive), look: 'limit' },
      ],
    }),
    plotSvg({
      title: 'Let through in the last minute',
      says: `At most ${Math.max(0, ...releasedLastMinute)} of ${maxPerMinute} a minute`,
      atSeconds,
      lines: [
        { name: 'let through', values: releasedLastMinute, look: 3 },
        { name: 'maxPerMinute', values: limit(maxPerMinute), look: 'limit' },
      ],
    }),
  ].join('')}`;
}

function downstream({ downstream: mappings }: Report): string {
  if (mappings.length === 0) return '';
  const rows = mappings.map(
    ({ mapping, changes, settled, verified, rejected, unaccounted, backlogMax, lagMs, quota }) => [
      mapping,
      count(changes),
      count(settled),
      count(verified),
      count(rejected),
      count(unaccounted),
      count(backlogMax),
      lagMs ? `${time(lagMs.p50)} / ${time(lagMs.p99)}` : '–',
      quota.max === null
        ? count(quota.calls)
        : `${count(quota.calls)} (day: ${count(quota.used ?? 0)} of ${count(quota.max)})`,
    ],
  );
  const heads = [
    'mapping',
    'changes',
    'settled',
    'verified',
    'rejected',
    'lost',
    'backlog, most',
    'lag p50 / p99',
    'calls',
  ];
  const figures = mappings.map(({ mapping, series, backlogMax }) =>
    plotSvg({
      title: `Backlog of ${mapping}`,
      says: `At most ${backlogMax} changes waited`,
      atSeconds: series.atSeconds,
      lines: [{ name: 'changes not yet settled', values: series.waiting, look: 1 }],
    }),
  );
  const fine = Math.max(...mappings.map(({ everyMs }) => everyMs));
  return `<h2>Downstream</h2>${table(heads, rows)}<p class="soft">From the change to the verified delivery, by the ledgers, looked at every ${time(fine)}.</p>${figures.join('')}`;
}

function people({ visitors, cheats, order, ledger }: Report): string {
  const rows = Object.entries(visitors.manners)
    .filter(([, { arrived }]) => arrived > 0)
    .map(([manner, { arrived, registered }]) => [
      manner,
      count(arrived),
      count(registered),
      isCheat(manner) ? 'cheat' : '',
    ]);
  const loot = Object.entries(cheats).map(([name, { tries, refused, gained }]) => [
    name,
    count(tries),
    count(refused),
    count(gained),
  ]);
  const refusals = Object.entries(visitors.refusals).map(([code, n]) => [code, count(n)]);
  const kept = `${count(order.placesShown - order.placesLost)} of ${count(order.placesShown)} who showed their ticket again had kept their place; ${count(order.numbersOutOfOrder)} numbers were given out of order.`;
  const booked = ledger
    ? ` ${count(ledger.acknowledged)} registrations were acknowledged, ${count(ledger.registered)} stand there.${strangers(ledger.others)}`
    : '';
  return (
    `<h2>People</h2>${table(['manner', 'came', 'registered', ''], rows)}<p class="soft">${kept}${booked}</p>` +
    (refusals.length > 0 ? table(['refused with', 'people'], refusals) : '') +
    `<h2>Cheats</h2>${table(['what they did', 'tries', 'refused', 'gained'], loot)}`
  );
}

function strangers(ids: readonly string[]): string {
  if (ids.length === 0) return '';
  return ` ${count(ids.length)} registrations that are not this run’s were left: ${escaped(ids.join(', '))}.`;
}

function requests({ latency, errors, generatorLag }: Report): string {
  const rows = latency.map(({ ask, count: n, p50Ms, p90Ms, p99Ms, maxMs }) => [
    ask,
    count(n),
    time(p50Ms),
    time(p90Ms),
    time(p99Ms),
    time(maxMs),
  ]);
  const faults = errors.map(({ ask, status, code, count: n }) => [
    ask,
    status === 0 ? 'none' : String(status),
    code,
    count(n),
  ]);
  return (
    `<h2>Requests</h2>${table(['', 'asked', 'p50', 'p90', 'p99', 'longest'], rows)}` +
    `<p class="soft">Counted from when each was due, not from when it could be sent. The load generator itself was late by ${time(generatorLag.p99Ms)} at p99; where that is much, it was the bottleneck.</p>` +
    (faults.length > 0 ? `<h2>Errors</h2>${table(['', 'status', 'code', 'times'], faults)}` : '')
  );
}

function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const row = (cells: readonly string[], tag: 'th' | 'td'): string =>
    `<tr>${cells.map((cell) => `<${tag}>${escaped(cell)}</${tag}>`).join('')}</tr>`;
  return `<div class="wide"><table><thead>${row(heads, 'th')}</thead><tbody>${rows.map((cells) => row(cells, 'td')).join('')}</tbody></table></div>`;
}

function count(value: number): string {
  return value.toLocaleString('en');
}

/** Rounded down: all of them is only said where it was all of them. */
function share(value: number | null, digits = 1): string {
  if (value === null) return '–';
  const scale = 10 ** digits;
  return `${(Math.floor(value * 100 * scale) / scale).toFixed(digits)} %`;
}

function time(ms: number): string {
  return ms < 1_000 ? `${Math.round(ms)} ms` : duration(ms / 1000);
}

function duration(seconds: number): string {
  return seconds < 90 ? `${seconds.toFixed(1)} s` : `${(seconds / 60).toFixed(1)} min`;
}
