import { Global, Module, type OnModuleInit } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { Settings } from '../platform/config/settings.js';
import { AccessGuard } from './access.guard.js';
import { ApiKeys } from './api-keys.js';
import { IdempotencyClaims } from './idempotency-claims.js';

/** Who may do what. */
@Global()
@Module({
  providers: [ApiKeys, IdempotencyClaims, { provide: APP_GUARD, useClass: AccessGuard }],
  exports: [ApiKeys, IdempotencyClaims],
})
export class IdentityModule implements OnModuleInit {
  constructor(
    private readonly keys: ApiKeys,
    private readonly settings: Settings,
  ) {}

  async onModuleInit(): Promise<void> {
    const { operatorKey } = this.settings.identity;
    if (operatorKey) await this.keys.store(operatorKey, 'from the environment', 'admin');
  }
}
