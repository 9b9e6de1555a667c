import { readFileSync } from 'node:fs';
import path from 'node:path';
import { plainToInstance } from 'class-transformer';
import { validateSync, type ValidationError } from 'class-validator';
import { parse } from 'yaml';
import { Settings } from './settings.js';

type Environment = Readonly<Record<string, string | undefined>>;
type Tree = Record<string, Record<string, unknown>>;

/** Names that everyone's tools already use, and the setting each stands for. */
const CUSTOMARY: Record<string, [section: string, name: string]> = {
  PORT: ['http', 'port'],
  DATABASE_URL: ['database', 'url'],
  REDIS_URL: ['redis', 'url'],
  FOYER_ROLE: ['process', 'role'],
  FOYER_HOST: ['http', 'host'],
  FOYER_SECRET: ['identity', 'secret'],
  FOYER_OPERATOR_KEY: ['identity', 'operatorKey'],
};

/** All faults at once, each naming the setting and the environment variable that mends it. */
export class SettingsError extends Error {
  readonly code = 'settings-invalid';
  constructor(readonly faults: readonly string[]) {
    super(`The settings do not hold:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`);
  }
}

/**
 * Reads config/default.yaml, lays the environment over it and checks the whole.
 * @param overrides settings given in code, above the environment (used by tests and one-off commands)
 * @throws SettingsError with every fault
 */
export function loadSettings(
  environment: Environment = process.env,
  overrides: Tree = {},
  file = path.resolve('config/default.yaml'),
): Settings {
  const tree = parse(readFileSync(file, 'utf8')) as Tree;
  const faults = unknownNames(environment, tree);
  for (const [section, values] of Object.entries(tree)) {
    for (const [name, standard] of Object.entries(values)) {
      const text = fromEnvironment(environment, section, name);
      if (text !== undefined) values[name] = typed(text, standard);
      const override = overrides[section]?.[name];
      if (override !== undefined) values[name] = override;
    }
  }
  const settings = plainToInstance(Settings, tree);
  faults.push(
    ...validateSync(settings, { whitelist: true, forbidNonWhitelisted: true }).flatMap((e) => sentences(e)),
  );
  if (faults.length > 0) throw new SettingsError(faults);
  return settings;
}

export function environmentName(section: string, name: string): string {
  return `FOYER_${section}_${name.replace(/([A-Z])/g, '_$1')}`.toUpperCase();
}

function fromEnvironment(environment: Environment, section: string, name: string): string | undefined {
  const own = environment[environmentName(section, name)];
  if (own !== undefined) return own;
  const customary = Object.entries(CUSTOMARY).find(([, place]) => place[0] === section && place[1] === name);
  return customary && environment[customary[0]];
}

/** A variable that begins like a section of ours but names no setting is a typing mistake, not a wish to ignore. */
function unknownNames(environment: Environment, tree: Tree): string[] {
  const known = new Set(
    Object.entries(tree).flatMap(([section, values]) =>
      Object.keys(values).map((name) => environmentName(section, name)),
    ),
  );
  const prefixes = Object.keys(tree).map((section) => `FOYER_${section.toUpperCase()}_`);
  return Object.keys(environment)
    .filter((name) => prefixes.some((prefix) => name.startsWith(prefix)) && !known.has(name))
    .map((name) => `${name} names no setting; config/default.yaml lists them all`);
}

/** The text of an environment variable, as the type that the default has; a text that does not fit stays text and fails the check. */
function typed(text: string, standard: unknown): unknown {
  if (typeof standard === 'number')
    return text.trim() === '' || Number.isNaN(Number(text)) ? text : Number(text);
  if (typeof standard === 'boolean') return text === 'true' ? true : text === 'false' ? false : text;
  if (Array.isArray(standard)) return text.split(',').map((part) => typed(part, standard[0]));
  return text;
}

function sentences(error: ValidationError, prefix = ''): string[] {
  const place = prefix + error.property;
  const own = Object.values(error.constraints ?? {}).map((message) => {
    const [section, name] = place.split('.');
    if (message.startsWith(place) || name === undefined) return message;
    return `${place}: ${message} (environment: ${environmentName(section!, name)})`;
  });
  return [...own, ...(error.children ?? []).flatMap((child) => sentences(child, `${place}.`))];
}
