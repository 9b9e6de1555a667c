import { Module } from '@nestjs/common';
import { PipelinesModule } from '../pipelines/pipelines.module.js';
import { Endpoints } from './endpoints.js';
import { WebhookDrains } from './webhook-drains.js';
import { WebhooksController } from './webhooks.controller.js';

/** Endpoints over HTTP; part of the api role. */
@Module({ controllers: [WebhooksController], providers: [Endpoints] })
export class WebhooksApiModule {}

/** Sends the messages; part of the worker role. */
@Module({ imports: [PipelinesModule], providers: [Endpoints, WebhookDrains] })
export class WebhooksModule {}
