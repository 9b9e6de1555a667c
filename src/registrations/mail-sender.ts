import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type pg from 'pg';
import { manageToken } from '../identity/manage-token.js';
import { CLOCK, type Clock } from '../platform/clock.js';
import { Settings } from '../platform/config/settings.js';
import { PG_POOL } from '../platform/database/database.module.js';
import { LOGGER, type Logger } from '../platform/logger.js';
import { type Mailer, smtpMailer } from '../platform/mailer.js';
import { type MailKind, mailText } from './mail-text.js';
import { Registrations } from './read-registrations.js';

const EVERY_MS = 1_000;
const AT_ONCE_MAX = 20;
/** Longer than a mail takes: whoever claimed it and died is followed by another. */
const CLAIM_MS = 60_000;
const RETRY_FIRST_MS = 30_000;
const RETRY_MAX_MS = 3_600_000;
const TRIES_MAX = 30;

interface Claimed {
  readonly id: string;
  readonly kind: MailKind;
  readonly registration: string;
  readonly tries: number;
}

// Claimed by moving its time: of several workers one gets it, and none waits for another.
const CLAIM = `
  update mails set next_attempt_at = clock_timestamp() + $2 * interval '1 ms', tries = tries + 1
   where id in (select id from mails where state = 'pending' and next_attempt_at <= clock_timestamp()
                 order by next_attempt_at limit $1 for update skip locked)
  returning id, kind, registration_id as registration, tries`;

/** Sends the mails that wait. Without a server they go on waiting, and nothing is lost. */
@Injectable()
export class MailSender implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly mailer: Mailer | null;
  private timer: NodeJS.Timeout | undefined;
  private isStopped = false;

  constructor(
    @Inject(PG_POOL) private readonly pool: pg.Pool,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly settings: Settings,
    private readonly registrations: Registrations,
  ) {
    const { smtpUrl, from } = settings.mail;
    this.mailer = smtpUrl === '' ? null : smtpMailer(smtpUrl, from);
  }

  onApplicationBootstrap(): void {
    if (this.mailer) void this.round();
  }

  onApplicationShutdown(): void {
    this.isStopped = true;
    clearTimeout(this.timer);
    this.mailer?.close();
  }

  private async round(): Promise<void> {
    let some = 0;
    try {
      const { rows } = await this.pool.query<Claimed>(CLAIM, [AT_ONCE_MAX, CLAIM_MS]);
      some = rows.length;
      await Promise.all(rows.map((mail) => this.send(mail)));
    } catch (error) {
      this.logger.warn({ code: (error as { code?: unknown }).code }, 'mails wait for the next look');
    }
    if (this.isStopped) return;
    this.timer = setTimeout(() => void this.round(), some === AT_ONCE_MAX ? 0 : EVERY_MS);
  }

  private async send({ id, kind, registration, tries }: Claimed): Promise<void> {
    const row = await this.registrations.find(registration);
    if (!row || row.status === 'erased' || row.status === 'cancelled') {
      await this.settle(id, 'rejected', 'the registration is no more');
      return;
    }
    const token = manageToken(this.settings.identity.secret, row.id, row.generation);
    const baseUrl = this.settings.http.publicUrl.replace(/\/+$/, '');
    try {
      await this.mailer!.send(mailText(kind, row, { id, token, baseUrl }));
      await this.settle(id, 'sent', null);
    } catch (error) {
      const { responseCode, code } = error as { responseCode?: number; code?: string };
      const reason = `the mail server said ${responseCode ?? code ?? 'nothing'}`;
      const isFinal = (responseCode ?? 0) >= 500 || tries >= TRIES_MAX;
      if (isFinal) await this.settle(id, 'rejected', reason);
      else await this.later(id, tries, reason);
      this.logger.warn({ mail: id, tries, reason }, 'a mail was not taken');
    }
  }

  private async settle(id: string, state: 'sent' | 'rejected', reason: string | null): Promise<void> {
    await this.pool.query('update mails set state = $2, reason = $3, sent_at = $4 where id = $1', [
      id,
      state,
      reason,
      state === 'sent' ? this.clock.now() : null,
    ]);
  }

  private async later(id: string, tries: number, reason: string): Promise<void> {
    const waitMs = Math.min(RETRY_FIRST_MS * 2 ** (tries - 1), RETRY_MAX_MS);
    await this.pool.query(
      `update mails set reason = $2, next_attempt_at = clock_timestamp() + $3 * interval '1 ms' where id = $1`,
      [id, reason, waitMs],
    );
  }
}
