/** The loops of the language, each over one list, each element paid for. */
import type { Node } from './expression-language.js';
import { extreme, sum } from './list-functions.js';
import { NotInLanguage, type Compiled, type Scope } from './scope.js';
import { ValueFault } from './value-fault.js';
import { asList, classOf, compare, isStructure, type Frame, type Run } from './value.js';

type Loop = (list: readonly unknown[], body: (element: unknown) => unknown) => unknown;

const loops: ReadonlyMap<string, Loop> = new Map<string, Loop>([
  ['exists', (list, body) => quantified(list, body, true)],
  ['all', (list, body) => quantified(list, body, false)],
  ['exists_one', existsOne],
  ['map', collect],
  ['filter', filter],
  ['maxBy', (list, body) => extremeBy(list, body, 1)],
  ['minBy', (list, body) => extremeBy(list, body, -1)],
  ['sortBy', sortBy],
  ['sum', (list, body) => overValues(list, body, sum)],
  ['min', (list, body) => overValues(list, body, (values) => extreme(values, -1))],
  ['max', (list, body) => overValues(list, body, (values) => extreme(values, 1))],
]);

export const loopNames: readonly string[] = [...loops.keys()];

/** `sum()` walks what is there; `sum(r, r.minutes)` is a loop. */
export function isComprehension(name: string, args: readonly Node[]): boolean {
  return loops.has(name) && args.length > 0;
}

export function compileComprehension(
  name: string,
  receiver: Node,
  args: readonly Node[],
  node: Node,
  scope: Scope,
  compile: (node: Node, scope: Scope) => Compiled,
): Run {
  const [variable, ...rest] = args;
  if (variable?.op !== 'id' || rest.length === 0) {
    throw new NotInLanguage('wrong-argument', `${name}() is written ${name}(r, …r…)`, node);
  }
  const { run: listOf } = compile(receiver, scope);
  const slot = scope.nextSlot();
  const inner: Scope = {
    ...scope,
    slots: new Map(scope.slots).set(variable.args, (frame) => frame.slots[slot]),
  };
  const [first, second] = rest.map((part) => compile(part, inner).run);
  const overList = (loop: Loop, list: unknown, run: Run, frame: Frame): unknown => {
    if (list === undefined || list === null) return list;
    const elements = elementsOf(list);
    frame.spend(elements.length);
    return loop(elements, (element) => {
      frame.slots[slot] = element;
      return run(frame);
    });
  };
  const loop = loops.get(name)!;
  if (!second) return (frame) => overList(loop, listOf(frame), first!, frame);
  // map(r, test, value): the elements that pass, transformed.
  return (frame) => overList(loop, overList(filter, listOf(frame), first!, frame), second, frame);
}

/** A map is walked by its keys, as in CEL. */
function elementsOf(whole: unknown): readonly unknown[] {
  if (whole instanceof Map) return asList([...(whole as Map<unknown, unknown>).keys()]);
  return asList(isStructure(whole) && !Array.isArray(whole) ? Object.keys(whole) : whole);
}

/** `exists` is decided by one true, `all` by one false; an absent or failing answer matters only without such a one. */
function quantified(
  list: readonly unknown[],
  body: (element: unknown) => unknown,
  decides: boolean,
): unknown {
  let isUndecided = false;
  let fault: ValueFault | null = null;
  for (const element of list) {
    try {
      const answer = body(element);
      if (answer === decides) return decides;
      if (answer === undefined) isUndecided = true;
      else if (answer !== !decides) throw notBoolean(answer);
    } catch (error) {
      if (!(error instanceof ValueFault) || error.code === 'too-costly') throw error;
      fault ??= error;
    }
  }
  if (fault) throw fault;
  return isUndecided ? undefined : !decides;
}

function existsOne(list: readonly unknown[], body: (element: unknown) => unknown): unknown {
  const kept = filter(list, body);
  return Array.isArray(kept) ? kept.length === 1 : undefined;
}

function collect(list: readonly unknown[], body: (element: unknown) => unknown): unknown {
  const values: unknown[] = [];
  for (const element of list) {
    const value = body(element);
    if (value === undefined) return undefined;
    values.push(value);
  }
  return values;
}

function filter(list: readonly unknown[], body: (element: unknown) => unknown): unknown {
  const kept: unknown[] = [];
  for (const element of list) {
    const answer = body(element);
    if (answer === undefined) return undefined;
    if (typeof answer !== 'boolean') throw notBoolean(answer);
    if (answer) kept.push(element);
  }
  return kept;
}

/** The first of equals wins, so ties depend on the order of the list: choose a key without ties. */
function extremeBy(list: readonly unknown[], body: (element: unknown) => unknown, sign: 1 | -1): unknown {
  let best: unknown;
  let bestKey: unknown;
  for (const element of list) {
    const key = body(element);
    if (key === undefined) return undefined;
    if (bestKey !== undefined && compare(key, bestKey) * sign <= 0) continue;
    best = element;
    bestKey = key;
  }
  return best;
}

function sortBy(list: readonly unknown[], body: (element: unknown) => unknown): unknown {
  const keyed = list.map((element) => ({ element, key: body(element) }));
  if (keyed.some(({ key }) => key === undefined)) return undefined;
  return keyed.sort((a, b) => compare(a.key, b.key)).map(({ element }) => element);
}

function overValues(
  list: readonly unknown[],
  body: (element: unknown) => unknown,
  fold: (values: readonly unknown[]) => unknown,
): unknown {
  const values = collect(list, body);
  return values === undefined ? undefined : fold(values as unknown[]);
}

function notBoolean(answer: unknown): ValueFault {
  return new ValueFault('wrong-type', `A loop's test needs true or false, found ${classOf(answer)}`);
}
