import { ApiProperty } from '@nestjs/swagger';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsIn,
  IsOptional,
  IsString,
  MaxLength,
  ValidateIf,
} from 'class-validator';
import { JsonObject, Time } from '../platform/http/fields.js';
import { invalidRequest, type ProblemFault } from '../platform/http/problem.js';
import { type Filter, TOPICS } from './endpoint.js';

const PATHS_MAX = 20;
const VALUES_MAX = 50;
const TEXT_MAX = 200;
const PATH = /^[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z0-9_]+){0,5}$/;
const isGiven = (_: unknown, value: unknown): boolean => value !== undefined;

const FILTER = {
  optional: true,
  nullable: true,
  description: 'By path into the record: the value it must have, or a list of those it may have',
  example: { status: 'confirmed', 'attendee.country': ['DE', 'AT'] },
};

export class CreateWebhook {
  @ApiProperty({ example: 'https://example.com/hooks/foyer' })
  @IsString()
  @MaxLength(2000)
  url!: string;

  @ApiProperty({ example: ['registration.confirmed', 'registration.cancelled'] })
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(20)
  @IsIn([...TOPICS, '*'], { each: true })
  topics!: string[];

  @ApiProperty({ required: false, description: 'Id or slug; absent: all events' })
  @IsOptional()
  @IsString()
  @MaxLength(200)
  event?: string | null;

  @ApiProperty({ required: false, enum: ['full', 'thin'], default: 'full' })
  @IsOptional()
  @IsIn(['full', 'thin'])
  payload?: 'full' | 'thin';

  @JsonObject(FILTER)
  filter?: Record<string, unknown> | null;
}

/** A merge patch: what is absent stays, null takes the event or the filter away. */
export class AmendWebhook {
  @ApiProperty({ required: false, example: 'https://example.com/hooks/foyer' })
  @ValidateIf(isGiven)
  @IsString()
  @MaxLength(2000)
  url?: string;

  @ApiProperty({ required: false })
  @ValidateIf(isGiven)
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(20)
  @IsIn([...TOPICS, '*'], { each: true })
  topics?: string[];

  @ApiProperty({ required: false, nullable: true, type: String })
  @IsOptional()
  @IsString()
  @MaxLength(200)
  event?: string | null;

  @ApiProperty({ required: false, enum: ['full', 'thin'] })
  @ValidateIf(isGiven)
  @IsIn(['full', 'thin'])
  payload?: 'full' | 'thin';

  @JsonObject(FILTER)
  filter?: Record<string, unknown> | null;
}

export class ReplayWebhook {
  @Time({ example: '2027-06-01T08:00:00Z' }) since!: string;
  @Time({ optional: true, description: 'Absent: until now' }) until?: string;
}

/** @throws Problem where it is no filter */
export function demandFilter(filter: Record<string, unknown> | null | undefined): Filter | null {
  if (filter === null || filter === undefined) return null;
  const faults: ProblemFault[] = [];
  const paths = Object.entries(filter);
  if (paths.length > PATHS_MAX) {
    faults.push({ pointer: '/filter', code: 'too-many', message: `must have at most ${PATHS_MAX} paths.` });
  }
  for (const [path, value] of paths) {
    const pointer = `/filter/${path}`;
    const values: unknown[] = Array.isArray(value) ? value : [value];
    if (!PATH.test(path)) {
      faults.push({
        pointer,
        code: 'bad-path',
        message: 'must be names with dots between, such as attendee.country.',
      });
    } else if (values.length > VALUES_MAX || !values.every(isScalar)) {
      faults.push({
        pointer,
        code: 'bad-value',
        message: `must be a value, or a list of at most ${VALUES_MAX}.`,
      });
    }
  }
  if (faults.length > 0) throw invalidRequest(faults);
  return filter as Filter;
}

function isScalar(value: unknown): boolean {
  if (typeof value === 'string') return value.length <= TEXT_MAX;
  return value === null || typeof value === 'number' || typeof value === 'boolean';
}
