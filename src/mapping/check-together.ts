/** What one mapping file cannot know of itself: the other mappings, the destinations, whether its examples hold. */
import type { CompiledMapping } from './compiled-mapping.js';
import { inFileOrder, type Diagnostic } from './diagnostic.js';
import type { Located, MappingFile } from './mapping-file.js';
import { nearestName } from './nearest-name.js';
import { runExamples } from './run-examples.js';

export interface Together {
  readonly files: readonly { readonly parsed: MappingFile; readonly mapping: CompiledMapping | null }[];
  /** What each mapping of the folder needs, those that are not checked now included. */
  readonly needs: ReadonlyMap<string, readonly string[]>;
  /** The names in config/destinations.yaml; null where there is no such file. */
  readonly destinations: readonly string[] | null;
}

/** Notes what it finds with each file, and gives that alone. */
export function checkTogether({ files, needs, destinations }: Together): Diagnostic[] {
  return inFileOrder(
    files.flatMap(({ parsed, mapping }) => {
      const before = parsed.faults.found.length;
      for (const need of parsed.needs) checkNeed(parsed, need, needs);
      if (destinations) checkDestination(parsed, destinations);
      if (mapping) checkExamplesHold(parsed, mapping);
      return parsed.faults.found.slice(before);
    }),
  );
}

function checkNeed(
  { faults, name }: MappingFile,
  need: Located<string>,
  needs: ReadonlyMap<string, readonly string[]>,
): void {
  if (!needs.has(need.value)) {
    faults.add(need.range, {
      code: 'unknown-mapping',
      message: `There is no mapping ${need.value}: its record would be waited for without an end`,
      expected: `one of ${[...needs.keys()].join(', ')}`,
      nearest: nearestName(need.value, needs.keys()),
    });
  } else if (name && reaches(need.value, name.value, needs)) {
    faults.add(need.range, {
      code: 'needs-cycle',
      message: `${need.value} needs ${name.value} in turn: both would wait without an end`,
      fix: 'remove one of the two',
    });
  }
}

function reaches(from: string, to: string, needs: ReadonlyMap<string, readonly string[]>): boolean {
  const seen = new Set<string>();
  const open = [from];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (next === to) return true;
    if (seen.has(next)) continue;
    seen.add(next);
    open.push(...(needs.get(next) ?? []));
  }
  return false;
}

function checkDestination({ faults, destination }: MappingFile, known: readonly string[]): void {
  if (!destination || known.includes(destination.value)) return;
  faults.add(destination.range, {
    code: 'unknown-destination',
    message: `There is no destination ${destination.value}`,
    expected: `one of ${known.join(', ')}, or an entry of its own in config/destinations.yaml`,
    nearest: nearestName(destination.value, known),
  });
}

function checkExamplesHold(file: MappingFile, mapping: CompiledMapping): void {
  runExamples(mapping, file).forEach(({ name, holds, differences }, i) => {
    if (holds) return;
    file.faults.add(file.examples[i]!.expect.range, {
      code: 'broken-example',
      message: `The example "${name}" does not hold`,
      expected: differences.join(' · '),
      fix: 'put the mapping right, or the example where the change is meant',
    });
  });
}
