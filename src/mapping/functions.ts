/**
 * The functions of the language, all of them: what is not here, in `comprehensions.ts` or `special-calls.ts` does not
 * compile.
 */
import type { FunctionSpec } from './function-spec.js';
import { listFunctions, listMethods } from './list-functions.js';
import { numberFunctions, numberMethods } from './number-functions.js';
import { textFunctions, textMethods } from './text-functions.js';
import { timeFunctions, timeMethods } from './time-functions.js';

export const functions = byName([...textFunctions, ...numberFunctions, ...timeFunctions, ...listFunctions]);
export const methods = byName([...textMethods, ...numberMethods, ...timeMethods, ...listMethods]);

function byName(specs: readonly FunctionSpec[]): ReadonlyMap<string, FunctionSpec> {
  return new Map(specs.map((spec) => [spec.name, spec]));
}
