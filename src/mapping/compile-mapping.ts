/**
 * A parsed mapping file → a function that decides records. Everything that can be known before a record is there
 * is checked here, against the stream's contract and the target's metadata; all faults come back at once.
 */
import { bundle, metadataOf } from './bundle.js';
import { ExpressionChecker } from './check-expression.js';
import { checkExamples } from './check-examples.js';
import { checkMatch, checkWhenNot, noteKeyAmongFields, noteNoMetadata } from './check-parts.js';
import { TargetChecker } from './check-target.js';
import { compileExpression } from './compile-expression.js';
import { compileField } from './compile-field.js';
import type { CompiledMapping } from './compiled-mapping.js';
import { decider, type DecidingField } from './decide.js';
import { hasErrors, inFileOrder, type Diagnostic } from './diagnostic.js';
import { ExpressionLanguage, type Checked, type Node } from './expression-language.js';
import type { Expression, FieldSpec, LetBinding, MappingFile } from './mapping-file.js';
import { nearestName } from './nearest-name.js';
import type { Picklist } from './picklist.js';
import { LetBindings } from './let-bindings.js';
import { NotInLanguage, type Scope } from './scope.js';
import { contractOf, mappableStreams, type StreamContract } from './stream-contracts.js';
import { consentBoundRead, requiresConsent } from './syntax-tree.js';
import type { TargetMetadata } from './target-metadata.js';
import type { Run } from './value.js';

export interface Surroundings {
  /** What the backend says of the object; null where there is no snapshot of it. */
  readonly target: TargetMetadata | null;
  readonly picklists: ReadonlyMap<string, Picklist>;
}

export interface CompileResult {
  /** Null where any diagnostic is an error. */
  readonly mapping: CompiledMapping | null;
  /** Those of parsing included, in the order of the file. */
  readonly diagnostics: readonly Diagnostic[];
}

export function compileMapping(file: MappingFile, surroundings: Surroundings): CompileResult {
  const contract = file.stream ? contractOf(file.stream.value) : null;
  if (file.stream && !contract) {
    file.faults.add(file.stream.range, {
      code: 'stream-not-mappable',
      message: `The stream ${file.stream.value} has no contract yet`,
      expected: `one of ${mappableStreams.join(', ')}`,
    });
  }
  // Each step notes what it finds and goes on: one run tells everything.
  const mapping = contract ? new MappingCompiler(file, contract, surroundings).compile() : null;
  const diagnostics = inFileOrder(file.faults.found);
  return { mapping: hasErrors(diagnostics) ? null : mapping, diagnostics };
}

const fieldNamePattern = /^[A-Za-z][A-Za-z0-9_.-]{0,254}$/;

interface CompiledSpec extends DecidingField {
  readonly spec: FieldSpec;
  readonly column: number;
}

class MappingCompiler {
  private readonly checker: ExpressionChecker;
  private readonly target: TargetChecker | null;
  private readonly lets: LetBindings;
  private isGuarded = false;

  constructor(
    private readonly file: MappingFile,
    private readonly contract: StreamContract,
    private readonly surroundings: Surroundings,
  ) {
    this.checker = new ExpressionChecker(contract, file.faults);
    this.target = surroundings.target ? new TargetChecker(surroundings.target, file.faults) : null;
    this.lets = new LetBindings(contract, file.faults, ExpressionLanguage.of(contract));
  }

  compile(): CompiledMapping | null {
    if (!this.target) noteNoMetadata(this.file);
    for (const binding of this.file.lets) this.bind(binding);
    const when = this.when();
    const key = this.key();
    const fields = this.file.fields.map((spec) => this.field(spec));
    checkWhenNot(this.file, this.target);
    checkMatch(this.file, this.target);
    checkExamples(this.file, this.contract);
    this.target?.checkUnmappedRequired(this.file);
    const known = fields.filter((field) => field !== null);
    const isWhole = fields.length === known.length && (this.file.when === null || when !== null);
    return key && isWhole ? this.assemble(key, when, known) : null;
  }

  private assemble(key: Run, when: Run | null, fields: readonly CompiledSpec[]): CompiledMapping | null {
    const { name, stream, destination, object, operation, match, limits, lanes } = this.file;
    const keyField = this.file.key?.field?.value;
    const keyValue = this.file.key?.value;
    if (!name || !stream || !destination || !object || !operation || !keyField || !keyValue) return null;
    const whenNot = this.whenNotFields();
    const also = typeof whenNot === 'object' ? Object.keys(whenNot) : [];
    const writes = [...new Set([...fields.map((field) => field.name), ...also])];
    return {
      name: name.value,
      file: this.file.source.file,
      source: this.bundled([...writes, keyField]),
      stream: stream.value,
      destination: destination.value,
      object: object.value,
      operation: operation.value,
      keyField,
      fields: fields.map(({ name: field, line, column, spec }) => ({
        name: field,
        owner: spec.owner,
        expression: spec.value.text,
        line,
        column,
      })),
      writes,
      whenNot,
      match: match && { by: match.by.map(({ value }) => value), onMany: match.onMany },
      needs: this.file.needs.map(({ value }) => value),
      lanes,
      limits,
      evaluate: decider({
        file: this.file.source.file,
        keyField,
        keyLengthMax: this.surroundings.target?.fields[keyField]?.length ?? null,
        key: { run: key, line: this.lineOf(keyValue) },
        when: when && this.file.when ? { run: when, line: this.lineOf(this.file.when) } : null,
        whenNot,
        fields,
        newSlots: () => this.lets.newSlots(),
      }),
    };
  }

  private bundled(names: readonly string[]): string {
    const tables = this.file.fields.flatMap(({ picklist }) => {
      const table = picklist && this.surroundings.picklists.get(picklist.value);
      return table ? [[table.name, table] as const] : [];
    });
    const { target } = this.surroundings;
    return bundle({
      text: this.file.source.text,
      picklists: new Map(tables),
      target: target && metadataOf(target, names),
    });
  }

  private bind(binding: LetBinding): void {
    if (!this.lets.isFree(binding)) return;
    const checked = this.check(binding.value);
    this.lets.bind(binding, checked, checked && this.run(binding.value, checked));
  }

  private check(expression: Expression): Checked | null {
    return this.checker.check(expression, this.lets.language, this.lets.names);
  }

  private when(): Run | null {
    const { when } = this.file;
    const checked = when ? this.check(when) : null;
    const isCondition = checked?.type === 'bool' || checked?.type === 'dyn';
    // A guard that does not hold as an expression is mended first: the fields are not blamed for it.
    this.isGuarded = when !== null && (!isCondition || requiresConsent(checked.node, this.lets.nodes));
    if (!when || !checked) return null;
    if (!isCondition) {
      this.file.faults.add(when.range, {
        code: 'wrong-type',
        message: `when gives ${checked.type}`,
        expected: 'true or false',
      });
    }
    return this.run(when, checked);
  }

  private key(): Run | null {
    const field = this.file.key?.field;
    if (field) this.target?.checkKeyField(field);
    const value = this.file.key?.value;
    const checked = value ? this.check(value) : null;
    if (!value || !checked) return null;
    if (!['string', 'int', 'dyn'].includes(checked.type)) {
      this.file.faults.add(value.range, {
        code: 'wrong-type',
        message: `The key gives ${checked.type}`,
        expected: 'a text or a whole number',
      });
    }
    this.checkConsent(value, checked, field?.value ?? 'key');
    return this.run(value, checked);
  }

  private field(spec: FieldSpec): CompiledSpec | null {
    const { name, value } = spec;
    if (!fieldNamePattern.test(name.value)) {
      this.file.faults.add(name.range, { code: 'bad-name', message: `${name.value} is no name of a field` });
    }
    noteKeyAmongFields(this.file, name);
    const picklist = this.picklist(spec);
    const checked = this.check(value);
    if (!checked) {
      this.target?.find(name);
      return null;
    }
    const attributeOf = (node: Node) => this.checker.attributeOf(node);
    const target = this.target?.checkField(spec, checked, picklist, attributeOf) ?? null;
    if (!this.target) this.checkScalar(spec, checked);
    this.checkConsent(value, checked, name.value);
    const run = this.run(value, checked);
    if (!run || (spec.picklist && !picklist)) return null;
    const { line, column } = this.file.source.position(value.range[0]);
    const compiled = compileField({
      run,
      missing: spec.missing,
      default: spec.default?.value ?? null,
      truncate: spec.truncate?.value ?? null,
      picklist,
      target,
    });
    return { name: name.value, line, column, spec, run: compiled };
  }

  /** Rule 5: what says something about a person compiles only behind a consent. */
  private checkConsent(expression: Expression, { node }: Checked, name: string): void {
    if (this.isGuarded) return;
    const attribute = consentBoundRead(node, (part) => this.checker.attributeOf(part), this.lets.nodes);
    if (!attribute) return;
    this.file.faults.add(expression.range, {
      code: 'missing-consent-guard',
      message: `${name} carries ${attribute}, which may leave only with consent, and when does not ask for one`,
      expected: 'a when that holds only with consent.granted("…")',
      fix: 'write when: … && consent.granted("marketing")',
    });
  }

  private checkScalar(spec: FieldSpec, { type }: Checked): void {
    const isScalar = ['string', 'int', 'double', 'bool', 'null', 'dyn', 'google.protobuf.Timestamp'].includes(
      type,
    );
    if (isScalar) return;
    this.file.faults.add(spec.value.range, {
      code: 'wrong-type',
      message: `${spec.name.value} gives ${type}, and a field takes one value`,
      expected: 'a text, a number, true or false, or a time',
      fix: type.startsWith('list') ? 'write ….join("; ")' : null,
    });
  }

  private picklist(spec: FieldSpec): Picklist | null {
    if (!spec.picklist) return null;
    const { picklists } = this.surroundings;
    const picklist = picklists.get(spec.picklist.value) ?? null;
    if (!picklist) {
      this.file.faults.add(spec.picklist.range, {
        code: 'unknown-picklist',
        message: `There is no table ${spec.picklist.value}`,
        expected: `a file picklists/${spec.picklist.value}.yaml`,
        nearest: nearestName(spec.picklist.value, picklists.keys()),
      });
    }
    return picklist;
  }

  private run(expression: Expression, { node }: Checked): Run | null {
    const scope: Scope = {
      variables: new Set(Object.keys(this.contract.variables)),
      slots: this.lets.runs,
      nextSlot: () => this.lets.nextSlot(),
    };
    try {
      return compileExpression(node, scope).run;
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

  private whenNotFields(): CompiledMapping['whenNot'] {
    const spec = this.file.whenNot?.value ?? 'keep';
    return typeof spec === 'string'
      ? spec
      : Object.freeze(Object.fromEntries(spec.map(({ name, value }) => [name.value, value.value])));
  }

  private lineOf(expression: Expression): number {
    return this.file.source.position(expression.range[0]).line;
  }
}
