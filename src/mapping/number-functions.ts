import { Decimal, divided, isDecimal, rounded } from './decimal.js';
import {
  decimalType,
  knownFunction,
  newFunction,
  newMethod,
  timestampType,
  type FunctionSpec,
} from './function-spec.js';
import { ValueFault } from './value-fault.js';
import { asNumber, classOf } from './value.js';

export const numberFunctions: readonly FunctionSpec[] = [
  knownFunction('string', toText, [`string(${timestampType}): string`, `string(${decimalType}): string`]),
  knownFunction('int', toInt, [`int(${decimalType}): int`]),
  knownFunction('double', toDouble, [`double(${decimalType}): double`]),
  knownFunction('bool', toBool),
  newFunction(
    'decimal',
    ['string', 'int', 'double', decimalType].map((type) => `decimal(${type}): ${decimalType}`),
    toDecimal,
  ),
];

export const numberMethods: readonly FunctionSpec[] = [
  newMethod('round', [`${decimalType}.round(int): ${decimalType}`], (a, b) =>
    rounded(asDecimal(a), asNumber(b)),
  ),
  newMethod('divide', [`${decimalType}.divide(${decimalType}, int): ${decimalType}`], (a, b, c) =>
    divided(asDecimal(a), asDecimal(b), asNumber(c)),
  ),
  newMethod('fixed', [`${decimalType}.fixed(int): string`], (a, b) => {
    const places = asNumber(b);
    return rounded(asDecimal(a), places).toFixed(places);
  }),
];

function asDecimal(value: unknown): Decimal {
  if (isDecimal(value)) return value;
  throw new ValueFault('wrong-type', `Expected a decimal, found ${classOf(value)}`);
}

function toText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value)))
    return String(value);
  if (value instanceof Date) return value.toISOString();
  if (isDecimal(value)) return value.toFixed();
  throw new ValueFault('wrong-type', `string() of ${classOf(value)}`);
}

function toInt(value: unknown): number {
  const isText = typeof value === 'string' && /^[+-]?\d{1,16}$/.test(value);
  const number = isText || isDecimal(value) ? Number(value) : value;
  if (typeof number !== 'number') throw new ValueFault('bad-conversion', `int() of ${classOf(value)}`);
  const whole = Math.trunc(number);
  if (!Number.isSafeInteger(whole)) throw new ValueFault('overflow', 'int() of a number that is too large');
  return whole === 0 ? 0 : whole;
}

function toDouble(value: unknown): number {
  const isText = typeof value === 'string' && /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(value);
  const number = isText ? Number(value) : isDecimal(value) ? value.toNumber() : value;
  if (typeof number !== 'number' || !Number.isFinite(number)) {
    throw new ValueFault('bad-conversion', `double() of ${classOf(value)}`);
  }
  return number;
}

function toBool(value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  if (value === 'true') return true;
  if (value === 'false') return false;
  throw new ValueFault('bad-conversion', `bool() of ${classOf(value)} that is neither true nor false`);
}

/** From a text of digits, a whole number, or a fraction as it is written (0.1 is one tenth). */
function toDecimal(value: unknown): Decimal {
  if (isDecimal(value)) return value;
  if (typeof value === 'string' && /^[+-]?\d{1,40}(\.\d{1,20})?$/.test(value)) return new Decimal(value);
  if (typeof value === 'number' && Number.isFinite(value) && (value === 0 || isModest(Math.abs(value)))) {
    return new Decimal(value);
  }
  throw new ValueFault('bad-conversion', `decimal() of ${classOf(value)}: it takes digits such as 12.50`);
}

function isModest(size: number): boolean {
  return size < 1e40 && size > 1e-15;
}
