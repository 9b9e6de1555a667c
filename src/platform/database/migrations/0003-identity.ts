import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * API keys, and what was answered under an Idempotency-Key. A key of ours has 256 bits of chance, so one fast hash
 * protects it at rest; what was answered is never stored, only which resource it was.
 */
export class Identity0003 implements MigrationInterface {
  name = 'identity0000000000003';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table api_keys (
        id uuid primary key,
        name text not null,
        hash bytea not null unique,
        role text not null check (role in ('viewer', 'engineer', 'operator', 'admin')),
        created_at timestamptz not null,
        expires_at timestamptz,
        revoked_at timestamptz
      );

      -- scope: caller × route × event, hashed.
      create table idempotency_keys (
        scope uuid not null,
        key text not null,
        body_hash bytea not null,
        resource_id uuid not null,
        status smallint not null,
        created_at timestamptz not null,
        primary key (scope, key)
      );
      create index idempotency_keys_by_age on idempotency_keys using brin (created_at);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table idempotency_keys, api_keys');
  }
}
