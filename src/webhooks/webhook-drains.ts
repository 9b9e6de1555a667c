import { Inject, Injectable } from '@nestjs/common';
import type pg from 'pg';
import type { Lease } from '../changes/lease.js';
import { createHttpEngine, type HttpEngine } from '../platform/http-client/http-engine.js';
import { Drains } from '../pipelines/drains.js';
import type { Drainable } from '../pipelines/drain.js';
import { CLOCK, type Clock } from '../platform/clock.js';
import { Settings } from '../platform/config/settings.js';
import { PG_POOL } from '../platform/database/database.module.js';
import type { Endpoint } from './endpoint.js';
import { isPrivateAddress } from './endpoint-url.js';
import { Endpoints } from './endpoints.js';
import {
  type Message,
  type MessageResult,
  messagesDueInMs,
  nextMessages,
  settleMessages,
  takeIn,
} from './messages.js';
import { sendMessage } from './send-message.js';

const TAKE_IN_MAX = 1_000;
const ROUND_MAX = 256;
/** Of an endpoint that was paused or removed while its lane was held. */
const RESTING_MS = 1_000;
/** So many failed tries of a message in a row, and the endpoint counts as failing. */
const FAILING_TRIES = 3;
/** Nobody reads what an endpoint answers. */
const ANSWER_BYTES_MAX = 64 * 1024;
const LANE_NAME = /^webhook\.([0-9a-f-]{36})$/;

/** Drains the lanes of webhook endpoints: one message a person at a time, several persons at once. */
@Injectable()
export class WebhookDrains {
  private readonly http: HttpEngine;

  constructor(
    drains: Drains,
    private readonly endpoints: Endpoints,
    private readonly settings: Settings,
    @Inject(PG_POOL) private readonly pool: pg.Pool,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {
    this.http = createHttpEngine({
      callTimeoutMs: settings.webhooks.timeoutMs,
      answerBytesMax: ANSWER_BYTES_MAX,
      ...(settings.webhooks.allowPrivateHosts ? {} : { mayReach: (address) => !isPrivateAddress(address) }),
    });
    drains.provide(async (name) => {
      const id = LANE_NAME.exec(name)?.[1];
      return id !== undefined && (await this.endpoints.receiving(id)) ? this.drainable(id) : null;
    });
  }

  private drainable(id: string): Drainable {
    let isReceiving = true;
    return {
      adopt: () => Promise.resolve(),
      heldMs: () => (isReceiving ? 0 : RESTING_MS),
      dueInMs: (lease) => messagesDueInMs(this.pool, lease, id),
      // Anew for each round: its secret, its address or its state may have changed since the lane was taken.
      round: async (lease, lost) => {
        const endpoint = await this.endpoints.receiving(id);
        isReceiving = endpoint !== null;
        return endpoint === null || this.round(endpoint, lease, lost);
      },
    };
  }

  private async round(endpoint: Endpoint, lease: Lease, lost: AbortSignal): Promise<boolean> {
    const read = await takeIn(this.pool, lease, endpoint, TAKE_IN_MAX);
    const messages = await nextMessages(this.pool, lease, endpoint.id, ROUND_MAX);
    if (messages.length === 0) return read > 0;
    const results = await this.sendAll(endpoint, messages, lost);
    await settleMessages(this.pool, lease, endpoint.id, results);
    if (results.some((result) => result.status === 410))
      await this.endpoints.setState(endpoint.id, 'disabled');
    else await this.note(endpoint, results);
    return true;
  }

  /** Nothing got through, and not for the first time: the operator sees it. The first that does ends it. */
  private async note({ id, state }: Endpoint, results: readonly MessageResult[]): Promise<void> {
    const isHeard = results.some((result) => result.state === 'sent');
    if (isHeard && state === 'failing') await this.endpoints.note(id, 'failing', 'active');
    const isStuck = !isHeard && results.some(({ message }) => message.tries + 1 >= FAILING_TRIES);
    if (isStuck && state === 'active') await this.endpoints.note(id, 'active', 'failing');
  }

  private async sendAll(
    endpoint: Endpoint,
    messages: Message[],
    lost: AbortSignal,
  ): Promise<MessageResult[]> {
    const results: MessageResult[] = [];
    const by = { http: this.http, settings: this.settings.webhooks, now: () => this.clock.now(), lost };
    const queue = [...messages];
    const sender = async (): Promise<void> => {
      for (let message = queue.shift(); message; message = queue.shift()) {
        results.push(await sendMessage(endpoint, message, by));
      }
    };
    await Promise.all(Array.from({ length: this.settings.webhooks.callsInFlight }, sender));
    return results;
  }
}
