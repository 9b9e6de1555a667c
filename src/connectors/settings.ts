import { type ClassConstructor, plainToInstance } from 'class-transformer';
import { type ValidationError, validateSync } from 'class-validator';
import type { Clock } from '../platform/clock.js';
import type { DestinationSettings } from '../platform/config/destinations.js';
import type { Connector } from './connector.js';

/** Makes the connector of one destination; throws DestinationSettingsError naming every fault in its settings. */
export type ConnectorMaker = (destination: DestinationSettings, clock: Clock) => Connector;

/** All faults of one destination's settings, named at once. Never contains a value: some are secrets. */
export class DestinationSettingsError extends Error {
  readonly code = 'destination-settings';

  constructor(
    readonly destination: string,
    readonly faults: readonly string[],
  ) {
    super(`Destination ${destination} in config/destinations.yaml: ${faults.join('; ')}.`);
    this.name = 'DestinationSettingsError';
  }
}

export function readSettings<T extends object>(
  type: ClassConstructor<T>,
  destination: DestinationSettings,
): T {
  const settings = plainToInstance(type, destination.settings, { exposeDefaultValues: true });
  const errors = validateSync(settings, { whitelist: true, forbidNonWhitelisted: true });
  if (errors.length > 0) throw new DestinationSettingsError(destination.name, errors.flatMap(sentences));
  return settings;
}

/** Values taken from the environment are strings. */
export function asNumber({ value }: { value: unknown }): unknown {
  if (value === '' || value === 'null') return null;
  return typeof value === 'string' && value.trim() !== '' && Number.isFinite(Number(value))
    ? Number(value)
    : value;
}

export const withoutTrailingSlash = ({ value }: { value: unknown }): unknown =>
  typeof value === 'string' ? value.replace(/\/+$/, '') : value;

const sentences = (error: ValidationError): string[] => Object.values(error.constraints ?? {});
