import type { Progress } from '../platform/http/long-lines.js';
import type { ChangeKind } from '../pipelines/compare-record.js';
import type { LimitStanding } from '../pipelines/plan-counts.js';
import type { PlanSample, ReasonCount } from '../pipelines/plan-samples.js';
import type { Plan } from '../pipelines/plan.js';
import type { Output, Palettes } from './output.js';

/** What a kind is called, how it is marked, and in which colour. */
const KINDS: readonly [kind: ChangeKind, mark: string, colour: keyof Palettes][] = [
  ['created', '+', 'good'],
  ['changed', '~', 'warning'],
  ['unknown', '?', 'warning'],
  ['rekeyed', '±', 'warning'],
  ['accepted', '✓', 'good'],
  ['retained', '○', 'warning'],
  ['removed', '-', 'error'],
  ['suppressed', '○', 'faint'],
  ['rejected', '✗', 'error'],
  ['waiting', '…', 'faint'],
];

const VALUE_SHOWN_MAX = 60;

/** A plan for people: a few records field by field, then the counts, what it costs, and where it stands to the limits. */
export function printPlan(plan: Plan, output: Output): void {
  const { colour, line } = output;
  const { counts, from, position, to } = plan;
  const versions = from ? `version ${from.version} → ${from.version + 1}` : 'not in force yet';
  line(`${colour.strong(plan.mapping)} ${colour.faint(to.file)}`);
  line(
    colour.faint(
      `${versions}, ${counted(counts.records, 'record')} as of number ${number(position)} in the log`,
    ),
  );
  line();
  if (isNothing(plan)) {
    const stay = counts.records === 1 ? 'stays as it is' : 'stay as they are';
    line(colour.good(`No changes: ${counted(counts.records, 'record')} ${stay}.`));
    return;
  }
  for (const [kind] of KINDS) {
    for (const sample of plan.samples) if (sample.kind === kind) printSample(sample, output);
  }
  printSummary(plan, output);
}

/** Does the plan leave every record as it is? */
export function isNothing({ counts }: Plan): boolean {
  return counts.unchanged === counts.records;
}

export function isPastLimits({ limits }: Plan): boolean {
  return limits.some(({ isExceeded }) => isExceeded);
}

function printSample({ key, kind, version, fields, reason }: PlanSample, { colour, line }: Output): void {
  const [mark, paint] = lookOf(kind, colour);
  line(`  ${paint(mark)} ${colour.strong(key)} ${paint(kind)} ${colour.faint(`version ${version}`)}`);
  const width = Math.max(0, ...fields.map(({ name }) => name.length));
  for (const { name, from, to, expression } of fields) {
    const before =
      kind === 'created' ? '' : `${from === undefined ? colour.faint('unknown') : value(from)} → `;
    const place = expression ? `  ${colour.faint(`${expression.file}:${expression.line}`)}` : '';
    line(`      ${name.padEnd(width)}  ${before}${to === null ? colour.error('null') : value(to)}${place}`);
  }
  if (reason) line(`      ${reason.message} ${colour.faint(placeOf(reason))}`);
  line();
}

function printSummary({ counts, calls, limits, reasons, duplicates, samples }: Plan, output: Output): void {
  const { colour, line } = output;
  const shown = samples.length < counts.records - counts.unchanged;
  if (shown)
    line(colour.faint(`  … ${samples.length} of ${number(counts.records - counts.unchanged)} shown`));
  const parts = KINDS.flatMap(([kind]) => {
    const [, paint] = lookOf(kind, colour);
    return counts[kind] > 0 ? [paint(`${number(counts[kind])} ${kind}`)] : [];
  });
  line(`${colour.strong('Plan:')} ${[...parts, `${number(counts.unchanged)} unchanged`].join(', ')}`);
  if (counts.nulled > 0) line(`  ${colour.error(`${counted(counts.nulled, 'record')} lose a value`)}`);
  if (counts.unknownFields > 0) {
    const fields = counted(counts.unknownFields, 'field');
    line(`  ${colour.warning(`${fields} written over what nobody knows`)}; --read looks first`);
  }
  if (counts.duplicates > 0) {
    const [first] = duplicates;
    const pair = first ? `, such as ${first.keys.join(' and ')}` : '';
    line(
      `  ${colour.error(`${counted(counts.duplicates, 'record')} claim a key that another one has${pair}`)}`,
    );
  }
  for (const reason of reasons) line(`  ${reasonLine(reason, colour)}`);
  if (calls) {
    const seconds = calls.seconds === null ? '' : `, ${duration(calls.seconds)} at the pace allowed`;
    const quota = calls.quota ? `, ${percent(calls.quota.share)} of a day's quota` : '';
    line(
      `${colour.strong('Calls:')} ${number(calls.send)} to write, ${number(calls.readBack)} to read back${seconds}${quota}`,
    );
  }
  for (const limit of limits) line(`${colour.strong('Limit:')} ${limitLine(limit, colour)}`);
}

function reasonLine({ kind, count, reason }: ReasonCount, colour: Palettes): string {
  const field = reason.field ? ` ${reason.field}` : '';
  const [, paint] = lookOf(kind, colour);
  return `${paint(kind)} ${number(count)} × ${reason.code}${field} ${colour.faint(placeOf(reason))} ${reason.message}`;
}

function limitLine({ limit, max, records, share, isExceeded }: LimitStanding, colour: Palettes): string {
  const allowed = 'share' in max ? percent(max.share) : counted(max.count, 'record');
  const standing = `${limit} ${counted(records, 'record')} (${percent(share)}), allowed ${allowed}`;
  return isExceeded ? colour.error(`${standing}: past it`) : colour.good(standing);
}

function lookOf(kind: ChangeKind, colour: Palettes): [mark: string, paint: (text: string) => string] {
  const [, mark, name] = KINDS.find(([known]) => known === kind)!;
  return [mark, colour[name]];
}

function placeOf({ file, line }: { file?: string; line?: number }): string {
  return file === undefined ? '' : `${file}:${line}`;
}

function value(shown: unknown): string {
  const text = JSON.stringify(shown);
  return text.length > VALUE_SHOWN_MAX ? `${text.slice(0, VALUE_SHOWN_MAX)}…` : text;
}

export function number(count: number): string {
  return count.toLocaleString('en');
}

/** `12,000 of 100,000 records`; some came while they were counted. */
export function told({ done, of }: Progress): string {
  return of === null
    ? counted(done, 'record')
    : `${number(done)} of ${counted(Math.max(done, of), 'record')}`;
}

export function counted(count: number, noun: string): string {
  return `${number(count)} ${noun}${count === 1 ? '' : 's'}`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(share > 0 && share < 0.01 ? 2 : 1)} %`;
}

function duration(seconds: number): string {
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7200 ? `${Math.ceil(seconds / 60)} min` : `${Math.ceil(seconds / 3600)} h`;
}
