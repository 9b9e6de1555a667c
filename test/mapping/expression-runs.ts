/** Runs expressions by the language as mappings do, and beside cel-js. */
import { Environment } from '@marcbachmann/cel-js';
import { compileExpression } from '../../src/mapping/compile-expression.js';
import { isDecimal } from '../../src/mapping/decimal.js';
import { ExpressionLanguage } from '../../src/mapping/expression-language.js';
import { parsePicklist } from '../../src/mapping/picklist.js';
import { NotInLanguage } from '../../src/mapping/scope.js';
import type { StreamContract } from '../../src/mapping/stream-contracts.js';
import { ValueFault } from '../../src/mapping/value-fault.js';
import { Duration, Frame } from '../../src/mapping/value.js';
import { context, damaged, resultTypes, soup, typedExpression, variables } from './random-expressions.js';
import { seeded } from '../support/seeded.js';
import { pick, type Random } from './seeded-files.js';

const contract: StreamContract = {
  stream: 'person',
  variables: {
    ...Object.fromEntries(Object.entries(variables).map(([name, type]) => [name, { type }])),
    o: { type: 'map<string, dyn>' },
  },
  types: {},
};
const language = ExpressionLanguage.of(contract);
const table = parsePicklist('t.yaml', 'picklist: t\nvalues: { a: A }\notherwise: B\n').picklist!;
const record = { ...context, o: { a: 1, list: [1, 'a', null], deep: { x: 's' } } };

export type Ran =
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'fault'; readonly code: string }
  | { readonly kind: 'refused' };

/** @throws whatever is neither a value, nor a fault of the record, nor a refusal: a hole in the language */
export function run(text: string): Ran {
  const checked = language.check(text);
  if (!checked.ok) return { kind: 'refused' };
  let slots = 0;
  try {
    const { run: evaluate } = compileExpression(checked.checked.node, {
      variables: new Set(Object.keys(contract.variables)),
      slots: new Map(),
      needs: ['m'],
      picklists: new Map([['t', table]]),
      nextSlot: () => slots++,
    });
    return { kind: 'value', value: evaluate(new Frame(record, [], { m: { id: '1' } })) };
  } catch (error) {
    if (error instanceof NotInLanguage) return { kind: 'refused' };
    if (error instanceof ValueFault) return { kind: 'fault', code: error.code };
    throw error;
  }
}

const oracle = new Environment();
for (const [name, type] of Object.entries(variables)) oracle.registerVariable(name, type);
const oracleContext = {
  ...context,
  i: BigInt(context.i),
  j: BigInt(context.j),
  ints: context.ints.map(BigInt),
};

/** Where ours is stricter than CEL by rule: what is not exact, not finite or endless has no value. */
const stricter: ReadonlySet<string> = new Set([
  'overflow',
  'division-by-zero',
  'too-costly',
  'list-too-long',
  'text-too-long',
]);

export interface Compared {
  readonly compared: number;
  readonly differing: readonly string[];
}

/** Random expressions, each by both. Where cel-js gives a value, ours must be the same. */
export function compareWithCelJs(count: number, firstSeed = 1): Compared {
  const differing: string[] = [];
  let compared = 0;
  for (let seed = firstSeed; compared < count; seed++) {
    const random = seeded(seed);
    const text = typedExpression(pick(resultTypes, random), random);
    const expected = oracleValue(text);
    if (expected === undefined) {
      run(text); // Must still end, one way or the other.
      continue;
    }
    compared++;
    const ours = run(text);
    if (ours.kind === 'fault' && stricter.has(ours.code)) continue;
    const found = ours.kind === 'value' ? plain(ours.value) : ours.kind;
    if (JSON.stringify(found) !== JSON.stringify(expected)) {
      differing.push(`${text}: cel-js ${JSON.stringify(expected)}, ours ${JSON.stringify(ours)}`);
    }
  }
  return { compared, differing };
}

/** As JSON carries it; `undefined` where cel-js gives none, or one that is not finite. */
function oracleValue(text: string): unknown {
  try {
    return plain(oracle.evaluate(text, oracleContext));
  } catch {
    return undefined;
  }
}

function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (typeof value === 'number') return Number.isFinite(value) ? (value === 0 ? 0 : value) : undefined;
  if (Array.isArray(value)) return value.map(plain);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? undefined : value.toISOString();
  return value;
}

export interface Fuzzed {
  readonly ran: number;
  readonly refused: number;
  readonly faults: number;
  readonly values: number;
  /** Expressions that broke out, crashed or gave what no record holds. */
  readonly holes: readonly string[];
  readonly slowestMs: number;
}

/** Any expressions at all: each is refused, faults, or gives a value of the record's kinds. */
export function fuzz(count: number, firstSeed = 1): Fuzzed {
  const counts = { refused: 0, faults: 0, values: 0 };
  const holes: string[] = [];
  let slowestMs = 0;
  for (let seed = firstSeed; seed < firstSeed + count; seed++) {
    const text = anyExpression(seeded(seed));
    const start = performance.now();
    try {
      const ran = run(text);
      counts[ran.kind === 'refused' ? 'refused' : ran.kind === 'fault' ? 'faults' : 'values']++;
      if (ran.kind === 'value' && !isHarmless(ran.value)) holes.push(`${text}: gives what it must not`);
    } catch (error) {
      holes.push(`${text}: ${String(error)}`);
    }
    slowestMs = Math.max(slowestMs, performance.now() - start);
  }
  return { ran: count, ...counts, holes, slowestMs };
}

function anyExpression(random: Random): string {
  const kind = random();
  if (kind < 0.4) return soup(random);
  if (kind < 0.8) return damaged(random);
  return typedExpression(pick(resultTypes, random), random, 5);
}

/** No function, no prototype, nothing of the process: only what records and literals are made of. */
function isHarmless(value: unknown): boolean {
  if (value === null || ['undefined', 'string', 'number', 'boolean'].includes(typeof value)) return true;
  if (typeof value !== 'object') return false;
  if (value instanceof Date || value instanceof Duration || isDecimal(value)) return true;
  if (Array.isArray(value)) return value !== Array.prototype && value.every(isHarmless);
  if (value instanceof Map) return [...value].every(([key, item]) => isHarmless(key) && isHarmless(item));
  const isPlain =
    Object.getPrototypeOf(value) === Object.prototype && value !== process && value !== globalThis;
  return isPlain && Object.values(value).every(isHarmless);
}
