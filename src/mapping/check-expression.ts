/** What the type checker does not know: names that exist nearby, lossy divisions, values that never occur. */
import type { Fault, Faults, Range } from './diagnostic.js';
import {
  typeOf,
  type CheckResult,
  type Checked,
  type ExpressionFault,
  type ExpressionLanguage,
  type Node,
} from './expression-language.js';
import { loopNames } from './comprehensions.js';
import { functions, methods } from './functions.js';
import { specialCalls } from './special-calls.js';
import type { Expression } from './mapping-file.js';
import { nearestName } from './nearest-name.js';
import type { Attribute, Attributes, StreamContract } from './stream-contracts.js';
import type { Picklist } from './picklist.js';
import { isNode, literalText, partsOf } from './syntax-tree.js';

export class ExpressionChecker {
  constructor(
    private readonly contract: StreamContract,
    private readonly faults: Faults,
    private readonly picklists: ReadonlyMap<string, Picklist>,
    /** What the names of `let` stand for. */
    private readonly bindings: ReadonlyMap<string, Node>,
  ) {}

  /** The checked tree, or null with the faults noted. `names` are those of `let` in reach. */
  check(expression: Expression, language: ExpressionLanguage, names: readonly string[]): Checked | null {
    const result: CheckResult = language.check(expression.text);
    if (!result.ok) {
      this.noteFault(expression, result.fault, names);
      return null;
    }
    const before = this.faults.found.length;
    this.walk(result.checked.node, expression);
    return this.faults.found.length === before ? result.checked : null;
  }

  /** The attribute of the contract that a node reads, if it reads one directly. */
  attributeOf(node: Node): Attribute | null {
    if (node.op === 'id') return own(this.contract.variables, node.args);
    if (node.op !== '.' && node.op !== '[]') return null;
    const [target, key] = node.args;
    const attributes = own(this.contract.types, typeOf(target));
    const name = typeof key === 'string' ? key : key.op === 'value' ? String(key.args) : null;
    if (attributes && name !== null) return own(attributes, name);
    return attributes ? mostGuarded([attributes], null) : this.hidden(target, name);
  }

  /** Where the type is lost on the way, the strictest attribute of that name counts: a guard is never talked away. */
  private hidden(target: Node, name: string | null): Attribute | null {
    return typeOf(target) === 'dyn' ? mostGuarded(Object.values(this.contract.types), name) : null;
  }

  /** A table answers for every value that an expression can give, where these are known. */
  checkTotality(picklist: Picklist, node: Node, range: Range): void {
    const values = this.valuesOf(node);
    if (!values || picklist.otherwise !== null) return;
    const holes = values.filter((value) => !picklist.values.has(value));
    if (holes.length === 0) return;
    this.faults.add(range, {
      code: 'picklist-hole',
      message: `The table ${picklist.name} says nothing about ${holes.join(', ')}, which may come`,
      expected: 'an entry for each value, or otherwise',
      fix: `add ${holes.map((hole) => `${hole}: …`).join(', ')} to picklists/${picklist.name}.yaml`,
    });
  }

  /** The only values that an expression can give; null where there may be others. */
  private valuesOf(node: Node): readonly string[] | null {
    const literal = literalText(node);
    if (literal !== null) return [literal];
    if (node.op === '?:') {
      const [yes, no] = [this.valuesOf(node.args[1]), this.valuesOf(node.args[2])];
      return yes && no && [...new Set([...yes, ...no])];
    }
    const bound = node.op === 'id' ? this.bindings.get(node.args) : undefined;
    return bound ? this.valuesOf(bound) : (this.attributeOf(node)?.values ?? null);
  }

  private walk(node: Node, expression: Expression): void {
    if (node.op === '/') this.checkDivision(node, expression);
    if (node.op === '==' || node.op === '!=') this.checkEquality(node.args, expression);
    if (node.op === 'in') this.checkMembership(node.args, expression);
    if (node.op === '[]') this.checkKeys(node.args, expression);
    if (node.op === 'call' && node.args[0] === 'lookup') this.checkLookup(node.args[1], expression);
    for (const part of partsOf(node)) this.walk(part, expression);
  }

  /** `{"a": 1}[r.status]`: a key that the attribute never has is a misspelt one. */
  private checkKeys([map, index]: readonly [Node, Node | string], expression: Expression): void {
    const bound = map.op === 'id' ? this.bindings.get(map.args) : map;
    if (bound?.op !== 'map' || typeof index === 'string') return;
    // A map of `let` stands elsewhere in the file: it is told where it is used.
    for (const [key] of bound.args) this.checkLiteral(index, key, expression, bound === map ? key : index);
  }

  private checkLookup([name, key]: readonly Node[], expression: Expression): void {
    const picklist = this.picklists.get(literalText(name) ?? '');
    if (picklist && key) this.checkTotality(picklist, key, expression.locate(name!.start, name!.end));
  }

  private checkDivision(node: Extract<Node, { op: '/' }>, expression: Expression): void {
    const isExact = node.args.every((side) => typeOf(side) === 'double');
    if (isExact) return;
    const [left, right] = node.args.map((side) => expression.text.slice(side.start, side.end));
    this.faults.add(expression.locate(node.start, node.end), {
      code: 'lossy-division',
      message: 'A division of whole numbers loses the fraction',
      expected: 'double on both sides',
      fix: `write double(${left}) / double(${right})`,
    });
  }

  private checkEquality([left, right]: readonly [Node, Node], expression: Expression): void {
    this.checkLiteral(left, right, expression);
    this.checkLiteral(right, left, expression);
  }

  private checkMembership([item, list]: readonly [Node, Node], expression: Expression): void {
    if (list.op !== 'list') return;
    for (const literal of list.args) this.checkLiteral(item, literal, expression);
  }

  private checkLiteral(attribute: Node, literal: Node, expression: Expression, place = literal): void {
    const values = this.attributeOf(attribute)?.values;
    if (!values || literal.op !== 'value' || typeof literal.args !== 'string') return;
    if (values.includes(literal.args)) return;
    const nearest = nearestName(literal.args, values);
    this.faults.add(expression.locate(place.start, place.end), {
      code: 'unknown-value',
      message: `${expression.text.slice(attribute.start, attribute.end)} is never "${literal.args}"`,
      expected: `one of ${values.join(', ')}`,
      nearest,
      fix: nearest && `write "${nearest}"`,
    });
  }

  private noteFault(expression: Expression, fault: ExpressionFault, names: readonly string[]): void {
    const name = expression.text.slice(fault.start, fault.end);
    const [start, end] = placeOf(fault, expression.text);
    this.faults.add(expression.locate(start, end), this.explain(fault, name, names));
  }

  private explain(fault: ExpressionFault, text: string, names: readonly string[]): Fault {
    switch (fault.code) {
      case 'unknown_variable':
        return this.unknownName(text, names);
      case 'no_such_key':
        return this.unknownAttribute(fault.node, text);
      case 'no_matching_overload':
        return wrongCall(fault);
      case 'no_such_overload':
        return {
          code: 'wrong-type',
          message: sentence(fault.summary.replace(/^no such overload: /, 'There is no ')),
          expected: 'the same kind on both sides: convert with string(), int() or double()',
        };
      default:
        return {
          code: fault.node || !isSyntax(fault.code) ? 'wrong-type' : 'expression-syntax',
          message: sentence(fault.summary),
        };
    }
  }

  private unknownName(name: string, names: readonly string[]): Fault {
    const known = [...Object.keys(this.contract.variables), 'consent', ...names];
    return {
      code: 'unknown-name',
      message: `There is no ${name} in the stream ${this.contract.stream}`,
      expected: `one of ${known.join(', ')}`,
      nearest: nearestName(name, known),
      fix: nearestName(name, known) ? null : `for a text write "${name}"`,
    };
  }

  private unknownAttribute(node: Node | null, name: string): Fault {
    const type = node?.op === '.' ? typeOf(node.args[0]) : '';
    const attributes = Object.keys(own(this.contract.types, type) ?? {});
    return {
      code: 'unknown-attribute',
      message: `${type || 'This'} has no attribute ${name}`,
      expected: attributes.length > 0 ? `one of ${attributes.join(', ')}` : null,
      nearest: nearestName(name, attributes),
    };
  }
}

/** A wrong call is marked at its name: the rest of the chain is innocent. */
function placeOf({ node, start, end }: ExpressionFault, text: string): Range {
  if (node?.op !== 'rcall') return [start, end];
  const [name, receiver] = node.args;
  const at = text.indexOf(name, receiver.end);
  return at === -1 ? [start, end] : [at, at + name.length];
}

function wrongCall(fault: ExpressionFault): Fault {
  const node = fault.node;
  const isMethod = node?.op === 'rcall';
  const name = node && isNode(node) && (node.op === 'rcall' || node.op === 'call') ? node.args[0] : '';
  const known = isMethod ? methods : functions;
  const others = isMethod ? [...loopNames, 'granted'] : [...specialCalls.keys()];
  if (name === '' || known.has(name) || others.includes(name)) {
    return { code: 'wrong-argument', message: sentence(fault.summary) };
  }
  const elsewhere = isMethod ? functions : methods;
  const names = [...known.keys(), ...others];
  return {
    code: 'unknown-function',
    message: `There is no ${isMethod ? 'method' : 'function'} ${name}()`,
    expected: `one of ${names.join(', ')}`,
    nearest: nearestName(name, names),
    fix: elsewhere.has(name) ? (isMethod ? `write ${name}(…)` : `write ….${name}()`) : null,
  };
}

function isSyntax(code: string): boolean {
  return /token|unterminated|syntax|literal|escape|exceeded|invalid_(?!macro|index)/.test(code);
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function mostGuarded(types: readonly Attributes[], name: string | null): Attribute | null {
  const candidates = types.flatMap((attributes) => Object.entries(attributes));
  const guarded = candidates.find(
    ([key, { consentBound }]) => consentBound && (name === null || key === name),
  );
  return guarded ? { type: 'dyn', consentBound: true } : null;
}

function own<T>(record: Readonly<Record<string, T>>, name: string): T | null {
  return Object.hasOwn(record, name) ? record[name]! : null;
}
