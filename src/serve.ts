import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { AppModule } from './app.module.js';
import type { Settings } from './platform/config/settings.js';
import { armFailPoints } from './platform/fail-point.js';
import { collectSooner } from './platform/heap-bound.js';
import { createApp } from './platform/http/create-app.js';
import { serveOpenApi } from './platform/http/openapi.js';
import { createLogger } from './platform/logger.js';

/** After this the process ends, whatever is still open. */
const STOP_MAX_MS = 2_800;

/** Starts the role. A worker listens only where it is given a port for its health. */
export async function startServer(settings: Settings): Promise<void> {
  armFailPoints(settings.process.failPoints, settings.process.failPointsFile);
  const { host, port, workerHealthPort } = settings.http;
  const isWorker = settings.process.role === 'worker';
  endInTime();
  collectSooner();
  const app = await createApp(AppModule.with(settings), settings);
  if (!isWorker) serveOpenApi(app);
  if (!isWorker || workerHealthPort > 0) await app.listen(isWorker ? workerHealthPort : port, host);
  else await app.init();
  announce(app, settings);
}

function announce(app: NestFastifyApplication, settings: Settings): void {
  const logger = createLogger(settings.process.logLevel);
  const { role } = settings.process;
  if (role === 'worker') {
    logger.info({ role }, 'draining');
    return;
  }
  const address = app.getHttpServer().address() as { port: number };
  const host = settings.http.host.includes(':') ? `[${settings.http.host}]` : settings.http.host;
  logger.info({ role, url: `http://${host}:${address.port}` }, 'listening');
}

function endInTime(): void {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => setTimeout(() => process.exit(0), STOP_MAX_MS).unref());
  }
}
