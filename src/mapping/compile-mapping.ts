/**
 * A parsed mapping file → a function that decides records. Everything that can be known before a record is there
 * is checked here, against the stream's contract and the target's metadata; all faults come back at once.
 */
import { bundle, metadataOf } from './bundle.js';
import { checkExamples } from './check-examples.js';
import {
  checkMatch,
  checkOperation,
  checkScalar,
  checkWhenNot,
  noteKeyAmongFields,
  noteNoMetadata,
} from './check-parts.js';
import { TargetChecker } from './check-target.js';
import { compileField } from './compile-field.js';
import type { CompiledMapping } from './compiled-mapping.js';
import { Decider } from './decide.js';
import type { CompiledExpression, Condition, DecidingField } from './decision.js';
import { hasErrors, inFileOrder, type Diagnostic } from './diagnostic.js';
import type { Checked } from './expression-language.js';
import type { Expression, FieldSpec, MappingFile } from './mapping-file.js';
import { MappingExpressions } from './mapping-expressions.js';
import type { Picklist } from './picklist.js';
import { contractOf, mappableStreams, type StreamContract } from './stream-contracts.js';
import { consentBoundRead, requiresConsent } from './syntax-tree.js';
import type { TargetMetadata } from './target-metadata.js';

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
}

class MappingCompiler {
  private readonly expressions: MappingExpressions;
  private readonly target: TargetChecker | null;
  private isGuarded = false;

  constructor(
    private readonly file: MappingFile,
    private readonly contract: StreamContract,
    private readonly surroundings: Surroundings,
  ) {
    const { picklists, target } = surroundings;
    this.expressions = new MappingExpressions(file, contract, picklists);
    this.target = target ? new TargetChecker(target, file.faults, picklists) : null;
  }

  compile(): CompiledMapping | null {
    if (!this.target) noteNoMetadata(this.file);
    checkOperation(this.file);
    for (const binding of this.file.lets) this.expressions.bind(binding);
    const when = this.when();
    const key = this.key();
    const fields = this.file.fields.map((spec) => this.field(spec));
    checkWhenNot(this.file, this.target);
    checkMatch(this.file, this.target);
    checkExamples(this.file, this.contract);
    this.target?.checkUnmappedRequired(this.file);
    this.expressions.noteUnused();
    const known = fields.filter((field) => field !== null);
    const isWhole = fields.length === known.length && (this.file.when === null || when !== null);
    return key && isWhole ? this.assemble(key, when, known) : null;
  }

  private assemble(
    key: CompiledExpression,
    when: Condition | null,
    fields: readonly CompiledSpec[],
  ): CompiledMapping | null {
    const { name, stream, destination, object, operation, match, limits, lanes, source } = this.file;
    const keyField = this.file.key?.field?.value;
    const keyValue = this.file.key?.value;
    if (!name || !stream || !destination || !object || !operation || !keyField || !keyValue) return null;
    const whenNot = this.whenNotFields();
    let whole: string | null = null;
    const also = typeof whenNot === 'object' ? Object.keys(whenNot) : [];
    const writes = [...new Set([...fields.map(({ field }) => field.name), ...also])];
    const bundled = (): string => this.bundled([...writes, keyField]);
    const decider = new Decider({
      file: source.file,
      keyField,
      keyLengthMax: this.surroundings.target?.fields[keyField]?.length ?? null,
      key: { ...key, line: this.lineOf(keyValue) },
      when,
      whenNot,
      fields,
      scope: this.expressions.scope(),
      newSlots: () => this.expressions.newSlots(),
    });
    return {
      name: name.value,
      file: source.file,
      // Made when someone asks: a check does not.
      get source() {
        return (whole ??= bundled());
      },
      stream: stream.value,
      destination: destination.value,
      object: object.value,
      operation: operation.value,
      keyField,
      fields: fields.map(({ field }) => field),
      writes,
      whenNot,
      match: match && { by: match.by.map(({ value }) => value), onMany: match.onMany },
      needs: this.file.needs.map(({ value }) => value),
      lanes,
      limits,
      evaluate: (snapshot, targets) => decider.evaluate(snapshot, targets),
      explain: (snapshot, targets) => decider.explain(snapshot, targets),
    };
  }

  private bundled(names: readonly string[]): string {
    const { target, picklists } = this.surroundings;
    const tables = [...picklists].filter(([name]) => this.expressions.tablesUsed.has(name));
    return bundle({
      text: this.file.source.text,
      picklists: new Map(tables),
      target: target && metadataOf(target, names),
    });
  }

  private when(): Condition | null {
    const { when } = this.file;
    const checked = when ? this.expressions.check(when) : null;
    const isCondition = checked?.type === 'bool' || checked?.type === 'dyn';
    // A guard that does not hold as an expression is mended first: the fields are not blamed for it.
    this.isGuarded = when !== null && (!isCondition || requiresConsent(checked.node, this.expressions.nodes));
    if (!when || !checked) return null;
    if (!isCondition) {
      this.file.faults.add(when.range, {
        code: 'wrong-type',
        message: `when gives ${checked.type}`,
        expected: 'true or false',
      });
    }
    this.expressions.checkCondition(when, checked.node);
    const compiled = this.expressions.compile(when, checked);
    return compiled && { ...compiled, expression: when.text, line: this.lineOf(when) };
  }

  private key(): CompiledExpression | null {
    const field = this.file.key?.field;
    if (field) this.target?.checkKeyField(field);
    const value = this.file.key?.value;
    const checked = value ? this.expressions.check(value) : null;
    if (!value || !checked) return null;
    if (!['string', 'int', 'dyn'].includes(checked.type)) {
      this.file.faults.add(value.range, {
        code: 'wrong-type',
        message: `The key gives ${checked.type}`,
        expected: 'a text or a whole number',
      });
    }
    this.checkConsent(value, checked, field?.value ?? 'key');
    return this.expressions.compile(value, checked);
  }

  private field(spec: FieldSpec): CompiledSpec | null {
    const { name, value } = spec;
    if (!fieldNamePattern.test(name.value)) {
      this.file.faults.add(name.range, { code: 'bad-name', message: `${name.value} is no name of a field` });
    }
    noteKeyAmongFields(this.file, name);
    const picklist = this.expressions.picklistOf(spec);
    const checked = this.expressions.check(value);
    if (!checked) {
      this.target?.find(name);
      return null;
    }
    if (picklist) this.expressions.checkTotality(spec, picklist, checked.node);
    const target = this.target?.checkField(spec, checked, picklist, this.expressions.attributeOf) ?? null;
    if (!this.target) checkScalar(this.file, spec, checked);
    this.checkConsent(value, checked, name.value);
    const compiled = this.expressions.compile(value, checked);
    if (!compiled || (spec.picklist && !picklist)) return null;
    const { line, column } = this.file.source.position(value.range[0]);
    const conversion = compileField({
      missing: spec.missing,
      default: spec.default?.value ?? null,
      truncate: spec.truncate?.value ?? null,
      picklist,
      target,
    });
    const field = { name: name.value, owner: spec.owner, expression: value.text, line, column };
    return { spec, field, ...conversion, ...compiled };
  }

  /** Rule 5: what says something about a person compiles only behind a consent. */
  private checkConsent(expression: Expression, { node }: Checked, name: string): void {
    if (this.isGuarded) return;
    const attribute = consentBoundRead(node, this.expressions.attributeOf, this.expressions.nodes);
    if (!attribute) return;
    this.file.faults.add(expression.range, {
      code: 'missing-consent-guard',
      message: `${name} carries ${attribute}, which may leave only with consent, and when does not ask for one`,
      expected: 'a when that holds only with consent.granted("…")',
      fix: 'write when: … && consent.granted("marketing")',
    });
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
