/** Reading the record: names, attributes, elements of lists and maps. */
import type { Node } from './expression-language.js';
import { isIdentifier, pathReader } from './generated-code.js';
import { NotInLanguage, type Compiled, type Scope } from './scope.js';
import { ValueFault } from './value-fault.js';
import { asKeyText, attribute, attributeReader, classOf, inheritedNames, type Run } from './value.js';

type Compile = (node: Node, scope: Scope) => Compiled;

export function readName(node: Extract<Node, { op: 'id' }>, scope: Scope): Run {
  const name = node.args;
  const slot = scope.slots.get(name);
  if (slot) return slot;
  if (scope.variables.has(name)) {
    const read = attributeReader(name);
    const slow: Run = (frame) => read(frame.snapshot);
    return isPlainName(name) ? pathReader([name], slow as never) : slow;
  }
  const message =
    name === 'consent' ? 'consent is no value: ask consent.granted("…")' : `There is no ${name} here`;
  throw new NotInLanguage('unknown-name', message, node);
}

export function readAttribute(target: Node, name: string, scope: Scope, compile: Compile): Run {
  const path = pathOf(target, scope);
  if (path && isPlainName(name)) {
    const readers = [...path, name].map((part) => attributeReader(part));
    return pathReader([...path, name], (frame) =>
      readers.reduce<unknown>((value, read) => read(value), frame.snapshot),
    );
  }
  const { run } = compile(target, scope);
  const read = attributeReader(name);
  return (frame) => read(run(frame));
}

/** The names from the record down to a node; null where it is no plain path of attributes. */
export function pathOf(node: Node, scope: Scope): string[] | null {
  if (node.op === 'id') {
    const isRoot = scope.variables.has(node.args) && !scope.slots.has(node.args) && isPlainName(node.args);
    return isRoot ? [node.args] : null;
  }
  if (node.op !== '.' || !isPlainName(node.args[1])) return null;
  const path = pathOf(node.args[0], scope);
  return path && [...path, node.args[1]];
}

export function isPlainName(name: string): boolean {
  return isIdentifier(name) && !inheritedNames.has(name);
}

export function readElement(target: Node, index: Node, scope: Scope, compile: Compile): Run {
  const { run } = compile(target, scope);
  const { run: at } = compile(index, scope);
  return (frame) => {
    const whole = run(frame);
    const key = at(frame);
    if (whole === undefined || whole === null || key === undefined || key === null) return undefined;
    if (!Array.isArray(whole))
      return whole instanceof Map ? (whole.get(key) as unknown) : attribute(whole, asKeyText(key));
    if (typeof key === 'number') return whole[key] as unknown;
    throw new ValueFault('wrong-type', `A list is asked for element ${classOf(key)}`);
  };
}
