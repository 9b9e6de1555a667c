/**
 * A cursor holds what a list is ordered by, of the last item shown. It is the client's to bend: what comes back is
 * judged part by part, so that the database is asked only for what it can read.
 */
export function encodeCursor(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

/** Null where it is none of ours. */
export function decodeCursor(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString());
  } catch {
    return null; // No JSON: not one of ours.
  }
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const INTEGER_MAX = 2 ** 31 - 1;

export function isUuid(value: unknown): value is string {
  return typeof value === 'string' && UUID.test(value);
}

/** As `Date` writes it. PostgreSQL knows no year 0, and takes no sign before a year. */
export function isTime(value: unknown): value is string {
  if (typeof value !== 'string' || !/^(?!0000)\d{4}-/.test(value)) return false;
  const time = new Date(value);
  return !Number.isNaN(time.getTime()) && time.toISOString() === value;
}

/** A text that PostgreSQL can hold. */
export function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && !value.includes('\0') && value.isWellFormed();
}

/** A number that fits `integer`. */
export function isInteger(value: unknown): value is number {
  return Number.isInteger(value) && Math.abs(value as number) <= INTEGER_MAX;
}
