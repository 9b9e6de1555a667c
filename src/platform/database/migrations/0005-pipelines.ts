import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What the pipelines know: which mapping text is in force, and for each record at each mapping what stands at the
 * backend (the shadow), what is under way (the intent) and what was tried (attempts).
 *
 * No index on \`state\`: it changes with every write and would end HOT updates. The partial index on
 * \`next_attempt_at\` keeps them, since the common path never sets it. The shadow is text: it is compared by us, not
 * by PostgreSQL, and JSONB costs eight microseconds a record.
 */
export class Pipelines0005 implements MigrationInterface {
  name = 'pipelines0000000000005';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table mappings (
        name text primary key,
        stream text not null,
        destination text not null,
        object text not null,
        version integer not null,
        paused boolean not null default false
      );

      create table mapping_versions (
        mapping text not null references mappings (name),
        version integer not null,
        file text not null,
        source text not null,
        hash text not null,
        applied_by text not null,
        applied_at timestamptz not null default now(),
        primary key (mapping, version)
      );

      create table deliveries (
        mapping text not null,
        key uuid not null,
        slot smallint not null,
        version integer not null,
        wanted integer not null,
        state text not null check (state in ('pending', 'sending', 'sent', 'verified', 'retrying', 'inDoubt',
          'rejected', 'suppressed', 'retained', 'erased')),
        sent boolean not null default false,
        target_id text,
        target_key text,
        shadow text,
        mapping_version integer not null,
        attempt uuid,
        tries smallint not null default 0,
        checks smallint not null default 0,
        resends smallint not null default 0,
        next_attempt_at timestamptz,
        recheck_at timestamptz,
        reason text,
        updated_at timestamptz not null default now(),
        primary key (mapping, key)
      ) with (fillfactor = 85);
      create index deliveries_due on deliveries (mapping, next_attempt_at) where next_attempt_at is not null;

      create table intents (
        id uuid primary key,
        mapping text not null,
        lane smallint not null,
        epoch bigint not null,
        keys uuid[] not null,
        versions integer[] not null,
        mapping_version integer not null,
        deadline timestamptz not null,
        at timestamptz not null default now()
      );
      create index intents_by_lane on intents (mapping, lane);

      -- One row a call; what went wrong with single records stands beside it.
      create table attempts (
        id uuid primary key,
        mapping text not null,
        at timestamptz not null,
        deadline timestamptz not null,
        settled_at timestamptz not null default clock_timestamp(),
        mapping_version integer not null,
        request_id text,
        status smallint,
        keys uuid[] not null,
        versions integer[] not null
      );
      create index attempts_by_key on attempts using gin (keys) with (fastupdate = on);
      create table attempt_failures (
        mapping text not null,
        key uuid not null,
        attempt uuid not null,
        at timestamptz not null default clock_timestamp(),
        outcome text not null,
        reason text not null,
        primary key (mapping, key, attempt)
      );
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(
      'drop table attempt_failures, attempts, intents, deliveries, mapping_versions, mappings',
    );
  }
}
