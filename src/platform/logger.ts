import type { LoggerService } from '@nestjs/common';
import { pino, type Logger as PinoLogger } from 'pino';

/**
 * One JSON object a line on stdout. Nothing of a person may be in it: callers log ids, counts and codes.
 */
export function createLogger(level = 'info'): PinoLogger {
  return pino({
    level,
    base: { pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    // Whatever slips in under these names is a mistake; the last line of defence.
    redact: [
      'email',
      'attendee',
      'authorization',
      'headers',
      'secret',
      'token',
      '*.email',
      '*.authorization',
      '*.secret',
    ],
  });
}

export const LOGGER = Symbol('Logger');
export type Logger = Pick<PinoLogger, 'info' | 'warn' | 'error' | 'debug' | 'fatal'>;

/** Nest's own messages, through the same stream. */
export class NestLogger implements LoggerService {
  constructor(private readonly logger: PinoLogger) {}
  log(message: unknown, context?: string): void {
    this.logger.debug({ context }, String(message));
  }
  warn(message: unknown, context?: string): void {
    this.logger.warn({ context }, String(message));
  }
  error(message: unknown, stack?: string, context?: string): void {
    this.logger.error({ context, stack }, String(message));
  }
  debug(message: unknown, context?: string): void {
    this.logger.debug({ context }, String(message));
  }
}
