import { Global, Module, type OnModuleInit } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { Settings } from '../platform/config/settings.js';
import { AccessAudit } from './access-audit.js';
import { AccessGuard } from './access.guard.js';
import { ApiKeysController } from './api-keys.controller.js';
import { ApiKeys } from './api-keys.js';
import { ApiKeysService } from './api-keys.service.js';
import { BrowserLogin } from './browser-login.js';
import { ForgetLogins } from './forget-logins.js';
import { IdempotencyClaims } from './idempotency-claims.js';
import { Identities } from './identities.js';
import { Logins } from './logins.js';
import { MeController } from './me.controller.js';
import { Providers } from './providers.js';
import { SsoController } from './sso.controller.js';
import { SsoService } from './sso.service.js';

/** Who may do what. */
@Global()
@Module({
  providers: [
    AccessAudit,
    ApiKeys,
    IdempotencyClaims,
    Identities,
    Logins,
    Providers,
    BrowserLogin,
    { provide: APP_GUARD, useClass: AccessGuard },
  ],
  exports: [AccessAudit, ApiKeys, IdempotencyClaims, Identities, Logins, Providers, BrowserLogin],
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

/** Logging in and out, and the keys of programs. */
@Module({
  controllers: [SsoController, MeController, ApiKeysController],
  providers: [SsoService, ApiKeysService, ForgetLogins],
})
export class IdentityApiModule {}
