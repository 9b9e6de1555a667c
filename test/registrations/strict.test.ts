import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Module } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ConfigModule } from '../../src/platform/config/config.module.js';
import { loadSettings } from '../../src/platform/config/load-settings.js';
import { DatabaseModule } from '../../src/platform/database/database.module.js';
import { MailsModule } from '../../src/registrations/registrations.module.js';
import { TestApp } from '../http/app.js';
import { Mailbox } from '../support/mailbox.js';
import { waitFor } from '../support/wait-for.js';

let app: TestApp;
let mailbox: Mailbox;
let sender: INestApplicationContext;

beforeAll(async () => {
  app = await TestApp.start();
  mailbox = await Mailbox.start();
  mailbox.refusals = 1;
  const settings = loadSettings(
    {},
    {
      process: { role: 'worker', logLevel: 'fatal' },
      http: { publicUrl: 'https://events.example.org/' },
      database: { url: app.databaseUrl },
      redis: { url: 'redis://127.0.0.1:1' },
      identity: { secret: 'for-tests-only-for-tests-only-for-tests-only' },
      mail: { smtpUrl: mailbox.url },
    },
  );
  @Module({ imports: [ConfigModule.with(settings), DatabaseModule, MailsModule] })
  class SenderUnderTest {}
  sender = await NestFactory.createApplicationContext(SenderUnderTest, {
    logger: false,
    abortOnError: false,
  });
});

afterAll(async () => {
  await sender.close();
  await mailbox.stop();
  await app.stop();
});

/** Quoted-printable, as far as a mail of ours needs it. */
function plain(text: string): string {
  return text
    .replace(/=\r\n/g, '')
    .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

async function mailsTo(email: string, many: number): Promise<string[]> {
  // A mail that was refused for the time being has its time moved; it comes now.
  const mails = await waitFor(
    async () => {
      await app.pool.query(
        `update mails set next_attempt_at = now() where state = 'pending' and reason is not null`,
      );
      return mailbox.mails.filter(({ to }) => to === email);
    },
    (seen) => seen.length >= many,
  );
  return mails.map(({ text }) => plain(text));
}

describe('An event that tells nobody who is registered', () => {
  it('answers the first and the second request alike, and the rest goes out by mail', async () => {
    const event = await app.openEvent({ privacy: 'strict' });
    expect((await app.call('GET', `/v1/events/${event}`)).body.privacy).toBe('strict');
    const email = `discreet-${event}@example.org`;
    const first = await app.register(event, { attendee: { email } });
    const second = await app.register(event, { attendee: { email } });
    const third = await app.register(event, { attendee: { email } });
    expect(first.status).toBe(202);
    expect(first.text).not.toContain('fm_');
    for (const again of [second, third]) {
      expect([again.status, again.text]).toEqual([first.status, first.text]);
      expect(again.headers.get('location')).toBeNull();
    }
    // The one that the mailbox refused for the time being comes last, whichever it was.
    const mails = await mailsTo(email, 2);
    const registered = mails.find((mail) => mail.includes('you are registered for A test event'));
    expect(registered).toContain('https://events.example.org/v1/registrations/');
    expect(mails.filter((mail) => mail.includes('nothing was changed'))).toHaveLength(1);
    const [id, token] = [
      /registrations\/([0-9a-f-]{36})/.exec(registered!)![1],
      /fm_\S+/.exec(registered!)![0],
    ];
    const read = await app.call('GET', `/v1/registrations/${id}`, { token });
    expect([read.status, read.body.attendee.email]).toEqual([200, email]);
    const { rows } = await app.pool.query(
      `select kind, state from mails where registration_id = $1 order by id`,
      [id],
    );
    expect(rows, 'one reminder an hour is enough').toEqual([
      { kind: 'registered', state: 'sent' },
      { kind: 'already', state: 'sent' },
    ]);
  });

  it('answers a repeated request as a repetition, and still says what is wrong with one', async () => {
    const event = await app.openEvent({ privacy: 'strict' });
    const attendee = { email: `repeat-${event}@example.org` };
    const headers = { 'idempotency-key': 'discreet' };
    const first = await app.register(event, { attendee }, headers);
    const again = await app.register(event, { attendee }, headers);
    expect([again.status, again.text, again.headers.get('idempotent-replayed')]).toEqual([
      202,
      first.text,
      'true',
    ]);
    expect((await app.register(event, { attendee: { email: 'none' } })).status).toBe(400);
    expect((await app.register(event, { sessions: ['nowhere'] })).status).toBe(422);
    const full = await app.openEvent({ privacy: 'strict', capacity: 0, waitlist: { capacity: 0 } });
    expect((await app.register(full)).body.type).toBe('/problems/event-full');
  });

  it('leaves no mail behind for other events', async () => {
    const event = await app.openEvent();
    const { body } = await app.register(event, { code: 'VIP', source: { utm_source: 'mail' } });
    expect(body.source).toEqual({ utm_source: 'mail', code: 'VIP' });
    const { rows } = await app.pool.query('select from mails where registration_id = $1', [body.id]);
    expect(rows).toEqual([]);
  });
});
