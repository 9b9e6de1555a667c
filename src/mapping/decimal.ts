/**
 * Exact decimals, for money: what is added or multiplied is exact or refused, and a division says how many places it
 * keeps. The one file that knows decimal.js.
 */
import { Decimal as DecimalJs } from 'decimal.js';
import { ValueFault } from './value-fault.js';

/** Significant digits that are kept; a result with more is refused, never rounded in silence. */
const digitsMax = 60;
const decimalPlacesMax = 20;

export const Decimal = DecimalJs.clone({
  precision: digitsMax,
  rounding: DecimalJs.ROUND_HALF_UP,
  toExpNeg: -digitsMax,
  toExpPos: digitsMax,
});
export type Decimal = DecimalJs;

export function isDecimal(value: unknown): value is Decimal {
  return value instanceof Decimal;
}

export function calculated(op: '+' | '-' | '*', a: Decimal, b: Decimal): Decimal {
  const result = op === '+' ? a.plus(b) : op === '-' ? a.minus(b) : a.times(b);
  const digits = op === '*' ? a.precision(true) + b.precision(true) : result.precision(true) + 1;
  if (digits > digitsMax || result.decimalPlaces() > digitsMax) {
    throw new ValueFault('overflow', `A decimal grows past ${digitsMax} digits: round() it on the way`);
  }
  return result;
}

/** Half is rounded away from zero, as invoices do. */
export function rounded(value: Decimal, places: number): Decimal {
  return value.toDecimalPlaces(placesOf(places));
}

export function divided(a: Decimal, b: Decimal, places: number): Decimal {
  if (b.isZero()) throw new ValueFault('division-by-zero', 'A division by zero');
  return a.dividedBy(b).toDecimalPlaces(placesOf(places));
}

/** As JSON carries it; refused where a number would not be the same value. */
export function exactNumber(value: Decimal): number {
  const number = value.toNumber();
  if (new Decimal(number).equals(value)) return number;
  throw new ValueFault(
    'not-exact',
    'A decimal has more digits than a number can carry: round() it, or send it as string()',
  );
}

function placesOf(places: number): number {
  if (Number.isInteger(places) && places >= 0 && places <= decimalPlacesMax) return places;
  throw new ValueFault('out-of-range', `Decimals have 0 to ${decimalPlacesMax} places`, 'mapping');
}
