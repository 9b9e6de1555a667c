/**
 * Expressions over values that no stream describes: what the declaration of a destination reads of a record on its way
 * out and of an answer. The same language, checked for its syntax, its names and its functions; attributes are only
 * known when it runs.
 */
import { compileExpression } from './compile-expression.js';
import type { Fault } from './diagnostic.js';
import { ExpressionLanguage, type ExpressionFault, type Node } from './expression-language.js';
import { nearestName } from './nearest-name.js';
import { NotInLanguage } from './scope.js';
import type { StreamContract } from './stream-contracts.js';
import { partsOf } from './syntax-tree.js';
import { Frame } from './value.js';

export interface UntypedExpression {
  /** Those of the variables that it reads. */
  readonly names: ReadonlySet<string>;
  /** @throws ValueFault, which names kinds of values and never a value */
  run(values: Readonly<Record<string, unknown>>): unknown;
}

/** What is wrong, and at which characters of the text. */
export interface UntypedFault extends Pick<Fault, 'code' | 'message' | 'nearest' | 'fix'> {
  readonly start: number;
  readonly end: number;
}

export function compileUntyped(
  text: string,
  variables: readonly string[],
): { readonly expression: UntypedExpression } | { readonly fault: UntypedFault } {
  const result = ExpressionLanguage.of(contractOf(variables)).check(text);
  if (!result.ok) return { fault: explained(result.fault, text, variables) };
  const { node } = result.checked;
  let slots = 0;
  try {
    const { run } = compileExpression(node, {
      variables: new Set(variables),
      slots: new Map(),
      needs: [],
      picklists: new Map(),
      nextSlot: () => slots++,
    });
    const names = new Set(namesIn(node).filter((name) => variables.includes(name)));
    return { expression: { names, run: (values) => run(new Frame(values, new Array<unknown>(slots), {})) } };
  } catch (error) {
    if (!(error instanceof NotInLanguage)) throw error;
    const { code, message, nearest, fix, node: place } = error;
    return { fault: { code, message, nearest, fix, start: place.start, end: place.end } };
  }
}

const contracts = new Map<string, StreamContract>();

/** One contract, and with it one language, for each set of names. */
function contractOf(variables: readonly string[]): StreamContract {
  const key = variables.join();
  const known = contracts.get(key);
  if (known) return known;
  const attributes = Object.fromEntries(
    variables.map((name) => [name, { type: 'dyn', optional: true as const }]),
  );
  // No stream of ours: nothing here is read from the change log, and nothing asks for its name.
  const contract: StreamContract = { stream: 'event', variables: attributes, types: {} };
  contracts.set(key, contract);
  return contract;
}

function explained(fault: ExpressionFault, text: string, variables: readonly string[]): UntypedFault {
  const { start, end, summary } = fault;
  const place = { start, end };
  if (fault.code !== 'unknown_variable') return { code: 'expression', message: summary, ...place };
  const name = text.slice(start, end);
  const message = `there is no ${name} here, only ${variables.join(', ')}`;
  return { code: 'unknown-name', message, nearest: nearestName(name, variables), ...place };
}

function namesIn(node: Node): string[] {
  return [...(node.op === 'id' ? [node.args] : []), ...partsOf(node).flatMap(namesIn)];
}
