import { NestFactory } from '@nestjs/core';
import { SeedModule } from './app.module.js';
import { ApiKeys } from './identity/api-keys.js';
import { Demonstration } from './events/demonstration.js';
import type { Settings } from './platform/config/settings.js';

/** The demonstration event, made once, and a key to look around with. */
export async function seedDemonstration(settings: Settings): Promise<{ event: string; operatorKey: string }> {
  const app = await NestFactory.createApplicationContext(SeedModule.with(settings), { logger: false });
  try {
    const event = await app.get(Demonstration).make();
    const operatorKey =
      settings.identity.operatorKey || (await app.get(ApiKeys).issue('demonstration', 'admin'));
    return { event, operatorKey };
  } finally {
    await app.close();
  }
}
