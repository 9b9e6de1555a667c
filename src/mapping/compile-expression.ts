/**
 * Turns a checked syntax tree into closures, once per mapping; a record then costs only their calls.
 * 1. Every node becomes a function of the frame. Constants are computed here and returned as they are.
 * 2. `let` names and loop variables become numbered slots of the frame: no look-up by name at run time.
 * 3. Absent flows through: what is made from something absent is absent. `&&` and `||` are symmetric, as in CEL:
 *    a side that decides alone wins over an absent or failing other side.
 */
import { readAttribute, readElement, readName } from './compile-reads.js';
import { compileComprehension, isComprehension } from './comprehensions.js';
import { typeOf, type Node } from './expression-language.js';
import type { FunctionSpec } from './function-spec.js';
import { functions, methods } from './functions.js';
import { requireLiterals, requireZone } from './literal-arguments.js';
import { nearestName } from './nearest-name.js';
import { compileBinary, equality, membership, negated, type Operator } from './operators.js';
import { NotInLanguage, type Compiled, type Scope } from './scope.js';
import { granted, specialCalls } from './special-calls.js';
import { addends, literalText } from './syntax-tree.js';
import { zonedMethods } from './time-functions.js';
import { ValueFault } from './value-fault.js';
import { asText, boundedText, charactersPerStep, classOf, Frame, type Run } from './value.js';

export function compileExpression(node: Node, scope: Scope): Compiled {
  switch (node.op) {
    case 'value':
      return constant(literal(node.args, node));
    case 'id':
      return dynamic(readName(node, scope));
    case '.':
      return dynamic(readAttribute(node.args[0], node.args[1], scope, compileExpression));
    case '[]':
      return dynamic(readElement(node.args[0], node.args[1], scope, compileExpression));
    case 'list':
      return listOf(node.args, scope);
    case 'map':
      return mapOf(node.args, scope);
    case '?:':
      return dynamic(choice(node.args, scope));
    case '&&':
      return dynamic(logical(node.args, false, scope));
    case '||':
      return dynamic(logical(node.args, true, scope));
    case '!_':
    case '-_':
      return foldOne(compileExpression(node.args, scope), negated(node.op));
    case '==':
    case '!=':
      return fold(node.args, scope, equality(node.op));
    case 'in':
      return fold(node.args, scope, membership);
    case 'call':
      return dynamic(call(node.args[0], node.args[1], node, scope));
    case 'rcall':
      return dynamic(methodCall(node.args[0], node.args[1], node.args[2], node, scope));
    case '.?':
    case '[?]':
      throw new NotInLanguage(
        'not-in-language',
        'Optional chaining is not needed: what is absent stays absent',
        node,
      );
    case '+':
      return typeOf(node) === 'string' ? concatenation(node, scope) : arithmetic(node, scope);
    default:
      return arithmetic(node, scope);
  }
}

function arithmetic(
  node: Extract<Node, { op: '+' | '-' | '*' | '/' | '%' | '<' | '<=' | '>' | '>=' }>,
  scope: Scope,
): Compiled {
  return fold(node.args, scope, compileBinary(node.op, typeOf(node), node));
}

/** `a + b + c` of texts as one step. */
function concatenation(node: Node, scope: Scope): Compiled {
  const nodes = addends(node);
  const parts = nodes.map((part) => compileExpression(part, scope));
  const pieces = parts.map(({ run }, i) => literalText(nodes[i]) ?? run);
  return foldAll(parts, (frame) => concatenated(pieces, frame));
}

function concatenated(pieces: readonly (string | Run)[], frame: Frame): unknown {
  let whole = '';
  let isNull = false;
  for (const piece of pieces) {
    const part = typeof piece === 'string' ? piece : piece(frame);
    if (part === undefined) return undefined;
    if (part === null) isNull = true;
    else whole += asText(part);
  }
  return isNull ? null : boundedText(whole);
}

function constant(value: unknown): Compiled {
  return { run: () => value, isConstant: true };
}

function dynamic(run: Run): Compiled {
  return { run, isConstant: false };
}

function literal(value: unknown, node: Node): unknown {
  if (typeof value === 'bigint') {
    const number = Number(value);
    if (Number.isSafeInteger(number)) return number;
    throw new NotInLanguage('too-large', `${value} is past the whole numbers that are exact (±2^53)`, node);
  }
  if (value === null || ['string', 'number', 'boolean'].includes(typeof value)) return value;
  throw new NotInLanguage(
    'not-in-language',
    'Byte strings and unsigned numbers are no part of mappings',
    node,
  );
}

function listOf(items: readonly Node[], scope: Scope): Compiled {
  const compiled = items.map((item) => compileExpression(item, scope));
  const make: Run = (frame) => {
    const list = compiled.map(({ run }) => run(frame));
    return list.includes(undefined) ? undefined : list;
  };
  return foldAll(compiled, make);
}

function mapOf(entries: readonly [Node, Node][], scope: Scope): Compiled {
  const compiled = entries.map(
    ([key, value]) => [compileExpression(key, scope), compileExpression(value, scope)] as const,
  );
  const make: Run = (frame) => {
    const map = new Map<unknown, unknown>();
    for (const [key, value] of compiled) map.set(key.run(frame), value.run(frame));
    return map;
  };
  return foldAll(compiled.flat(), make);
}

function choice([condition, yes, no]: readonly [Node, Node, Node], scope: Scope): Run {
  const { run: test } = compileExpression(condition, scope);
  const { run: ifTrue } = compileExpression(yes, scope);
  const { run: ifFalse } = compileExpression(no, scope);
  return (frame) => {
    const holds = test(frame);
    if (holds === true) return ifTrue(frame);
    if (holds === false) return ifFalse(frame);
    if (holds === undefined) return undefined;
    throw new ValueFault('wrong-type', `A condition gives ${classOf(holds)}`);
  };
}

/** `decides` is the value that settles the result alone: false for `&&`, true for `||`. */
function logical([left, right]: readonly [Node, Node], decides: boolean, scope: Scope): Run {
  const { run: first } = compileExpression(left, scope);
  const { run: second } = compileExpression(right, scope);
  return (frame) => {
    const a = attempt(first, frame);
    if (a === decides) return decides;
    const b = attempt(second, frame);
    if (b === decides) return decides;
    if (a instanceof ValueFault) throw a;
    if (b instanceof ValueFault) throw b;
    if (a === undefined || b === undefined) return undefined;
    if (typeof a === 'boolean' && typeof b === 'boolean') return !decides;
    throw new ValueFault(
      'wrong-type',
      `&& and || need true or false, found ${classOf(typeof a === 'boolean' ? b : a)}`,
    );
  };
}

function attempt(run: Run, frame: Frame): unknown {
  try {
    return run(frame);
  } catch (error) {
    // Fuel is never forgiven: the other side must not hide that this record costs too much.
    if (error instanceof ValueFault && error.code !== 'too-costly') return error;
    throw error;
  }
}

function call(name: string, args: readonly Node[], node: Node, scope: Scope): Run {
  const special = specialCalls.get(name);
  if (special) return special(args, node, scope, compileExpression);
  const spec = functions.get(name);
  if (!spec) {
    const nearest = nearestName(name, [...functions.keys(), ...specialCalls.keys()]);
    throw new NotInLanguage('unknown-function', `There is no function ${name}()`, node, nearest);
  }
  requireLiterals(name, args);
  return strict(
    spec,
    args.map((arg) => compileExpression(arg, scope).run),
  );
}

function methodCall(name: string, receiver: Node, args: readonly Node[], node: Node, scope: Scope): Run {
  if (name === 'granted' && receiver.op === 'id' && receiver.args === 'consent')
    return granted(args[0]!, scope, compileExpression);
  if (isComprehension(name, args))
    return compileComprehension(name, receiver, args, node, scope, compileExpression);
  const spec = methods.get(name);
  if (!spec) {
    const nearest = nearestName(name, methods.keys());
    throw new NotInLanguage('unknown-function', `There is no method ${name}()`, node, nearest);
  }
  requireLiterals(name, args);
  if (zonedMethods.has(name)) requireZone(name, receiver, args, node);
  return strict(
    spec,
    [receiver, ...args].map((part) => compileExpression(part, scope).run),
  );
}

/** Absent or null arguments pass the function by; lists and long texts are paid for. */
function strict(spec: FunctionSpec, runs: readonly Run[]): Run {
  const [a, b, c] = runs;
  if (!a) throw new Error(`${spec.name} takes an argument`);
  if (!b) {
    return (frame) => {
      const first = a(frame);
      if (first === undefined || first === null) return first;
      frame.spend(costOf(first));
      return spec.apply(first, undefined, undefined, frame);
    };
  }
  const { cost } = spec;
  return (frame) => {
    const first = a(frame);
    const second = b(frame);
    const third = c ? c(frame) : true;
    if (first === undefined || second === undefined || third === undefined) return undefined;
    if (first === null || second === null || third === null) return null;
    frame.spend(costOf(first) + (cost ? cost(first, second) : 0));
    return spec.apply(first, second, c ? third : undefined, frame);
  };
}

function costOf(value: unknown): number {
  if (Array.isArray(value)) return 1 + value.length;
  return typeof value === 'string' ? 1 + Math.floor(value.length / charactersPerStep) : 1;
}

function fold([left, right]: readonly [Node, Node], scope: Scope, apply: Operator): Compiled {
  const a = compileExpression(left, scope);
  const b = compileExpression(right, scope);
  return dynamicOrConstant([a, b], (frame) => apply(a.run(frame), b.run(frame), frame));
}

function foldOne(operand: Compiled, apply: (a: unknown) => unknown): Compiled {
  return dynamicOrConstant([operand], (frame) => apply(operand.run(frame)));
}

function foldAll(parts: readonly Compiled[], make: Run): Compiled {
  return dynamicOrConstant(parts, make);
}

/** Computed once where nothing in it depends on the record; what fails then fails again per record, with its reason. */
function dynamicOrConstant(parts: readonly Compiled[], run: Run): Compiled {
  if (!parts.every((part) => part.isConstant)) return dynamic(run);
  try {
    return constant(run(new Frame({}, [], {})));
  } catch {
    return dynamic(run);
  }
}
