import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

/** One entry of config/destinations.yaml, with the environment's values filled in. */
export interface DestinationSettings {
  readonly name: string;
  /** The connector's name in src/connectors/registry.ts. */
  readonly connector: string;
  readonly settings: Record<string, unknown>;
}

/**
 * Reads the destinations. A value may contain `${NAME}` or `${NAME:-default}`: secrets stay in the environment.
 * A variable that is not set and has no default becomes empty, which the connector's own check then names.
 */
export function loadDestinations(
  file: string,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): DestinationSettings[] {
  const document = (parse(readFileSync(file, 'utf8')) ?? {}) as Record<string, Record<string, unknown>>;
  return Object.entries(document).map(([name, entry]) => {
    const { connector, ...settings } = filled(entry, environment) as Record<string, unknown>;
    return { name, connector: String(connector), settings };
  });
}

function filled(value: unknown, environment: Readonly<Record<string, string | undefined>>): unknown {
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
