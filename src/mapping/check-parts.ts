/** The parts of a mapping beside its expressions: `whenNot`, `match`, the key, the metadata at hand. */
import type { TargetChecker } from './check-target.js';
import type { Checked } from './expression-language.js';
import { decimalType, timestampType } from './function-spec.js';
import type { FieldSpec, Located, MappingFile } from './mapping-file.js';
import { nearestName } from './nearest-name.js';
import type { Stream } from './source-contract.js';

export function checkWhenNot(file: MappingFile, target: TargetChecker | null): void {
  const spec = file.whenNot?.value;
  if (spec === undefined || typeof spec === 'string') return;
  for (const { name, value } of spec) {
    noteKeyAmongFields(file, name);
    const field = target?.find(name);
    if (field) target?.checkLiteral(value, name.value, field);
  }
}

export function checkMatch(file: MappingFile, target: TargetChecker | null): void {
  for (const name of file.match?.by ?? []) {
    target?.find(name);
    const isWritten = file.fields.some((field) => field.name.value === name.value);
    if (isWritten) continue;
    file.faults.add(name.range, {
      code: 'match-not-mapped',
      message: `match goes by ${name.value}, and no field gives it`,
      nearest: nearestName(
        name.value,
        file.fields.map((field) => field.name.value),
      ),
    });
  }
}

/** The key goes out on its own: as a field it would stand twice. */
export function noteKeyAmongFields(file: MappingFile, name: Located<string>): void {
  if (name.value !== file.key?.field?.value) return;
  file.faults.add(name.range, {
    code: 'duplicate-field',
    message: `${name.value} is the key already`,
    fix: 'remove it here',
  });
}

export function noteNoMetadata({ faults, destination, object }: MappingFile): void {
  if (!object) return;
  faults.add(object.range, {
    code: 'no-target-metadata',
    severity: 'warning',
    message: `There is no metadata of ${object.value}: names and types at the target are not checked`,
    expected: `targets/${destination?.value ?? '<destination>'}.${object.value}.json`,
  });
}

/** Streams whose records are written once and never change: only these can be appended. */
const appendable: readonly Stream[] = ['attendance', 'interaction'];

/** A state is written over; what is appended each time would stand there many times. */
export function checkOperation({ faults, operation, stream }: MappingFile): void {
  if (operation?.value !== 'append' || !stream || appendable.includes(stream.value)) return;
  faults.add(operation.range, {
    code: 'operation-not-for-stream',
    message: `append writes each version as a record of its own, and a ${stream.value} has many versions`,
    expected: `upsert, or one of the streams ${appendable.join(', ')}`,
    fix: 'write operation: upsert',
  });
}

/** Where no metadata says what a field takes, it still takes one value. */
export function checkScalar({ faults }: MappingFile, spec: FieldSpec, { type }: Checked): void {
  const isScalar = ['string', 'int', 'double', 'bool', 'null', 'dyn', timestampType, decimalType].includes(
    type,
  );
  if (isScalar) return;
  faults.add(spec.value.range, {
    code: 'wrong-type',
    message: `${spec.name.value} gives ${type}, and a field takes one value`,
    expected: 'a text, a number, true or false, or a time',
    fix: type.startsWith('list') ? 'write ….join("; ")' : null,
  });
}
