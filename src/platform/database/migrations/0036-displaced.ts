import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What a version of a mapping wrote over, in fields that the version before leaves alone: only this tells an undo what
 * to put back. Until now an undo knew what a plan had read there, and nothing of what an earlier version had written.
 *
 * Noted before the call that writes over it, so that no answer that is lost and no worker that dies takes it along; the
 * first of a version's notes of a field counts. Rows are few, since what the version before writes itself is not
 * noted, and they go with the next apply that undoes nothing. They hold values of persons: an erasure takes them.
 */
export class Displaced0036 implements MigrationInterface {
  name = 'displaced0000000000036';

  async up(runner: QueryRunner): Promise<void> {
    // redeliveries.restore stays, unread: a process that is still to be replaced reads it.
    await runner.query(`
      -- Versions whose writes an undo is taking back: what is noted of them is put back with a record's next delivery.
      alter table mappings add column undone integer[] not null default '{}';

      create table displaced (
        mapping text not null,
        key uuid not null,
        version integer not null,
        -- '' for the record as a whole.
        field text not null,
        slot smallint not null,
        -- JSON.
        value text,
        -- Why it cannot be put back: unknown | created | rekeyed | removed; null where it can.
        why text,
        primary key (mapping, key, version, field)
      );

      -- Every second each process asks whether what is in force can be undone.
      create index plans_open_inverse on plans (mapping, from_version) where undoes is not null and applied_at is null;

      create function forget_displaced() returns trigger language plpgsql as $$
      begin
        delete from displaced
        where key = new.id or key in (select id from registrations where person_id = new.id
                                      union all select id from attendance where person_id = new.id
                                      union all select id from interactions where person_id = new.id);
        return null;
      end $$;
      create trigger persons_forget_displaced after update on persons
        for each row when (old.erased_at is null and new.erased_at is not null)
        execute function forget_displaced();
      -- What was noted while the erasure was on its way goes with its delivery.
      create or replace function forget_plan_values() returns trigger language plpgsql as $$
      begin
        update plan_records set known = null where key = new.key and known is not null;
        delete from displaced where mapping = new.mapping and key = new.key;
        return null;
      end $$;

      -- What plans have read there, for an undo that is still to come; and for one that is under way.
      insert into displaced (mapping, key, version, field, slot, value)
      select m.name, r.key, m.version, f.key, r.slot, f.value::text
        from mappings m
        join plans i on i.mapping = m.name and i.from_version = m.version and i.undoes is not null
                    and i.applied_at is null
        join plans p on p.id = i.undoes and p.hash <> i.hash
        join plan_records r on r.plan = p.id and r.known is not null
        cross join json_each(r.known::json) f;
      insert into displaced (mapping, key, version, field, slot, value)
      select m.name, r.key, m.version - 1, f.key, r.slot, f.value::text
        from redeliveries r join mappings m on m.name = r.mapping cross join json_each(r.restore::json) f
       where r.restore is not null;
      update mappings m set undone = array[m.version - 1]
       where exists (select from displaced d where d.mapping = m.name and d.version = m.version - 1);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create or replace function forget_plan_values() returns trigger language plpgsql as $$
      begin
        update plan_records set known = null where key = new.key and known is not null;
        return null;
      end $$;
      drop trigger persons_forget_displaced on persons;
      drop function forget_displaced;
      drop index plans_open_inverse;
      drop table displaced;
      alter table mappings drop column undone;
    `);
  }
}
