/** The parts of a mapping beside its expressions: `whenNot`, `match`, the key, the metadata at hand. */
import type { TargetChecker } from './check-target.js';
import type { Located, MappingFile } from './mapping-file.js';
import { nearestName } from './nearest-name.js';

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
