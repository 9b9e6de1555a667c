import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Plans: what another version of a mapping would do to each record, pinned to the version in force and to a position
 * in the log, so that \`apply\` can name one, and the plan that undoes it.
 *
 * A plan keeps keys, kinds and a digest of each write, and no value of a person, with one exception: what \`--read\`
 * found in fields that nobody knew, since an undo puts it back. An erased delivery takes these along.
 */
export class Plans0012 implements MigrationInterface {
  name = 'plans0000000000012';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table plans (
        id uuid primary key,
        mapping text not null,
        -- Null where no version was ever applied.
        from_version integer,
        file text not null,
        source text not null,
        hash text not null,
        position bigint not null,
        counts json not null,
        calls json,
        limits json,
        -- The plan that this one undoes: it names the same records.
        undoes uuid references plans (id) on delete cascade,
        created_by text not null,
        created_at timestamptz not null default clock_timestamp(),
        applied_version integer,
        applied_at timestamptz
      );
      create index plans_by_mapping on plans (mapping, id);

      create table plan_records (
        plan uuid not null references plans (id) on delete cascade,
        key uuid not null,
        slot smallint not null,
        version integer not null,
        kind text not null,
        digest text,
        known text,
        primary key (plan, key)
      );
      create index plan_records_by_key on plan_records (key) where known is not null;

      create function forget_plan_values() returns trigger language plpgsql as $$
      begin
        update plan_records set known = null where key = new.key and known is not null;
        return null;
      end $$;
      create trigger deliveries_erased after update on deliveries
        for each row when (new.state = 'erased' and old.state <> 'erased') execute function forget_plan_values();
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop trigger deliveries_erased on deliveries;
      drop function forget_plan_values;
      drop table plan_records, plans;
    `);
  }
}
