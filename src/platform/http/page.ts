import { ApiProperty } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsInt, IsOptional, IsString, Max, MaxLength, Min } from 'class-validator';
import { decodeCursor, encodeCursor } from './cursor.js';
import { invalidRequest } from './problem.js';

const LIMIT_DEFAULT = 50;
const LIMIT_MAX = 200;

/** `?limit=&cursor=` of every list. */
export class PageQuery {
  @ApiProperty({ required: false, type: 'integer', minimum: 1, maximum: LIMIT_MAX, default: LIMIT_DEFAULT })
  @Transform(({ value }: { value: unknown }) =>
    typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : value,
  )
  @Max(LIMIT_MAX, { message: `must be at most ${LIMIT_MAX}.` })
  @Min(1, { message: 'must be at least 1.' })
  @IsInt({ message: 'must be a whole number.' })
  @IsOptional()
  limit: number = LIMIT_DEFAULT;

  @ApiProperty({ required: false, description: 'What `next` of the page before said' })
  @MaxLength(500)
  @IsString()
  @IsOptional()
  cursor?: string;
}

export interface Page<Item> {
  readonly items: Item[];
  readonly next: string | null;
}

/**
 * Cuts a page from one row more than it holds.
 * @param keyOf the values that the list is ordered by; the next page begins behind those of the last item
 */
export function pageOf<Row, Item>(
  rows: readonly Row[],
  limit: number,
  toItem: (row: Row) => Item,
  keyOf: (row: Row) => readonly string[],
): Page<Item> {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return {
    items: shown.map(toItem),
    next: last && rows.length > limit ? encodeCursor(keyOf(last)) : null,
  };
}

/** @param isPart what each part of the cursor must be */
export function readCursor(
  cursor: string | undefined,
  isPart: readonly ((part: unknown) => part is string)[],
): string[] | null {
  if (cursor === undefined) return null;
  const parts = decodeCursor(cursor);
  if (Array.isArray(parts) && parts.length === isPart.length && isPart.every((is, i) => is(parts[i])))
    return parts as string[];
  throw invalidRequest([
    { pointer: 'cursor', code: 'invalid-cursor', message: 'is no cursor of this list.' },
  ]);
}
