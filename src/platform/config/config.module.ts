import { type DynamicModule, Global, Module } from '@nestjs/common';
import { createLogger, LOGGER } from '../logger.js';
import { CLOCK, type Clock, systemClock } from '../clock.js';
import { Settings } from './settings.js';

/** Hands the settings and the clock to everyone. */
@Global()
@Module({})
export class ConfigModule {
  static with(settings: Settings, clock: Clock = systemClock): DynamicModule {
    const providers = [
      { provide: Settings, useValue: settings },
      { provide: CLOCK, useValue: clock },
      { provide: LOGGER, useValue: createLogger(settings.process.logLevel) },
    ];
    return { module: ConfigModule, providers, exports: providers };
  }
}
