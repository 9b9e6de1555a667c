import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';

/** One entry of config/destinations.yaml, with the environment's values filled in. */
export interface DestinationSettings {
  readonly name: string;
  /** The connector's name in src/connectors/registry.ts. */
  readonly connector: string;
  readonly settings: Record<string, unknown>;
  /** The file that it stands in, so that a fault can be shown in its place; absent: it was made by a program. */
  readonly source?: DestinationSource;
}

export interface DestinationSource {
  readonly file: string;
  readonly text: string;
}

export interface Destination extends DestinationSettings {
  /** False: mapping files for it are checked, but not applied, and nothing is sent. */
  readonly isEnabled: boolean;
  /** The only mappings applied of those that name it; null: all. */
  readonly mappings: readonly string[] | null;
}

/**
 * Reads the destinations. A value may contain `${NAME}` or `${NAME:-default}`: secrets stay in the environment.
 * A variable that is not set and has no default becomes empty, which the connector's own check then names.
 */
export function loadDestinations(
  file: string,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Destination[] {
  const text = readFileSync(file, 'utf8');
  const document = (parse(text) ?? {}) as Record<string, Record<string, unknown>>;
  return Object.entries(document).map(([name, entry]) => {
    const { connector, enabled, mappings, ...settings } = filled(entry, environment) as Record<
      string,
      unknown
    >;
    return {
      name,
      connector: String(connector),
      isEnabled: isTrue(enabled),
      mappings: names(mappings),
      settings,
      source: { file: path.relative('', file), text },
    };
  });
}

/** Does a mapping of this name and destination leave? One whose destination is nowhere described does not. */
export function isLeaving(
  mapping: { readonly name: string; readonly destination: string },
  destinations: readonly Destination[],
): boolean {
  const entry = destinations.find(({ name }) => name === mapping.destination);
  return entry !== undefined && entry.isEnabled && (entry.mappings?.includes(mapping.name) ?? true);
}

/** What stands there and is not plainly true switches off: a slip of the pen sends nothing. */
function isTrue(enabled: unknown): boolean {
  if (typeof enabled === 'string') return ['true', '1', 'yes', 'on'].includes(enabled.trim().toLowerCase());
  return enabled === undefined || enabled === true;
}

function names(listed: unknown): string[] | null {
  const texts = Array.isArray(listed)
    ? listed.map(String)
    : typeof listed === 'string'
      ? listed.split(',')
      : [];
  const named = texts.map((text) => text.trim()).filter((text) => text !== '');
  return named.length > 0 ? named : null;
}

/** Every `${NAME}` and `${NAME:-default}` replaced by what the environment says, at any depth. */
export function filled(value: unknown, environment: Readonly<Record<string, string | undefined>>): unknown {
  if (typeof value === 'string') {
    return value.replace(/\$\{([A-Z0-9_]+)(?::-([^}]*))?\}/g, (_, name: string, standard?: string) => {
      return environment[name] ?? standard ?? '';
    });
  }
  if (Array.isArray(value)) return value.map((item) => filled(item, environment));
  if (value !== null && typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, filled(item, environment)]));
  }
  return value;
}
