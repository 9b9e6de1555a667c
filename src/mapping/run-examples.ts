/** Runs a mapping's own examples: each is a promise of the file, kept or broken. */
import type { CompiledMapping, Evaluation, FieldValue } from './compiled-mapping.js';
import type { Example, MappingFile } from './mapping-file.js';
import { contractOf } from './stream-contracts.js';

export interface ExampleResult {
  readonly mapping: string;
  readonly file: string;
  readonly line: number;
  readonly name: string;
  readonly holds: boolean;
  /** One line per difference, `- expected` and `+ found`; empty where the example holds. */
  readonly differences: readonly string[];
}

/**
 * `expect` names all fields that are written and no others; `suppressed` and `rejected` stand for no write at all.
 * Lists that `given` leaves out are empty lists, so that an example says only what it is about.
 */
export function runExamples(mapping: CompiledMapping, file: MappingFile): ExampleResult[] {
  const lists = Object.entries(contractOf(mapping.stream)?.variables ?? {}).filter(([, { type }]) =>
    type.startsWith('list<'),
  );
  const empty = Object.fromEntries(lists.map(([name]) => [name, []]));
  return file.examples.map((example) => {
    const targets = Object.entries(example.targets).map(([name, id]) => [name, { id }] as const);
    const evaluation = mapping.evaluate({ ...empty, ...example.given.value }, Object.fromEntries(targets));
    const differences = differencesOf(example, evaluation);
    return {
      mapping: mapping.name,
      file: mapping.file,
      line: file.source.position(example.name.range[0]).line,
      name: example.name.value,
      holds: differences.length === 0,
      differences,
    };
  });
}

function differencesOf(example: Example, evaluation: Evaluation): string[] {
  const expected = example.expect.value;
  const key =
    example.key && example.key.value !== evaluation.key
      ? [`- key: ${example.key.value}`, `+ key: ${show(evaluation.key)}`]
      : [];
  if (typeof expected === 'object' && evaluation.kind === 'write') {
    return [...key, ...fieldDifferences(expected, evaluation.fields)];
  }
  const found = outcomeOf(evaluation);
  const wanted = typeof expected === 'object' ? 'written' : expected;
  if (found !== wanted) return [`- ${wanted}`, `+ ${found}${because(evaluation)}`];
  const isOther =
    example.reason && evaluation.kind !== 'write' && evaluation.reason.code !== example.reason.value;
  return isOther ? [...key, `- reason: ${example.reason.value}`, `+ reason: ${evaluation.reason.code}`] : key;
}

function fieldDifferences(
  expected: Readonly<Record<string, FieldValue>>,
  found: Readonly<Record<string, FieldValue>>,
): string[] {
  const names = [...new Set([...Object.keys(expected), ...Object.keys(found)])];
  return names.flatMap((name) => {
    const [wanted, got] = [ownValue(expected, name), ownValue(found, name)];
    if (wanted === got) return [];
    return [
      ...(wanted === undefined ? [] : [`- ${name}: ${show(wanted)}`]),
      ...(got === undefined ? [] : [`+ ${name}: ${show(got)}`]),
    ];
  });
}

function ownValue(fields: Readonly<Record<string, FieldValue>>, name: string): FieldValue | undefined {
  return Object.hasOwn(fields, name) ? fields[name] : undefined;
}

function outcomeOf(evaluation: Evaluation): 'written' | 'suppressed' | 'rejected' {
  if (evaluation.kind === 'write') return 'written';
  return evaluation.kind === 'notMatching' ? 'suppressed' : 'rejected';
}

function because(evaluation: Evaluation): string {
  if (evaluation.kind === 'write') return '';
  const { code, message, line, field } = evaluation.reason;
  return `: ${code} at line ${line}${field ? ` (${field})` : ''}: ${message}`;
}

function show(value: FieldValue): string {
  return JSON.stringify(value);
}
