import { unbundle } from '../mapping/bundle.js';
import { limitNames } from '../mapping/compiled-mapping.js';
import type { FieldSpec, MappingFile } from '../mapping/mapping-file.js';
import { parseMapping } from '../mapping/parse-mapping.js';

/** A part of a mapping that two texts say differently. */
export interface PartChange {
  /** `when`, `fields.email`, `let.latest`, `picklist.lead-status.confirmed`, … */
  readonly part: string;
  /** Null where only the other says it. */
  readonly from: string | null;
  readonly to: string | null;
  /** In the new text; null where it says nothing of it. */
  readonly line: number | null;
}

interface Part {
  readonly text: string;
  readonly line: number | null;
}

/** What another text of a mapping says differently, part by part: layout, comments and examples are no difference. */
export function compareFiles(file: string, from: string, to: string): PartChange[] {
  const before = partsOf(file, from);
  const after = partsOf(file, to);
  const names = [...new Set([...before.keys(), ...after.keys()])];
  return names.flatMap((part) => {
    const [a, b] = [before.get(part), after.get(part)];
    if (a?.text === b?.text) return [];
    return [{ part, from: a?.text ?? null, to: b?.text ?? null, line: b?.line ?? null }];
  });
}

function partsOf(file: string, source: string): Map<string, Part> {
  const bundled = unbundle(source);
  const parsed = parseMapping(file, bundled?.text ?? source);
  const parts = new Map<string, Part>();
  const note = (name: string, text: string | null | undefined, at?: number): void => {
    if (text === null || text === undefined || text === '') return;
    parts.set(name, { text, line: at === undefined ? null : parsed.source.position(at).line });
  };
  for (const name of ['stream', 'destination', 'object', 'operation'] as const) {
    note(name, parsed[name]?.value, parsed[name]?.range[0]);
  }
  note('when', parsed.when?.text, parsed.when?.range[0]);
  note('whenNot', whenNotText(parsed), parsed.whenNot?.range[0]);
  note('key', parsed.key?.value?.text, parsed.key?.value?.range[0]);
  note('key.field', parsed.key?.field?.value, parsed.key?.field?.range[0]);
  note(
    'match',
    parsed.match && `${parsed.match.by.map(({ value }) => value).join(', ')}, else ${parsed.match.onMany}`,
  );
  note('needs', parsed.needs.map(({ value }) => value).join(', '), parsed.needs[0]?.range[0]);
  for (const { name, value } of parsed.lets) note(`let.${name.value}`, value.text, name.range[0]);
  for (const spec of parsed.fields) note(`fields.${spec.name.value}`, fieldText(spec), spec.name.range[0]);
  note('lanes', String(parsed.lanes));
  for (const name of limitNames) note(`limits.${name}`, boundText(parsed.limits[name]));
  for (const [name, table] of bundled?.picklists ?? []) {
    for (const [entry, value] of table.values) note(`picklist.${name}.${entry}`, value);
    note(`picklist.${name}.otherwise`, table.otherwise);
  }
  for (const [name, field] of Object.entries(bundled?.target?.fields ?? {})) {
    note(`target.${name}`, JSON.stringify(field));
  }
  return parts;
}

function whenNotText({ whenNot }: MappingFile): string | null {
  if (!whenNot) return null;
  if (typeof whenNot.value === 'string') return whenNot.value;
  return whenNot.value.map(({ name, value }) => `${name.value}: ${JSON.stringify(value.value)}`).join(', ');
}

function fieldText({ value, missing, default: standard, truncate, picklist, owner }: FieldSpec): string {
  return [
    value.text,
    ...(picklist ? [`picklist ${picklist.value}`] : []),
    ...(missing === 'omit' ? [] : [`missing ${missing}`]),
    ...(standard ? [`default ${JSON.stringify(standard.value)}`] : []),
    ...(truncate ? [`truncate ${truncate.value}`] : []),
    ...(owner === 'foyer' ? [] : [`owner ${owner}`]),
  ].join('; ');
}

function boundText(bound: MappingFile['limits']['changed']): string | null {
  if (bound === null) return null;
  return 'share' in bound ? `${bound.share * 100}%` : String(bound.count);
}
