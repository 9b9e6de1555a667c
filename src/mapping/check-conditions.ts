/**
 * Conditions that are always true or never, and branches that nothing reaches.
 * 1. A condition becomes a formula over what it asks: comparisons of one thing with literals, and whatever else is
 *    true or false by itself.
 * 2. Each thing asked gets the few values that can make a difference: its known values, the literals it is compared
 *    with, and something else.
 * 3. All combinations are tried. Where there are too many, nothing is said.
 */
import type { Faults } from './diagnostic.js';
import type { Node } from './expression-language.js';
import { Formula } from './formula.js';
import type { Expression } from './mapping-file.js';
import type { Attribute } from './stream-contracts.js';
import { partsOf } from './syntax-tree.js';

type AttributeOf = (node: Node) => Attribute | null;

/** Every condition inside an expression: of `?:`, and of the loops that test. */
export function checkConditions(
  expression: Expression,
  node: Node,
  attributeOf: AttributeOf,
  faults: Faults,
): void {
  new ConditionChecker(expression, attributeOf, faults).walk(node);
}

/** An expression that is a condition as a whole. */
export function checkCondition(
  expression: Expression,
  node: Node,
  attributeOf: AttributeOf,
  faults: Faults,
): void {
  new ConditionChecker(expression, attributeOf, faults).checkAlone(node);
}

const testingLoops = new Set(['exists', 'all', 'exists_one', 'filter']);

class ConditionChecker {
  constructor(
    private readonly expression: Expression,
    private readonly attributeOf: AttributeOf,
    private readonly faults: Faults,
  ) {}

  walk(node: Node): void {
    if (node.op === '?:') {
      this.checkChoice(node, []);
      return;
    }
    if (isBoolean(node)) {
      this.checkBoolean(node);
      return;
    }
    if (node.op === 'rcall') this.checkLoop(node);
    if (node.op === 'call' && node.args[0] === 'coalesce') this.checkCoalesce(node.args[1]);
    for (const part of partsOf(node)) this.walk(part);
  }

  /** Of a place that takes a condition: a literal there is one that never differs. */
  checkAlone(condition: Node): void {
    if (condition.op === 'value') this.noteConstant(condition, condition.args === true);
  }

  /** As a whole, and where that may differ, in its parts. */
  private checkBoolean(node: Node): void {
    const constant = this.constantUnder([], node);
    if (constant !== null) this.noteConstant(node, constant);
    else for (const part of partsOf(node)) this.walk(part);
  }

  /** `path` is what has been decided on the way here. */
  private checkChoice(node: Extract<Node, { op: '?:' }>, path: readonly Decided[]): void {
    const [condition, yes, no] = node.args;
    const constant = this.constantUnder(path, condition);
    const isOnlyHere = constant !== null && this.constantUnder([], condition) === null;
    if (constant === null || isOnlyHere) this.walk(condition);
    if (constant !== null) {
      if (isOnlyHere)
        this.note(
          constant ? no : yes,
          'unreachable-branch',
          'Nothing reaches this branch: what stands before it decides already',
        );
      else this.noteConstant(condition, constant);
    }
    this.branch(yes, [...path, { condition, holds: true }]);
    this.branch(no, [...path, { condition, holds: false }]);
  }

  private branch(node: Node, path: readonly Decided[]): void {
    if (node.op === '?:') this.checkChoice(node, path);
    else this.walk(node);
  }

  private checkLoop(node: Extract<Node, { op: 'rcall' }>): void {
    const [name, , args] = node.args;
    const test = testingLoops.has(name) ? args[1] : name === 'map' && args.length === 3 ? args[1] : undefined;
    if (test) this.checkAlone(test);
  }

  private checkCoalesce(args: readonly Node[]): void {
    const at = args.findIndex((arg) => arg.op === 'value' && arg.args !== null);
    const after = at === -1 ? undefined : args[at + 1];
    if (after)
      this.note(after, 'unreachable-branch', 'Nothing reaches this: what stands before it is always there');
  }

  /** What the condition always is where everything on the path holds; null where it may be either. */
  private constantUnder(path: readonly Decided[], condition: Node): boolean | null {
    const formula = new Formula(this.expression.text, this.attributeOf);
    const given = path.map((decided) => ({ ...decided, test: formula.of(decided.condition) }));
    const asked = formula.of(condition);
    let answer: boolean | null = null;
    for (const values of formula.combinations()) {
      if (given.some(({ test, holds }) => test(values) !== holds)) continue;
      const now = asked(values);
      if (answer !== null && answer !== now) return null;
      answer = now;
    }
    return answer;
  }

  private noteConstant(node: Node, constant: boolean): void {
    this.note(node, 'constant-condition', `This is ${constant ? 'always true' : 'never true'}`);
  }

  private note(node: Node, code: string, message: string): void {
    this.faults.add(this.expression.locate(node.start, node.end), {
      code,
      severity: 'warning',
      message,
      fix:
        code === 'constant-condition' ? 'compare with something that can differ, or remove it' : 'remove it',
    });
  }
}

interface Decided {
  readonly condition: Node;
  readonly holds: boolean;
}

const booleanOps: ReadonlySet<string> = new Set(['&&', '||', '!_', '==', '!=', '<', '<=', '>', '>=', 'in']);

function isBoolean(node: Node): boolean {
  return booleanOps.has(node.op);
}
