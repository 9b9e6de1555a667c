/** Random expressions: well-typed ones that cel-js can answer for, and any soup of pieces. Everything follows from a seed. */
import { pick, type Random } from './seeded-files.js';

export type Type = 'int' | 'double' | 'string' | 'bool' | 'ints' | 'strings' | 'time' | 'length';

/** The names that expressions read, in the checker's notation, and what they hold; whole numbers as BigInt for cel-js. */
export const variables: Readonly<Record<string, string>> = {
  i: 'int',
  j: 'int',
  d: 'double',
  s: 'string',
  u: 'string',
  b: 'bool',
  ints: 'list<int>',
  strings: 'list<string>',
  t: 'google.protobuf.Timestamp',
};

export const context = {
  i: 7,
  j: -3,
  d: 2.5,
  s: 'Ana Ruiz',
  u: 'a,b;c',
  b: true,
  ints: [3, 1, 2, 3],
  strings: ['summit', 'academy', ''],
  t: new Date('2026-03-29T00:30:00.000Z'),
};

/**
 * Left out is where cel-js strays from CEL: its lowerAscii() and upperAscii() change other letters too, and it loses a
 * second where durations below one have different signs.
 */
const leaves: Readonly<Record<Type, readonly string[]>> = {
  int: ['i', 'j', '0', '1', '42', '-5', '9007199254740991'],
  double: ['d', '0.5', '-1.25', '3.0', '1e10'],
  string: ['s', 'u', '"x"', '""', '"summit"', '"Ana"', '"12"', '"日𝄞"'],
  bool: ['b', 'true', 'false'],
  ints: ['ints', '[1, 2]', '[i, j]'],
  strings: ['strings', '["a", "b"]', '[s]'],
  time: ['t', 'timestamp("2026-01-05T09:00:00Z")', 'timestamp("2026-10-25T02:30:00+02:00")'],
  length: ['duration("1h30m")', 'duration("-45s")'],
};

type Make = (of: (type: Type) => string, random: Random) => string;

const compared = ['==', '!=', '<', '<=', '>', '>='];
const zones = ['"UTC"', '"Europe/Berlin"', '"America/New_York"', '"Asia/Kolkata"'];
const zoned = [
  'getFullYear',
  'getMonth',
  'getDate',
  'getDayOfMonth',
  'getDayOfWeek',
  'getHours',
  'getMinutes',
  'getSeconds',
];

const nodes: Readonly<Record<Type, readonly Make[]>> = {
  int: [
    (of, random) => `(${of('int')} ${pick(['+', '-', '*', '%'], random)} ${of('int')})`,
    (of) => `-${of('int')}`,
    (of, random) => `${of(pick(['ints', 'strings', 'string'], random))}.size()`,
    (of) => `${of('ints')}[${of('int')}]`,
    (of) => `int(${of('double')})`,
    (of) => `${of('string')}.indexOf(${of('string')})`,
    (of, random) => `${of('time')}.${pick(zoned, random)}(${pick(zones, random)})`,
    (of, random) =>
      `${of('length')}.${pick(['getHours', 'getMinutes', 'getSeconds', 'getMilliseconds'], random)}()`,
    choice('int'),
  ],
  double: [
    (of, random) => `(${of('double')} ${pick(['+', '-', '*', '/'], random)} ${of('double')})`,
    (of) => `double(${of('int')})`,
    choice('double'),
  ],
  string: [
    (of) => `(${of('string')} + ${of('string')})`,
    (of, random) => `${of('string')}.${pick(['trim', 'lowerAscii', 'upperAscii'], random)}()`,
    (of, random) => `string(${of(pick(['int', 'bool', 'string'], random))})`,
    (of) => `${of('strings')}.join(${of('string')})`,
    (of) => `${of('strings')}[${of('int')}]`,
    (of) => `${of('string')}.substring(${of('int')})`,
    choice('string'),
  ],
  bool: [
    (of, random) => `(${of('bool')} ${pick(['&&', '||'], random)} ${of('bool')})`,
    (of) => `!${of('bool')}`,
    (of, random) => same(pick(['int', 'double', 'string', 'time'] as const, random), of, random),
    (of, random) =>
      `${of('string')}.${pick(['startsWith', 'endsWith', 'contains'], random)}(${of('string')})`,
    (of) => `${of('string')}.matches("^[A-Z]")`,
    (of, random) => `${of('ints')}.${pick(['exists', 'all', 'exists_one'], random)}(x, x > ${of('int')})`,
    (of, random) =>
      `${of('strings')}.${pick(['exists', 'all'], random)}(x, x.contains(${of('string')}) || ${of('bool')})`,
    (of) => `${of('int')} in ${of('ints')}`,
    (of) => `${of('string')} in ${of('strings')}`,
    (of, random) => `${of('ints')} ${pick(['==', '!='], random)} ${of('ints')}`,
    choice('bool'),
  ],
  ints: [
    (of) => `${of('ints')}.map(x, x + ${of('int')})`,
    (of) => `${of('ints')}.filter(x, x < ${of('int')})`,
    (of) => `${of('strings')}.map(x, x.size())`,
    (of) => `(${of('ints')} + ${of('ints')})`,
    (of) => `[${of('int')}, ${of('int')}]`,
  ],
  strings: [
    (of) => `${of('strings')}.map(x, x + ${of('string')})`,
    (of) => `${of('strings')}.filter(x, x != ${of('string')})`,
    (of) => `${of('string')}.split(${of('string')})`,
    (of) => `[${of('string')}, ${of('string')}]`,
  ],
  time: [(of, random) => `(${of('time')} ${pick(['+', '-'], random)} ${of('length')})`],
  length: [
    (of) => `(${of('time')} - ${of('time')})`,
    (of, random) => `(${of('length')} ${pick(['+', '-'], random)} ${of('length')})`,
  ],
};

function choice(type: Type): Make {
  return (of) => `(${of('bool')} ? ${of(type)} : ${of(type)})`;
}

function same(type: Type, of: (type: Type) => string, random: Random): string {
  return `${of(type)} ${pick(compared, random)} ${of(type)}`;
}

export function typedExpression(type: Type, random: Random, depth = 4): string {
  if (depth <= 0 || random() < 0.2) return pick(leaves[type], random);
  return pick(nodes[type], random)((inner) => typedExpression(inner, random, depth - 1), random);
}

export const resultTypes: readonly Type[] = ['int', 'double', 'string', 'bool', 'ints', 'strings', 'time'];

const pieces = [
  ...Object.keys(variables),
  ...[
    '.',
    '(',
    ')',
    '[',
    ']',
    '{',
    '}',
    ',',
    ' + ',
    ' - ',
    ' * ',
    ' / ',
    ' % ',
    ' == ',
    ' != ',
    ' < ',
    ' && ',
    ' || ',
    ' ? ',
    ' : ',
    '!',
    ' in ',
  ],
  ...[
    '"a"',
    '"constructor"',
    '"__proto__"',
    "'x'",
    'r"\\\\"',
    'b"x"',
    '1',
    '0',
    '-1',
    '2.5',
    '9223372036854775807',
    '1u',
    'null',
    'true',
    'false',
  ],
  ...[
    'constructor',
    '__proto__',
    'prototype',
    'toString',
    'valueOf',
    'hasOwnProperty',
    '__defineGetter__',
    'globalThis',
    'process',
    'require',
    'length',
    'call',
    'apply',
    'bind',
    'eval',
    'Function',
    'this',
    'cel',
    'cel.bind(x, 1, x)',
    'google',
    'type(i)',
    'dyn(i)',
    'bytes("a")',
    'optional',
  ],
  ...[
    '.map(x, x)',
    '.filter(x, x == x)',
    '.exists(x, x == 1)',
    '.all(x, true)',
    '.maxBy(x, x)',
    '.sortBy(x, x)',
    '.sum()',
    '.sum(x, x)',
    '.min()',
    '.first()',
    '.distinct()',
    '.size()',
    '.join(s)',
    '.split("")',
    '.replace("", s)',
    '.matches("(a+)+$")',
    '.substring(1)',
    '.trim()',
    '.getHours("UTC")',
    '.id',
  ],
  ...[
    'hash(s)',
    'decimal("1.5")',
    'lookup("t", s)',
    'target("m")',
    'consent.granted("x")',
    'has(o.a)',
    'coalesce(',
    'timestamp(',
    'date(t, "UTC")',
    'format(t, "yyyy", "UTC")',
    'duration("1h")',
    'string(',
    'int(',
    'double(',
    'size(',
    'o.a',
    'o["constructor"]',
    'o.constructor',
    'o.__proto__',
    'ints.map(x, ints.map(y, x * y))',
  ],
];

/** Pieces in any order: what parses of it, and what of that passes the checker, is run. */
export function soup(random: Random): string {
  return Array.from({ length: 1 + Math.floor(random() * 10) }, () => pick(pieces, random)).join('');
}

/** A well-typed expression with one piece put where another was. */
export function damaged(random: Random): string {
  const text = typedExpression(pick(resultTypes, random), random);
  const at = Math.floor(random() * text.length);
  return text.slice(0, at) + pick(pieces, random) + text.slice(at + Math.floor(random() * 4));
}
