import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Webhook endpoints and the messages to them. A message is a change on its way to one endpoint: other than a mapped
 * record it is never coalesced, and a person's later messages wait for the earlier ones. So it has a table of its own,
 * one row a message, whose number within its registration is given when it is taken in.
 */
export class Webhooks0006 implements MigrationInterface {
  name = 'webhooks0000000000006';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table webhook_endpoints (
        id uuid primary key,
        url text not null,
        topics text[] not null,
        event_id uuid,
        payload text not null check (payload in ('full', 'thin')),
        state text not null default 'active' check (state in ('active', 'paused', 'failing', 'disabled')),
        secret text not null,
        private_key text not null,
        created_at timestamptz not null default now(),
        updated_at timestamptz not null default now()
      );

      create table messages (
        endpoint uuid not null,
        seq bigint not null,
        slot smallint not null,
        person_id uuid not null,
        registration_id uuid not null,
        version integer not null,
        sequence integer not null,
        topic text not null,
        state text not null default 'pending' check (state in ('pending', 'retrying', 'sent', 'rejected')),
        tries smallint not null default 0,
        next_attempt_at timestamptz,
        reason text,
        updated_at timestamptz not null default now(),
        primary key (endpoint, seq)
      );
      create index messages_open on messages (endpoint, person_id, seq) where state in ('pending', 'retrying');

      create table message_sequences (
        endpoint uuid not null,
        registration_id uuid not null,
        last integer not null,
        primary key (endpoint, registration_id)
      );

      create table message_attempts (
        id uuid primary key,
        endpoint uuid not null,
        seq bigint not null,
        at timestamptz not null,
        status smallint,
        outcome text not null,
        message text
      );
      create index message_attempts_by_endpoint on message_attempts (endpoint, id);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table message_attempts, message_sequences, messages, webhook_endpoints');
  }
}
