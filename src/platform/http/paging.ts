import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsInt, IsOptional, IsString, Max, MaxLength, Min } from 'class-validator';
import { decodeCursor, encodeCursor } from './cursor.js';
import { invalidRequest } from './problem.js';

const LIMIT = 50;
const LIMIT_MAX = 200;
const CURSOR_MAX = 512;

/** `?limit=&cursor=` of every list. */
export class Paging {
  @ApiProperty({ required: false, type: 'integer', minimum: 1, maximum: LIMIT_MAX, default: LIMIT })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(LIMIT_MAX)
  limit: number = LIMIT;

  @ApiProperty({ required: false, description: 'What `next` of the page before said' })
  @IsOptional()
  @IsString()
  @MaxLength(CURSOR_MAX)
  cursor?: string;
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
  const next = rows.length > limit && last !== undefined ? encodeCursor(cursorOf(last)) : null;
  return { items, next };
}

/** @throws Problem invalid-request where it is no cursor of ours */
export function readPlace<T>(cursor: string | undefined, isOurs: (value: unknown) => value is T): T | null {
  if (cursor === undefined) return null;
  const value = decodeCursor(cursor);
  if (isOurs(value)) return value;
  throw invalidRequest([
    { pointer: 'cursor', code: 'bad-cursor', message: 'is not a cursor that was given here.' },
  ]);
}
