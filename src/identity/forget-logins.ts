import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { CLOCK, type Clock } from '../platform/clock.js';
import { LOGGER, type Logger } from '../platform/logger.js';
import { Logins } from './logins.js';

const EVERY_MS = 3_600_000;
/** An ended login is kept so long, to answer questions. */
const KEPT_MS = 30 * 86_400_000;

/** Logins and logout tokens that nobody will ask for again are deleted. */
@Injectable()
export class ForgetLogins implements OnApplicationBootstrap, OnApplicationShutdown {
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly logins: Logins,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    const run = (): void =>
      void this.logins
        .forget(new Date(this.clock.now().getTime() - KEPT_MS))
        .catch((error: unknown) =>
          this.logger.warn(
            { code: (error as { code?: unknown }).code },
            'old logins stay until the next hour',
          ),
        );
    this.timer = setInterval(run, EVERY_MS).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }
}
