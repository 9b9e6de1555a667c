import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Who logs in, and with which browser.
 *
 * A login is known by the hash of what its cookie says; a provider's token is kept sealed, for the provider's logout
 * alone. The hash of the state is unique: one answer of a provider opens one login. A registration belongs to at most
 * one identity, and an identity has at most one at an event. What changes access is written into \`access_audit\`.
 */
export class Logins0016 implements MigrationInterface {
  name = 'logins0000000000016';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table identities (
        id uuid primary key,
        provider text not null,
        issuer text not null,
        subject text not null,
        attendee json not null,
        created_at timestamptz not null,
        last_login_at timestamptz not null,
        unique (issuer, subject)
      ) with (fillfactor = 85);

      create table logins (
        id uuid primary key,
        hash bytea not null unique,
        state_hash bytea not null unique,
        identity_id uuid not null references identities (id),
        provider text not null,
        provider_sid text,
        role text check (role in ('viewer', 'engineer', 'operator', 'admin')),
        acr text,
        sealed_token text,
        authenticated_at timestamptz not null,
        created_at timestamptz not null,
        last_seen_at timestamptz not null,
        expires_at timestamptz not null,
        ended_at timestamptz,
        ended_why text
      ) with (fillfactor = 85);
      create index logins_by_identity on logins (identity_id) where ended_at is null;
      create index logins_by_provider_sid on logins (provider, provider_sid) where ended_at is null;
      create index logins_by_expiry on logins (expires_at);

      -- Logout tokens that were obeyed; each counts once.
      create table logout_tokens (
        provider text not null,
        jti text not null,
        expires_at timestamptz not null,
        primary key (provider, jti)
      );

      create table registration_identities (
        registration_id uuid primary key,
        event_id uuid not null,
        identity_id uuid not null references identities (id),
        created_at timestamptz not null,
        unique (event_id, identity_id)
      );
      create index registration_identities_by_identity on registration_identities (identity_id);

      create table access_audit (
        id uuid primary key,
        at timestamptz not null,
        actor text not null,
        act text not null,
        subject text not null,
        detail json not null default '{}'
      );
      create index access_audit_by_subject on access_audit (subject, id);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table access_audit, registration_identities, logout_tokens, logins, identities');
  }
}
