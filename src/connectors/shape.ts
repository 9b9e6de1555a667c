/**
 * The shape of a declaration in config/destinations.yaml. One description of each part serves three: it reads the part,
 * notes what is wrong with it in its place, and makes the JSON Schema that editors check by.
 */
import { nearestName } from '../mapping/nearest-name.js';
import { compileUntyped } from '../mapping/untyped-expression.js';
import type { PartOfText, SettingPath, SettingsFaults } from '../platform/config/settings-faults.js';
import {
  bodyTemplate,
  headerTemplate,
  sentenceOf,
  type Template,
  urlTemplate,
  type Values,
} from './template.js';

export type Schema = Readonly<Record<string, unknown>>;

export interface Part<T> {
  readonly schema: Schema;
  /** What stands for it where it is left out; absent: it must be there. */
  readonly otherwise?: { readonly value: T };
  /** Null where it is faulty, which then is noted. */
  read(value: unknown, place: Place): T | null;
}

export class Place {
  constructor(
    private readonly faults: SettingsFaults,
    readonly path: SettingPath,
  ) {}

  at(key: string | number): Place {
    return new Place(this.faults, [...this.path, key]);
  }

  note(message: string, part?: PartOfText): null {
    const name = this.path.join('.');
    this.faults.note(this.path, name === '' ? message : `${name}: ${message}`, part);
    return null;
  }

  get written(): unknown {
    return this.faults.written(this.path);
  }
}

/** Left out, it is `value`. */
export function optional<T, U>(part: Part<T>, value: U): Part<T | U> {
  return { schema: part.schema, otherwise: { value }, read: (given, place) => part.read(given, place) };
}

/** Left out, it is an empty map. */
export function orEmpty<T>(part: Part<Readonly<Record<string, T>>>): Part<Readonly<Record<string, T>>> {
  return optional(part, {});
}

export function text(description: string, pattern?: RegExp, example = 'a text'): Part<string> {
  return {
    schema: { description, type: 'string', ...(pattern ? orVariable({ pattern: pattern.source }) : {}) },
    read(value, place) {
      if (typeof value !== 'string' || value === '') return place.note(`must be ${example}`);
      return pattern === undefined || pattern.test(value) ? value : place.note(`must be ${example}`);
    },
  };
}

/** In the file, the name of a variable may stand for the value. */
const orVariable = (schema: Schema): Schema => ({
  anyOf: [schema, { type: 'string', pattern: String.raw`\$\{` }],
});

/** Stands in the environment; the file only names its variable. */
export function secret(description: string): Part<string> {
  return {
    schema: { description, type: 'string', pattern: String.raw`^\$\{[A-Z0-9_]+(:-)?\}$` },
    read(value, place) {
      const { written } = place;
      const variable =
        typeof written === 'string' ? /^\$\{([A-Z0-9_]+)(?::-)?\}$/.exec(written)?.[1] : undefined;
      if (written !== undefined && variable === undefined)
        return place.note(
          'is a secret: write ${NAME} here, and the secret into that variable of the environment',
        );
      if (typeof value === 'string' && value !== '') return value;
      return place.note(variable ? `is missing: set ${variable}` : 'is missing');
    },
  };
}

export function whole(description: string, min: number, max: number): Part<number> {
  return number({ description, type: ['integer', 'string'], minimum: min, maximum: max }, min, max, true);
}

export function amount(description: string, min: number, max: number): Part<number> {
  return number({ description, type: ['number', 'string'], minimum: min, maximum: max }, min, max, false);
}

/** Values taken from the environment are texts. */
function number(schema: Schema, min: number, max: number, isWhole: boolean): Part<number> {
  return {
    schema,
    read(value, place) {
      const read = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
      const isFit =
        typeof read === 'number' && read >= min && read <= max && (!isWhole || Number.isInteger(read));
      return isFit ? read : place.note(`must be a ${isWhole ? 'whole ' : ''}number from ${min} to ${max}`);
    },
  };
}

export function flag(description: string): Part<boolean> {
  return {
    schema: { description, type: ['boolean', 'string'] },
    read(value, place) {
      if (value === true || value === 'true') return true;
      return value === false || value === 'false' ? false : place.note('must be true or false');
    },
  };
}

export function oneOf<const V extends string>(description: string, values: readonly V[]): Part<V> {
  return {
    schema: { description, ...orVariable({ enum: values }) },
    read(value, place) {
      const known = values.find((candidate) => candidate === value);
      return known ?? place.note(`must be one of ${values.join(', ')}${meant(value, values)}`);
    },
  };
}

/** What an expression gives; absent also where it asks something for what it has not. */
export type Expression = (values: Values) => unknown;

export function expression(description: string, names: readonly string[]): Part<Expression> {
  return {
    schema: {
      description: `${description} Reads ${names.join(', ')}.`,
      type: ['string', 'number', 'boolean'],
    },
    read(value, place) {
      if (!['string', 'number', 'boolean'].includes(typeof value) || value === '')
        return place.note('must be an expression, such as status == 200');
      const result = compileUntyped(String(value), names);
      if ('fault' in result)
        return place.note(sentenceOf(result.fault), { text: String(value), start: result.fault.start });
      return (values) => asked(() => result.expression.run(values));
    },
  };
}

/** Answers are of any shape: what cannot be asked of this one is absent in it. */
function asked(run: () => unknown): unknown {
  try {
    return run();
  } catch {
    return undefined;
  }
}

export function url(description: string, names: readonly string[]): Part<Template<string>> {
  const pattern = /^\//;
  return {
    schema: {
      description: `${description} Reads ${names.join(', ')} in {{ }}.`,
      type: 'string',
      pattern: pattern.source,
    },
    read(value, place) {
      if (typeof value !== 'string' || !pattern.test(value))
        return place.note('must be a path below baseUrl, such as /people/{{ key }}');
      return urlTemplate(value, names, (message, part) => place.note(message, part));
    },
  };
}

export function headers(
  description: string,
  names: readonly string[],
): Part<Readonly<Record<string, Template<string>>>> {
  const header: Part<Template<string>> = {
    schema: { type: 'string' },
    read(value, place) {
      if (typeof value !== 'string') return place.note('must be a text');
      return headerTemplate(value, names, (message, part) => place.note(message, part));
    },
  };
  return mapOf(description, header, /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/);
}

export function body(description: string, names: readonly string[]): Part<Template<unknown>> {
  return {
    schema: { description: `${description} Reads ${names.join(', ')} in {{ }}.` },
    read: (value, place) => bodyTemplate(value, names, (message, part) => place.note(message, part)),
  };
}

export function mapOf<T>(
  description: string,
  part: Part<T>,
  names = /^[^\s]+$/,
): Part<Readonly<Record<string, T>>> {
  return {
    schema: { description, type: 'object', additionalProperties: part.schema },
    read(value, place) {
      if (!isMap(value)) return place.note('must be a map of names to values');
      const made: Record<string, T> = {};
      for (const [key, item] of Object.entries(value)) {
        if (!names.test(key)) place.at(key).note('is no name that may stand here');
        const read = part.read(item, place.at(key));
        if (read !== null) made[key] = read;
      }
      return made;
    },
  };
}

/** A list, or one of its members alone. */
export function listOf<T>(description: string, part: Part<T>): Part<readonly T[]> {
  return {
    schema: { description, anyOf: [part.schema, { type: 'array', items: part.schema }] },
    read(value, place) {
      const isList = Array.isArray(value);
      const items = (isList ? value : [value]) as unknown[];
      return items.flatMap((item, index) => part.read(item, isList ? place.at(index) : place) ?? []);
    },
  };
}

type Parts = Readonly<Record<string, Part<unknown>>>;
export type ValueOf<P> = P extends Part<infer T> ? T : never;
export type Shaped<P extends Parts> = { readonly [K in keyof P]: ValueOf<P[K]> };

export function shape<P extends Parts>(description: string, parts: P): Part<Shaped<P>> {
  const required = Object.keys(parts).filter((key) => !('otherwise' in parts[key]!));
  const properties = Object.fromEntries(Object.entries(parts).map(([key, { schema }]) => [key, schema]));
  return {
    schema: { description, type: 'object', additionalProperties: false, required, properties },
    read(value, place) {
      if (!isMap(value)) return place.note('must be a map');
      for (const key of Object.keys(value).filter((name) => !Object.hasOwn(parts, name)))
        place
          .at(key)
          .note(
            `is no setting${meant(key, Object.keys(parts)) || `: one of ${Object.keys(parts).join(', ')}`}`,
          );
      const made: Record<string, unknown> = {};
      for (const [key, part] of Object.entries(parts)) {
        const given = value[key];
        const isGiven = given !== undefined && given !== null && given !== '';
        if (!isGiven && part.otherwise) made[key] = part.otherwise.value;
        // An empty text is a variable that is not set, which the part itself names.
        else if (isGiven || given === '') made[key] = part.read(given, place.at(key));
        else place.at(key).note('is missing');
      }
      return made as Shaped<P>;
    },
  };
}

function meant(value: unknown, names: readonly string[]): string {
  const nearest = typeof value === 'string' ? nearestName(value, names) : null;
  return nearest ? ` (did you mean ${nearest}?)` : '';
}

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
