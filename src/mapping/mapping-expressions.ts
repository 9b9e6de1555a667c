/** The expressions of one mapping: checked, compiled, and what they have in common (`let`, tables, `needs`). */
import { checkConditions, checkCondition } from './check-conditions.js';
import { ExpressionChecker } from './check-expression.js';
import { compileExpression } from './compile-expression.js';
import type { CompiledExpression, Source } from './decision.js';
import { hasErrors } from './diagnostic.js';
import { ExpressionLanguage, type Checked, type Node } from './expression-language.js';
import { LetBindings } from './let-bindings.js';
import type { Expression, FieldSpec, LetBinding, MappingFile } from './mapping-file.js';
import { nearestName } from './nearest-name.js';
import type { Picklist } from './picklist.js';
import { NotInLanguage, type Scope } from './scope.js';
import type { Attribute, StreamContract } from './stream-contracts.js';
import { literalText, partsOf } from './syntax-tree.js';
import { sourcesOf } from './trace.js';

export class MappingExpressions {
  /** The tables that a field's `picklist` or a `lookup()` names. */
  readonly tablesUsed = new Set<string>();
  private readonly checker: ExpressionChecker;
  private readonly lets: LetBindings;
  private readonly namesUsed = new Set<string>();

  constructor(
    private readonly file: MappingFile,
    private readonly contract: StreamContract,
    private readonly picklists: ReadonlyMap<string, Picklist>,
  ) {
    this.lets = new LetBindings(contract, file.faults, ExpressionLanguage.of(contract));
    this.checker = new ExpressionChecker(contract, file.faults, picklists, this.lets.nodes);
  }

  /** What each name of `let` stands for. */
  get nodes(): ReadonlyMap<string, Node> {
    return this.lets.nodes;
  }

  readonly attributeOf = (node: Node): Attribute | null => this.checker.attributeOf(node);

  /** Fresh slots for one record. */
  newSlots(): unknown[] {
    return this.lets.newSlots();
  }

  bind(binding: LetBinding): void {
    if (!this.lets.isFree(binding)) return;
    const checked = this.check(binding.value);
    this.lets.bind(binding, checked, checked && (this.compile(binding.value, checked)?.run ?? null));
  }

  check(expression: Expression): Checked | null {
    const checked = this.checker.check(expression, this.lets.language, this.lets.names);
    if (!checked) return null;
    this.noteUses(checked.node);
    checkConditions(expression, checked.node, this.attributeOf, this.file.faults);
    return checked;
  }

  /** A condition of its own, as `when` is. */
  checkCondition(expression: Expression, node: Node): void {
    checkCondition(expression, node, this.attributeOf, this.file.faults);
  }

  /** Null with the fault noted where it checks as CEL and is no part of the language. */
  compile(expression: Expression, { node }: Checked): CompiledExpression | null {
    let sources: readonly Source[] | null = null;
    try {
      const { run } = compileExpression(node, this.scope());
      // Compiled when someone asks: most mappings run without anybody asking why.
      return { node, run, sources: () => (sources ??= sourcesOf(node, expression.text, this.scope())) };
    } catch (error) {
      if (!(error instanceof NotInLanguage)) throw error;
      const { start, end } = error.node;
      this.file.faults.add(expression.locate(start, end), {
        code: error.code,
        message: error.message,
        nearest: error.nearest,
        fix: error.fix,
      });
      return null;
    }
  }

  picklistOf({ picklist }: FieldSpec): Picklist | null {
    if (!picklist) return null;
    const table = this.picklists.get(picklist.value) ?? null;
    this.tablesUsed.add(picklist.value);
    if (!table) {
      this.file.faults.add(picklist.range, {
        code: 'unknown-picklist',
        message: `There is no table ${picklist.value}`,
        expected: `a file picklists/${picklist.value}.yaml`,
        nearest: nearestName(picklist.value, this.picklists.keys()),
      });
    }
    return table;
  }

  /** The table of a field answers for every value that its expression can give. */
  checkTotality(spec: FieldSpec, picklist: Picklist, node: Node): void {
    this.checker.checkTotality(picklist, node, spec.picklist!.range);
  }

  /** After everything else: a fault elsewhere, a misspelt name above all, may be why nothing uses it. */
  noteUnused(): void {
    if (hasErrors(this.file.faults.found)) return;
    for (const { name } of this.file.lets) {
      if (this.namesUsed.has(name.value)) continue;
      this.file.faults.add(name.range, {
        code: 'unused-let',
        severity: 'warning',
        message: `Nothing uses ${name.value}`,
        fix: 'remove it',
      });
    }
  }

  private noteUses(node: Node): void {
    if (node.op === 'id') this.namesUsed.add(node.args);
    if (node.op === 'call' && node.args[0] === 'lookup') {
      const table = literalText(node.args[1][0]);
      if (table !== null) this.tablesUsed.add(table);
    }
    partsOf(node).forEach((part) => this.noteUses(part));
  }

  /** The names in reach. */
  scope(): Scope {
    return {
      variables: new Set(Object.keys(this.contract.variables)),
      slots: this.lets.runs,
      needs: this.file.needs.map(({ value }) => value),
      picklists: this.picklists,
      nextSlot: () => this.lets.nextSlot(),
    };
  }
}
