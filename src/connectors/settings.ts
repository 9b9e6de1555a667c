import { type ClassConstructor, plainToInstance, Transform } from 'class-transformer';
import { IsNumber, IsOptional, Max, Min, type ValidationError, validateSync } from 'class-validator';
import type { Clock } from '../platform/clock.js';
import type { DestinationSettings } from '../platform/config/destinations.js';
import { SettingsFaults } from '../platform/config/settings-faults.js';
import type { CallLimits, Connector } from './connector.js';

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
  if (errors.length > 0) throw new DestinationSettingsError(destination.name, placed(errors, destination));
  return settings;
}

/** Values taken from the environment are strings. */
export function asNumber({ value }: { value: unknown }): unknown {
  if (value === '' || value === 'null') return null;
  return typeof value === 'string' && value.trim() !== '' && Number.isFinite(Number(value))
    ? Number(value)
    : value;
}

/** A list, or its members in one text with commas. */
export function asList({ value }: { value: unknown }): unknown {
  if (typeof value !== 'string') return value;
  return value
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

export const withoutTrailingSlash = ({ value }: { value: unknown }): unknown =>
  typeof value === 'string' ? value.replace(/\/+$/, '') : value;

/** What every backend over HTTP can be told of its calls. A limit that is null or empty is none. */
export class CallSettings {
  @Transform(asNumber)
  @IsNumber()
  @Min(100)
  @Max(300_000)
  callTimeoutMs: number = 30_000;

  @Transform(asNumber)
  @IsOptional()
  @IsNumber()
  @Min(0.1)
  callsPerSecond: number | null = null;

  @Transform(asNumber)
  @IsOptional()
  @IsNumber()
  @Min(1)
  callsPerDay: number | null = null;

  /** Calls under way at once. */
  @Transform(asNumber)
  @IsOptional()
  @IsNumber()
  @Min(1)
  concurrency: number | null = null;
}

export function limitsOf(settings: CallSettings, of: Pick<CallLimits, 'window' | 'day'> = {}): CallLimits {
  const { callsPerSecond, callsPerDay, concurrency } = settings;
  return { callsPerSecond, callsPerDay, concurrency, ...of };
}

function placed(errors: readonly ValidationError[], destination: DestinationSettings): string[] {
  const faults = new SettingsFaults(destination);
  for (const error of errors)
    for (const sentence of sentences(error)) faults.note([error.property], sentence);
  return faults.found;
}

const sentences = (error: ValidationError): string[] => Object.values(error.constraints ?? {});
