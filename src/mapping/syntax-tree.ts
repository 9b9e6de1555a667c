import { typeOf, type Node } from './expression-language.js';
import type { Attribute } from './stream-contracts.js';

export function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'op' in value;
}

/** The nodes right below a node, in the order they stand. */
export function partsOf(node: Node): Node[] {
  const parts: Node[] = [];
  addNodes(node.args, parts);
  return parts;
}

function addNodes(args: unknown, parts: Node[]): void {
  if (Array.isArray(args)) for (const arg of args as unknown[]) addNodes(arg, parts);
  else if (isNode(args)) parts.push(args);
}

/** The texts of `a + b + c`, in order. */
export function addends(node: Node): Node[] {
  return node.op === '+' && typeOf(node) === 'string' ? node.args.flatMap(addends) : [node];
}

/** A text that stands there as it is; null for anything else. */
export function literalText(node: Node | undefined): string | null {
  return node?.op === 'value' && typeof node.args === 'string' ? node.args : null;
}

/** The optional attribute that makes an expression absent when it is: read directly or through methods. */
export function optionalSource(node: Node, attributeOf: (node: Node) => Attribute | null): Node | null {
  if (node.op === '.' || node.op === 'id') {
    if (attributeOf(node)?.optional) return node;
    return node.op === '.' ? optionalSource(node.args[0], attributeOf) : null;
  }
  return node.op === 'rcall' ? optionalSource(node.args[1], attributeOf) : null;
}

/**
 * Whether a condition can only hold with a consent. It follows the meaning of the operators, so that a guard that
 * stands beside an `||` does not count.
 */
export function requiresConsent(node: Node, bindings: ReadonlyMap<string, Node>): boolean {
  switch (node.op) {
    case '&&':
      return node.args.some((side) => requiresConsent(side, bindings));
    case '||':
      return node.args.every((side) => requiresConsent(side, bindings));
    case '?:': {
      const [condition, yes, no] = node.args;
      const isYesGuarded = requiresConsent(condition, bindings) || requiresConsent(yes, bindings);
      return isYesGuarded && (isFalse(no) || requiresConsent(no, bindings));
    }
    case 'id': {
      const bound = bindings.get(node.args);
      return bound !== undefined && requiresConsent(bound, bindings);
    }
    case 'rcall':
      return node.args[0] === 'granted' && typeOf(node.args[1]) === 'Consents';
    default:
      return false;
  }
}

/** The first consent-bound attribute that an expression reads, `let` names followed. */
export function consentBoundRead(
  node: Node,
  attributeOf: (node: Node) => Attribute | null,
  bindings: ReadonlyMap<string, Node>,
): string | null {
  if (attributeOf(node)?.consentBound) return nameRead(node);
  const bound = node.op === 'id' ? bindings.get(node.args) : undefined;
  if (bound) return consentBoundRead(bound, attributeOf, bindings);
  for (const part of partsOf(node)) {
    const found = consentBoundRead(part, attributeOf, bindings);
    if (found) return found;
  }
  return null;
}

function nameRead(node: Node): string {
  if (node.op === '.') return node.args[1];
  return node.op === 'id' ? node.args : 'an attribute of a person';
}

function isFalse(node: Node): boolean {
  return node.op === 'value' && node.args === false;
}
