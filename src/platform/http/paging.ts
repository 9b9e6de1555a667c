import { Type } from 'class-transformer';
import { IsInt, IsOptional, IsString, Max, MaxLength, Min } from 'class-validator';
import { invalidRequest } from './problem.js';

const LIMIT = 50;
const LIMIT_MAX = 200;
const CURSOR_MAX = 512;

/** `?limit=&cursor=` of every list. */
export class Paging {
  @IsOptional() @Type(() => Number) @IsInt() @Min(1) @Max(LIMIT_MAX) limit: number = LIMIT;
  @IsOptional() @IsString() @MaxLength(CURSOR_MAX) cursor?: string;
}

export interface Page<T> {
  readonly items: readonly T[];
  /** Give it as `cursor` for the next page; null on the last. */
  readonly next: string | null;
}

/** @param rows one more than `limit` were asked for: whether it came tells whether there is a next page */
export function pageOf<T>(rows: readonly T[], limit: number, cursorOf: (row: T) => unknown): Page<T> {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  const next = rows.length > limit && last !== undefined ? encode(cursorOf(last)) : null;
  return { items, next };
}

/** @throws Problem invalid-request where it is no cursor of ours */
export function decodeCursor<T>(
  cursor: string | undefined,
  isOurs: (value: unknown) => value is T,
): T | null {
  if (cursor === undefined) return null;
  try {
    const value: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    if (isOurs(value)) return value;
  } catch {
    // Falls through to the same answer.
  }
  throw invalidRequest([
    { pointer: 'cursor', code: 'bad-cursor', message: 'is not a cursor that was given here.' },
  ]);
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
