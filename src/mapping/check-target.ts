/** The mapping against the target's metadata: names, types, lengths, picklists, what is required. */
import type { FieldValue } from './compiled-mapping.js';
import type { Faults, Range } from './diagnostic.js';
import { typeOf, type Checked } from './expression-language.js';
import { decimalType, timestampType } from './function-spec.js';
import type { FieldSpec, Located, MappingFile } from './mapping-file.js';
import { nearestName } from './nearest-name.js';
import type { Picklist } from './picklist.js';
import type { Attribute } from './stream-contracts.js';
import { knownResults } from './known-results.js';
import { optionalSource } from './syntax-tree.js';
import { targetField, type TargetField, type TargetMetadata } from './target-metadata.js';
import type { Node } from './expression-language.js';

export class TargetChecker {
  constructor(
    private readonly target: TargetMetadata,
    private readonly faults: Faults,
    private readonly picklists: ReadonlyMap<string, Picklist>,
  ) {}

  /** The target's field of that name, or null with the fault noted. */
  find(name: Located<string>): TargetField | null {
    const field = targetField(this.target, name.value);
    if (!field) {
      this.faults.add(name.range, {
        code: 'unknown-field',
        message: `${this.target.object} at ${this.target.destination} has no field ${name.value}`,
        nearest: nearestName(name.value, Object.keys(this.target.fields)),
      });
      return null;
    }
    if (field.writable === false) {
      this.faults.add(name.range, {
        code: 'not-writable',
        message: `${name.value} cannot be written: the backend computes it`,
        fix: 'remove it',
      });
    }
    return field;
  }

  checkKeyField(name: Located<string>): void {
    const field = this.find(name);
    if (!field || field.unique) return;
    this.faults.add(name.range, {
      code: 'key-not-unique',
      message: `${name.value} identifies no record: it is not unique at the target`,
      expected: `one of ${this.uniqueNames().join(', ')}`,
    });
  }

  checkField(
    spec: FieldSpec,
    checked: Checked,
    picklist: Picklist | null,
    attributeOf: (node: Node) => Attribute | null,
  ): TargetField | null {
    const field = this.find(spec.name);
    if (!field) return null;
    if (picklist) this.checkTable(spec, picklist, field);
    else if (!spec.picklist) this.checkType(spec, checked, field);
    if (spec.default) this.checkLiteral(spec.default, spec.name.value, field);
    this.checkTruncate(spec, field);
    this.checkRequired(spec, checked, field, attributeOf);
    return field;
  }

  /** A literal that is to be sent: of `default` or `whenNot`. */
  checkLiteral({ value, range }: Located<FieldValue>, name: string, field: TargetField): void {
    if (value === null) {
      if (field.required)
        this.note(range, 'required-field', `${name} is required and cannot be cleared`, 'a value');
      return;
    }
    const kind = typeof value === 'number' ? (Number.isInteger(value) ? 'int' : 'double') : typeof value;
    const from = kind === 'boolean' ? 'bool' : kind;
    if (!fits(from, field)) {
      this.note(range, 'wrong-type', `${name} takes ${named(field)} and this is ${from}`, named(field));
      return;
    }
    if (typeof value === 'string') this.checkText(value, range, name, field);
  }

  checkUnmappedRequired(file: MappingFile): void {
    if (file.operation?.value === 'update') return;
    const mapped = new Set([...file.fields.map(({ name }) => name.value), file.key?.field?.value]);
    const open = Object.entries(this.target.fields).filter(
      ([name, { required }]) => required && !mapped.has(name),
    );
    for (const [name] of open) {
      this.faults.add(file.fieldsRange, {
        code: 'unmapped-required-field',
        message: `${this.target.object} requires ${name}, and no field gives it`,
        fix: `add ${name}: …`,
      });
    }
  }

  private checkType(spec: FieldSpec, checked: Checked, field: TargetField): void {
    const { node, type } = checked;
    const name = spec.name.value;
    const results = knownResults(node, this.picklists);
    for (const { value, node: place } of results.texts) {
      const range = spec.value.locate(place.start, place.end);
      this.checkText(value, range, name, field, spec.truncate?.value);
    }
    if (!fits(type, field)) {
      this.faults.add(spec.value.range, {
        code: 'wrong-type',
        message: `${name} takes ${named(field)} and the expression gives ${type}`,
        expected: named(field),
        fix: conversion(type, field),
      });
      return;
    }
    const isOpenText = field.type === 'picklist' && field.restricted !== false && !results.isClosed;
    if (isOpenText && typeOf(node) === 'string') {
      this.faults.add(spec.value.range, {
        code: 'missing-picklist',
        message: `${name} takes only certain values, and the expression gives any text`,
        expected: `one of ${(field.values ?? []).join(', ')}`,
        fix: `use { picklist: a-table, value: ${spec.value.text} }`,
      });
    }
  }

  private checkTable(spec: FieldSpec, picklist: Picklist, field: TargetField): void {
    const values = [
      ...picklist.values.values(),
      ...(picklist.otherwise === null ? [] : [picklist.otherwise]),
    ];
    const range = spec.picklist?.range ?? spec.name.range;
    for (const value of new Set(values)) this.checkText(value, range, spec.name.value, field);
  }

  private checkText(value: string, range: Range, name: string, field: TargetField, truncate?: number): void {
    const length = Math.min(value.length, truncate ?? value.length);
    if (field.length !== undefined && length > field.length) {
      this.note(
        range,
        'too-long',
        `${name} takes ${field.length} characters and this has ${length}`,
        'a shorter text',
      );
    }
    if (field.type !== 'picklist' || field.restricted === false || !field.values) return;
    if (field.values.includes(value)) return;
    this.faults.add(range, {
      code: 'unknown-picklist-value',
      message: `${name} has no value "${value}"`,
      expected: `one of ${field.values.join(', ')}`,
      nearest: nearestName(value, field.values),
    });
  }

  private checkTruncate(spec: FieldSpec, field: TargetField): void {
    if (!spec.truncate || field.length === undefined || spec.truncate.value <= field.length) return;
    this.note(
      spec.truncate.range,
      'too-long',
      `${spec.name.value} takes ${field.length} characters: truncate leaves too many`,
      `at most ${field.length}`,
    );
  }

  private checkRequired(
    spec: FieldSpec,
    checked: Checked,
    field: TargetField,
    attributeOf: (node: Node) => Attribute | null,
  ): void {
    if (!field.required || spec.missing === 'reject' || spec.missing === 'default') return;
    const source = optionalSource(checked.node, attributeOf);
    if (!source && spec.missing !== 'null') return;
    const range = source ? spec.value.locate(source.start, source.end) : spec.name.range;
    this.faults.add(range, {
      code: 'required-field',
      message: `${spec.name.value} is required at the target, and this may be absent`,
      expected: 'missing: reject, or a default',
      fix: 'add default: …',
    });
  }

  private uniqueNames(): string[] {
    return Object.keys(this.target.fields).filter((name) => this.target.fields[name]!.unique);
  }

  private note(range: Range, code: string, message: string, expected: string): void {
    this.faults.add(range, { code, message, expected });
  }
}

function fits(type: string, field: TargetField): boolean {
  if (type === 'dyn' || type === 'null') return true;
  switch (field.type) {
    case 'int':
      return type === 'int';
    case 'double':
      return type === 'int' || type === 'double' || type === decimalType;
    case 'bool':
      return type === 'bool';
    case 'datetime':
      return type === 'string' || type === timestampType;
    default:
      return type === 'string';
  }
}

function named(field: TargetField): string {
  return (
    { int: 'a whole number', double: 'a number', bool: 'true or false' }[field.type as string] ??
    `a ${field.type}`
  );
}

function conversion(type: string, field: TargetField): string | null {
  if (type.startsWith('list')) return 'write ….join("; ")';
  const wanted =
    { int: 'int', double: 'double', bool: 'bool', date: 'date' }[field.type as string] ?? 'string';
  const isConvertible = ['string', 'int', 'double', 'bool', timestampType, decimalType].includes(type);
  if (!isConvertible) return null;
  return wanted === 'date' ? 'write date(timestamp(…), "Europe/Berlin")' : `write ${wanted}(…)`;
}
