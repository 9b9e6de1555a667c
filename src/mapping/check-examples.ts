/** A misspelt attribute in `given` would test something else than its author means. */
import { nearestName } from './nearest-name.js';
import type { Example, MappingFile } from './mapping-file.js';
import type { Attributes, StreamContract } from './stream-contracts.js';

export function checkExamples(file: MappingFile, contract: StreamContract): void {
  for (const example of file.examples)
    checkObject(example.given.value, contract.variables, '', { file, contract, example });
}

interface Checking {
  readonly file: MappingFile;
  readonly contract: StreamContract;
  readonly example: Example;
}

function checkObject(value: unknown, attributes: Attributes, path: string, checking: Checking): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return;
  for (const [name, part] of Object.entries(value)) {
    if (Object.hasOwn(attributes, name)) checkPart(part, attributes[name]!.type, `${path}${name}`, checking);
    else noteUnknown(name, `${path}${name}`, Object.keys(attributes), checking);
  }
}

function checkPart(value: unknown, type: string, path: string, checking: Checking): void {
  if (Array.isArray(value) && type.startsWith('list<')) {
    const element = type.slice('list<'.length, -1);
    value.forEach((item) => checkPart(item, element, `${path}[]`, checking));
    return;
  }
  const { types } = checking.contract;
  if (Object.hasOwn(types, type)) checkObject(value, types[type]!, `${path}.`, checking);
}

function noteUnknown(
  name: string,
  path: string,
  names: readonly string[],
  { file, example }: Checking,
): void {
  file.faults.add(example.given.range, {
    code: 'unknown-attribute',
    message: `given names ${path}, and no record has it`,
    expected: `one of ${names.join(', ')}`,
    nearest: nearestName(name, names),
  });
}
