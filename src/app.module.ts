import { type DynamicModule, Module, type Type } from '@nestjs/common';
import { ActivityApiModule, ActivityModule } from './activity/activity.module.js';
import { ChangesModule } from './changes/changes.module.js';
import { EventsModule } from './events/events.module.js';
import { IdentityApiModule, IdentityModule } from './identity/identity.module.js';
import { LobbyModule } from './lobby/lobby.module.js';
import { PagesModule } from './pages/pages.module.js';
import { PipelinesApiModule, PipelinesModule } from './pipelines/pipelines.module.js';
import { type Clock, systemClock } from './platform/clock.js';
import { ConfigModule } from './platform/config/config.module.js';
import type { Settings } from './platform/config/settings.js';
import { DatabaseModule } from './platform/database/database.module.js';
import { HealthModule } from './platform/health/health.module.js';
import { QueueModule } from './platform/queue/queue.module.js';
import { ReconciliationApiModule, ReconciliationModule } from './reconciliation/reconciliation.module.js';
import { MailsModule, RegistrationsModule } from './registrations/registrations.module.js';
import { ReportsApiModule, ReportsModule } from './reports/reports.module.js';
import { WebhooksApiModule, WebhooksModule } from './webhooks/webhooks.module.js';

const EVERY_ROLE: Type[] = [DatabaseModule, QueueModule, ChangesModule, IdentityModule, HealthModule];
const API: Type[] = [
  IdentityApiModule,
  EventsModule,
  LobbyModule,
  RegistrationsModule,
  PagesModule,
  ActivityApiModule,
  PipelinesApiModule,
  ReconciliationApiModule,
  WebhooksApiModule,
  ReportsApiModule,
];
const WORKER: Type[] = [
  ActivityModule,
  MailsModule,
  PipelinesModule,
  ReconciliationModule,
  WebhooksModule,
  ReportsModule,
];

/** One program: what is in it depends on its role alone. */
@Module({})
export class AppModule {
  static with(settings: Settings, clock: Clock = systemClock): DynamicModule {
    const { role } = settings.process;
    return {
      module: AppModule,
      imports: [
        ConfigModule.with(settings, clock),
        ...EVERY_ROLE,
        ...(role === 'worker' ? [] : API),
        ...(role === 'api' ? [] : WORKER),
      ],
    };
  }
}

/** What a command needs to make events: no queue, no routes. */
@Module({})
export class SeedModule {
  static with(settings: Settings): DynamicModule {
    return {
      module: SeedModule,
      imports: [ConfigModule.with(settings), DatabaseModule, IdentityModule, EventsModule],
    };
  }
}
