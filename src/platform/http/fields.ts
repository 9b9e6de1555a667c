import { applyDecorators } from '@nestjs/common';
import { ApiProperty, type ApiPropertyOptions } from '@nestjs/swagger';
import { Transform, Type } from 'class-transformer';
import {
  ArrayMaxSize,
  IsArray,
  isEmail,
  isISO31661Alpha2,
  IsObject,
  IsOptional,
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
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const E164 = /^\+[1-9]\d{1,14}$/;
const SLUG = /^[a-z0-9]+(-[a-z0-9]+)*$/;
const LANGUAGE = /^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,4}$/;
const EMAIL_CHARACTERS_MAX = 254;
const LOCALE_CHARACTERS_MAX = 35;
const CODE_CHARACTERS_MAX = 80;

const NO_TEXT = 'must be a text.';

/** One line of text with something to read in it. */
export function Line({ max, ...options }: FieldOptions & { max: number }) {
  return scalar('line', options, { type: String, minLength: 1, maxLength: max }, (value) => {
    if (typeof value !== 'string') return NO_TEXT;
    if (characters(value) > max) return `must have at most ${max} characters.`;
    if (value.trim() === '') return 'must not be blank.';
    return ONE_LINE.test(value) ? null : 'must be one line without control characters.';
  });
}

export function Text({ max, ...options }: FieldOptions & { max: number }) {
  return scalar('text', options, { type: String, maxLength: max }, (value) => {
    if (typeof value !== 'string') return NO_TEXT;
    return characters(value) > max ? `must have at most ${max} characters.` : null;
  });
}

/** A text of a program: of several lines, with tabs. */
export function Source({ max, ...options }: FieldOptions & { max: number }) {
  return scalar('source', options, { type: String, minLength: 1, maxLength: max }, (value) => {
    if (typeof value !== 'string') return NO_TEXT;
    if (value.length > max) return `must have at most ${max} characters.`;
    return value.trim() === '' ? 'must not be blank.' : null;
  });
}

/** An id of ours. */
export function Key(options: FieldOptions = {}) {
  const message = 'must be an id.';
  return scalar('key', options, { type: String, format: 'uuid' }, matches(UUID, 36, message));
}

/** Space around an address is dropped, its case is kept. */
export function Email(options: FieldOptions = {}) {
  const schema = { type: String, format: 'email', maxLength: EMAIL_CHARACTERS_MAX };
  return applyDecorators(
    Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? value.trim() : value)),
    scalar('email', options, schema, (value) => {
      if (typeof value !== 'string') return NO_TEXT;
      if (value.length > EMAIL_CHARACTERS_MAX) return `must have at most ${EMAIL_CHARACTERS_MAX} characters.`;
      return isEmail(value) ? null : 'must be an e-mail address.';
    }),
  );
}

export function Country(options: FieldOptions = {}) {
  return scalar('country', options, { type: String, pattern: '^[A-Z]{2}$' }, (value) => {
    const fits = typeof value === 'string' && /^[A-Z]{2}$/.test(value) && isISO31661Alpha2(value);
    return fits ? null : 'must be a country by ISO 3166-1 alpha-2, such as DE.';
  });
}

export function Phone(options: FieldOptions = {}) {
  const message = 'must be a number by E.164, such as +4930901820.';
  return scalar('phone', options, { type: String, pattern: E164.source }, matches(E164, 16, message));
}

/** A language tag such as `de` or `pt-BR`. */
export function Locale(options: FieldOptions = {}) {
  const message = 'must be a language tag, such as de or pt-BR.';
  const schema = { type: String, maxLength: LOCALE_CHARACTERS_MAX };
  return scalar('locale', options, schema, matches(LANGUAGE, LOCALE_CHARACTERS_MAX, message));
}

export function Slug({ max = 80, ...options }: FieldOptions & { max?: number } = {}) {
  const message = `must be at most ${max} small letters and digits, parted by single hyphens.`;
  return scalar(
    'slug',
    options,
    { type: String, pattern: SLUG.source, maxLength: max },
    matches(SLUG, max, message),
  );
}

/** ISO 8601 with a zone. */
export function Time(options: FieldOptions = {}) {
  return scalar('time', options, { type: String, format: 'date-time' }, (value) => {
    const fits = typeof value === 'string' && ISO_TIME.test(value) && isCalendarTime(value);
    return fits ? null : 'must be a time by ISO 8601 with a zone, such as 2027-03-01T09:00:00Z.';
  });
}

export function TimeZone(options: FieldOptions = {}) {
  return scalar('time-zone', options, { type: String }, (value) =>
    isTimeZone(value) ? null : 'must be a time zone of the IANA database, such as Europe/Berlin.',
  );
}

export function Flag(options: FieldOptions = {}) {
  return scalar('flag', options, { type: Boolean }, (value) =>
    typeof value === 'boolean' ? null : 'must be true or false.',
  );
}

export function Count({ max = 10_000_000, ...options }: FieldOptions & { max?: number } = {}) {
  return scalar('count', options, { type: 'integer', minimum: 0, maximum: max }, (value) => {
    if (!Number.isInteger(value)) return 'must be a whole number.';
    if ((value as number) < 0) return 'must be at least 0.';
    return (value as number) > max ? `must be at most ${max}.` : null;
  });
}

export function Choice(values: readonly string[], options: FieldOptions = {}) {
  return scalar('choice', options, { type: String, enum: [...values] }, (value) =>
    values.includes(value as string) ? null : `must be one of ${values.join(', ')}.`,
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
  return scalar('codes', options, { type: String, isArray: true, maxItems: max }, (value) => {
    if (!Array.isArray(value)) return 'must be a list.';
    if (value.length > max) return `must have at most ${max} items.`;
    const fits = value.every((code) => typeof code === 'string' && code.length <= CODE_CHARACTERS_MAX);
    return fits ? null : `must be a list of codes of at most ${CODE_CHARACTERS_MAX} characters.`;
  });
}

/** What is wrong with the value, as a message; null where nothing is. */
type Judge = (value: unknown) => string | null;

/**
 * A field with one rule. class-validator takes about as long for a rule as for a field, so each kind of field has
 * one that says different things, rather than several.
 */
function scalar(name: string, options: FieldOptions, schema: object, judge: Judge) {
  return applyDecorators(...field(options, schema), (target: object, property: string | symbol) => {
    registerDecorator({
      name,
      target: target.constructor,
      propertyName: property as string,
      options: { message: ({ value }) => judge(value) ?? '' },
      validator: { validate: (value) => judge(value) === null },
    });
  });
}

function matches(pattern: RegExp, max: number, message: string): Judge {
  return (value) =>
    typeof value === 'string' && value.length <= max && pattern.test(value) ? null : message;
}

/** As people count: a character outside the basic plane is one, not two. */
function characters(text: string): number {
  let pairs = 0;
  for (let i = 0; i < text.length; i++) if ((text.charCodeAt(i) & 0xfc00) === 0xd800) pairs++;
  return text.length - pairs;
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

function isTimeZone(value: unknown): boolean {
  if (typeof value !== 'string' || value.length > 64 || !/^[A-Za-z]/.test(value)) return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: value });
    return true;
  } catch {
    return false; // Intl says by an error that it does not know the zone.
  }
}
