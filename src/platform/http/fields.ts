import { applyDecorators } from '@nestjs/common';
import { ApiProperty, type ApiPropertyOptions } from '@nestjs/swagger';
import { Transform, Type } from 'class-transformer';
import {
  ArrayMaxSize,
  IsArray,
  IsBoolean,
  IsEmail,
  IsIn,
  IsInt,
  IsISO31661Alpha2,
  IsObject,
  IsOptional,
  IsString,
  Matches,
  Max,
  MaxLength,
  Min,
  MinLength,
  registerDecorator,
  ValidateIf,
  ValidateNested,
} from 'class-validator';

/** What every field of a request may say about itself; one decorator checks it and documents it. */
interface FieldOptions {
  readonly optional?: boolean;
  /** May be null, which takes the value away or means without limit. */
  readonly nullable?: boolean;
  readonly description?: string;
  readonly example?: unknown;
}

const ONE_LINE = /^[^\u0000-\u001f\u007f-\u009f\u2028\u2029]*$/;
const ISO_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/;
const E164 = /^\+[1-9]\d{1,14}$/;
const EMAIL_CHARACTERS_MAX = 254;

/** One line of text with something to read in it. */
export function Line({ min = 1, max, ...options }: FieldOptions & { min?: number; max: number }) {
  return applyDecorators(
    ...field(options, { type: String, minLength: min, maxLength: max }),
    MinLength(min, { message: `must have at least ${min} character${min === 1 ? '' : 's'}.` }),
    MaxLength(max, { message: `must have at most ${max} characters.` }),
    Matches(ONE_LINE, { message: 'must be one line without control characters.' }),
    ...(min > 0 ? [Matches(/\S/, { message: 'must not be blank.' })] : []),
    IsString({ message: 'must be a text.' }),
  );
}

export function Text({ max, ...options }: FieldOptions & { max: number }) {
  return applyDecorators(
    ...field(options, { type: String, maxLength: max }),
    MaxLength(max, { message: `must have at most ${max} characters.` }),
    IsString({ message: 'must be a text.' }),
  );
}

/** Space around an address is dropped, its case is kept. */
export function Email(options: FieldOptions = {}) {
  return applyDecorators(
    ...field(options, { type: String, format: 'email', maxLength: EMAIL_CHARACTERS_MAX }),
    Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? value.trim() : value)),
    IsEmail({}, { message: 'must be an e-mail address.' }),
    MaxLength(EMAIL_CHARACTERS_MAX, { message: `must have at most ${EMAIL_CHARACTERS_MAX} characters.` }),
    IsString({ message: 'must be a text.' }),
  );
}

export function Country(options: FieldOptions = {}) {
  return applyDecorators(
    ...field(options, { type: String, pattern: '^[A-Z]{2}$' }),
    IsISO31661Alpha2({ message: 'must be a country by ISO 3166-1 alpha-2, such as DE.' }),
    Matches(/^[A-Z]{2}$/, { message: 'must be a country by ISO 3166-1 alpha-2, such as DE.' }),
  );
}

export function Phone(options: FieldOptions = {}) {
  return applyDecorators(
    ...field(options, { type: String, pattern: E164.source }),
    Matches(E164, { message: 'must be a number by E.164, such as +4930901820.' }),
  );
}

/** A language tag such as `de` or `pt-BR`. */
export function Locale(options: FieldOptions = {}) {
  return applyDecorators(
    ...field(options, { type: String, maxLength: 35 }),
    Matches(/^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,4}$/, {
      message: 'must be a language tag, such as de or pt-BR.',
    }),
    MaxLength(35, { message: 'must have at most 35 characters.' }),
  );
}

export function Slug({ max = 80, ...options }: FieldOptions & { max?: number } = {}) {
  return applyDecorators(
    ...field(options, { type: String, pattern: '^[a-z0-9]+(-[a-z0-9]+)*$', maxLength: max }),
    Matches(/^[a-z0-9]+(-[a-z0-9]+)*$/, {
      message: 'must be small letters and digits, parted by single hyphens.',
    }),
    MaxLength(max, { message: `must have at most ${max} characters.` }),
    IsString({ message: 'must be a text.' }),
  );
}

/** ISO 8601 with a zone. */
export function Time(options: FieldOptions = {}) {
  return applyDecorators(...field(options, { type: String, format: 'date-time' }), isTime());
}

export function TimeZone(options: FieldOptions = {}) {
  return applyDecorators(...field(options, { type: String }), isTimeZone());
}

export function Flag(options: FieldOptions = {}) {
  return applyDecorators(
    ...field(options, { type: Boolean }),
    IsBoolean({ message: 'must be true or false.' }),
  );
}

export function Count({
  min = 0,
  max = 10_000_000,
  ...options
}: FieldOptions & { min?: number; max?: number } = {}) {
  return applyDecorators(
    ...field(options, { type: 'integer', minimum: min, maximum: max }),
    Max(max, { message: `must be at most ${max}.` }),
    Min(min, { message: `must be at least ${min}.` }),
    IsInt({ message: 'must be a whole number.' }),
  );
}

export function Choice(values: readonly string[], options: FieldOptions = {}) {
  return applyDecorators(
    ...field(options, { type: String, enum: [...values] }),
    IsIn([...values], { message: `must be one of ${values.join(', ')}.` }),
  );
}

/** Any JSON object; what is in it is judged elsewhere. */
export function JsonObject(options: FieldOptions = {}) {
  return applyDecorators(
    ...field(options, { type: 'object', additionalProperties: true }),
    IsObject({ message: 'must be an object.' }),
  );
}

export function Nested(type: () => new () => object, options: FieldOptions = {}) {
  return applyDecorators(
    ...field(options, { type: () => type() }),
    Type(type),
    ValidateNested({ message: 'must be an object.' }),
    IsObject({ message: 'must be an object.' }),
  );
}

export function ListOf(type: () => new () => object, { max, ...options }: FieldOptions & { max: number }) {
  return applyDecorators(
    ...field(options, { type: () => type(), isArray: true, maxItems: max }),
    Type(type),
    ValidateNested({ each: true, message: 'must be a list of objects.' }),
    ArrayMaxSize(max, { message: `must have at most ${max} items.` }),
    IsArray({ message: 'must be a list.' }),
  );
}

export function Codes({ max, ...options }: FieldOptions & { max: number }) {
  return applyDecorators(
    ...field(options, { type: String, isArray: true, maxItems: max }),
    IsString({ each: true, message: 'must be a list of codes.' }),
    MaxLength(80, { each: true, message: 'must be a list of codes of at most 80 characters.' }),
    ArrayMaxSize(max, { message: `must have at most ${max} items.` }),
    IsArray({ message: 'must be a list.' }),
  );
}

/** Absent is fine where optional; null is fine only where nullable. */
function field(
  { optional, nullable, description, example }: FieldOptions,
  schema: object,
): PropertyDecorator[] {
  const documented = {
    ...schema,
    required: !optional,
    ...(nullable ? { nullable } : {}),
    ...(description ? { description } : {}),
    ...(example === undefined ? {} : { example }),
  } as ApiPropertyOptions;
  const decorators: PropertyDecorator[] = [ApiProperty(documented)];
  if (optional && nullable) decorators.push(IsOptional());
  else if (optional) decorators.push(ValidateIf((_, value) => value !== undefined));
  else if (nullable) decorators.push(ValidateIf((_, value) => value !== null));
  return decorators;
}

function isTime(): PropertyDecorator {
  return rule('isTime', 'must be a time by ISO 8601 with a zone, such as 2027-03-01T09:00:00Z.', (value) => {
    return typeof value === 'string' && ISO_TIME.test(value) && isCalendarTime(value);
  });
}

/** `new Date` turns the 30th of February into March and takes years that PostgreSQL does not. */
function isCalendarTime(text: string): boolean {
  const day = text.slice(0, 10);
  const midnight = new Date(`${day}T00:00:00Z`);
  return (
    !Number.isNaN(midnight.getTime()) &&
    midnight.toISOString().startsWith(day) &&
    !Number.isNaN(new Date(text).getTime()) &&
    midnight.getUTCFullYear() >= 1970
  );
}

function isTimeZone(): PropertyDecorator {
  return rule('isTimeZone', 'must be a time zone of the IANA database, such as Europe/Berlin.', (value) => {
    if (typeof value !== 'string' || value.length > 64 || !/^[A-Za-z]/.test(value)) return false;
    try {
      new Intl.DateTimeFormat('en', { timeZone: value });
      return true;
    } catch {
      return false; // Intl says by an error that it does not know the zone.
    }
  });
}

function rule(name: string, message: string, validate: (value: unknown) => boolean): PropertyDecorator {
  return (target, propertyName) => {
    registerDecorator({
      name,
      target: target.constructor,
      propertyName: propertyName as string,
      options: { message },
      validator: { validate },
    });
  };
}
