import {
  knownFunction,
  knownMethod,
  newFunction,
  timestampType,
  type FunctionSpec,
} from './function-spec.js';
import { ValueFault } from './value-fault.js';
import { asText, classOf, Duration } from './value.js';
import { formatted, partOf } from './zoned-time.js';

export const timeFunctions: readonly FunctionSpec[] = [
  knownFunction('timestamp', toTimestamp, [`timestamp(${timestampType}): ${timestampType}`]),
  knownFunction('duration', toDuration),
  newFunction('date', [`date(${timestampType}, string): string`], (time, zone) =>
    formatted(toTimestamp(time), 'yyyy-MM-dd', asText(zone)),
  ),
  newFunction('format', [`format(${timestampType}, string, string): string`], (time, pattern, zone) =>
    formatted(toTimestamp(time), asText(pattern), asText(zone)),
  ),
];

/** Of a time, in a zone that must be named; of a duration, its length in that unit. As in CEL, months begin at 0. */
export const timeMethods: readonly FunctionSpec[] = [
  zoned('getFullYear', (parts) => parts.year),
  zoned('getMonth', (parts) => parts.month - 1),
  zoned('getDate', (parts) => parts.day),
  zoned('getDayOfMonth', (parts) => parts.day - 1),
  zoned('getDayOfWeek', (parts) => new Date(Date.UTC(parts.year, parts.month - 1, parts.day)).getUTCDay()),
  zoned('getDayOfYear', dayOfYear),
  zoned('getHours', (parts) => parts.hour, 3_600_000),
  zoned('getMinutes', (parts) => parts.minute, 60_000),
  zoned('getSeconds', (parts) => parts.second, 1_000),
  zoned('getMilliseconds', (parts) => parts.millisecond, 1),
];

/** Which of them need a zone where they are asked of a time. */
export const zonedMethods: ReadonlySet<string> = new Set(timeMethods.map(({ name }) => name));

type Parts = ReturnType<typeof partOf>;

function zoned(name: string, partIn: (parts: Parts) => number, unitMs = 0): FunctionSpec {
  return knownMethod(name, (whole, zone) => {
    if (whole instanceof Duration && unitMs > 0) return Math.trunc(whole.ms / unitMs);
    if (!(whole instanceof Date)) throw new ValueFault('wrong-type', `${name}() of ${classOf(whole)}`);
    if (zone === undefined) {
      throw new ValueFault(
        'missing-zone',
        `${name}() of a time needs a zone: ${name}("Europe/Berlin")`,
        'mapping',
      );
    }
    return partIn(partOf(whole, asText(zone)));
  });
}

function dayOfYear({ year, month, day }: Parts): number {
  return (Date.UTC(year, month - 1, day) - Date.UTC(year, 0, 1)) / 86_400_000;
}

const isoWithZone = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/;

function toTimestamp(value: unknown): Date {
  if (value instanceof Date) return value;
  const text = asText(value);
  const time = isoWithZone.test(text) ? new Date(text) : null;
  if (time && !Number.isNaN(time.getTime())) return time;
  throw new ValueFault(
    'bad-conversion',
    'timestamp() needs a date and time with a zone, such as 2026-03-01T09:00:00Z',
  );
}

const units: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1_000, ms: 1 };

/** `1h30m`, `-90s`, `1.5h`: as CEL writes durations, down to the millisecond. */
function toDuration(value: unknown): Duration {
  if (value instanceof Duration) return value;
  const text = asText(value);
  const [, sign, parts] = /^([+-]?)((?:\d{1,9}(?:\.\d{1,9})?(?:h|ms|m|s))+)$/.exec(text) ?? [];
  if (parts === undefined) {
    throw new ValueFault('bad-conversion', 'duration() needs a length such as 1h30m, 45m or 10s');
  }
  let ms = 0;
  for (const [, amount, unit] of parts.matchAll(/(\d+(?:\.\d+)?)(h|ms|m|s)/g))
    ms += Number(amount) * units[unit!]!;
  return new Duration(Math.trunc(sign === '-' ? -ms : ms));
}
