import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The change log, and who reads it.
 *
 * Numbers come from one head row, taken by the last statement of the writer's transaction: the row's lock is held
 * until the commit, so a later number never becomes visible before an earlier one and a reader's position is one
 * bigint. A sequence would not do: it gives numbers out of commit order, and a reader would step over the late ones.
 *
 * The log is cut into partitions by number, since every reader asks by number; a partition is made ahead of need.
 */
export class Changes0004 implements MigrationInterface {
  name = 'changes0000000000004';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table change_head (
        one boolean primary key default true check (one),
        seq bigint not null
      ) with (fillfactor = 10);
      insert into change_head (seq) values (0);

      create table changes (
        seq bigint not null,
        stream text not null,
        key uuid not null,
        version integer not null,
        topic text not null,
        slot smallint not null,
        person_id uuid,
        event_id uuid,
        registration_id uuid,
        snapshot json not null,
        at timestamptz not null,
        primary key (stream, seq)
      ) partition by range (seq);
      create index changes_by_record on changes (key, version);
      create table changes_rest partition of changes default;

      -- Partitions of five million; called at each start and by the hourly upkeep.
      create function ensure_change_partitions() returns void language plpgsql as $$
      declare
        size constant bigint := 5000000;
        first bigint;
      begin
        perform pg_advisory_xact_lock(hashtext('foyer.change_partitions'));
        select seq / size into first from change_head;
        for i in first .. first + 2 loop
          if to_regclass(format('changes_%s', i)) is null then
            execute format('create table changes_%s partition of changes for values from (%s) to (%s)',
              i, i * size, (i + 1) * size);
          end if;
        end loop;
      end $$;
      select ensure_change_partitions();

      -- The last 6 bits of a UUIDv7 are random: 64 slots of persons.
      create function slot_of(person uuid) returns smallint language sql immutable parallel safe
      return (get_byte(uuid_send(person), 15) & 63)::smallint;

      create function append_changes(
        streams text[], keys uuid[], versions integer[], topics text[],
        person_ids uuid[], event_ids uuid[], registration_ids uuid[], snapshots json[]
      ) returns bigint language plpgsql as $$
      declare
        many constant bigint := cardinality(keys);
        last bigint;
      begin
        if many = 0 then
          return (select seq from change_head);
        end if;
        update change_head set seq = seq + many returning seq into last;
        insert into changes (seq, stream, key, version, topic, slot, person_id, event_id, registration_id, snapshot, at)
        select last - many + i.n, i.stream, i.key, i.version, i.topic, slot_of(coalesce(i.person_id, i.key)),
               i.person_id, i.event_id, i.registration_id, i.snapshot, clock_timestamp()
        from unnest(streams, keys, versions, topics, person_ids, event_ids, registration_ids, snapshots)
             with ordinality as i (stream, key, version, topic, person_id, event_id, registration_id, snapshot, n);
        return last;
      end $$;

      -- Who reads the log: a mapping (or a webhook endpoint) in one lane or several, each with its position.
      create table lanes (
        mapping text not null,
        lane smallint not null,
        lanes smallint not null,
        stream text not null,
        paused boolean not null default false,
        cursor bigint not null default 0,
        settled bigint not null default 0,
        superseded bigint not null default 0,
        owner text,
        until timestamptz,
        due timestamptz,
        epoch bigint not null default 0,
        primary key (mapping, lane)
      ) with (fillfactor = 10);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop table lanes;
      drop function append_changes;
      drop function slot_of;
      drop function ensure_change_partitions;
      drop table changes;
      drop table change_head;
    `);
  }
}
