import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Records that are to be delivered again though nothing about them changed: because a mapping was applied, because it
 * was undone, or because somebody asked for a replay.
 *
 * A queue of its own and no mark on the delivery: deliveries are written by the lane's holder alone, and a mark made
 * between its read and its settle would be overwritten and lost. An entry goes with the settle that answers it, by its
 * number, so that one that was asked for again meanwhile stays.
 *
 * Each lane's row carries the version of the mapping in force. A settle locks that row, so it knows for certain
 * whether another version was applied while its records were under way, and asks for them again.
 */
export class Redeliveries0011 implements MigrationInterface {
  name = 'redeliveries0000000000011';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table lanes add column mapping_version integer;
      update lanes l set mapping_version = m.version from mappings m where m.name = l.mapping;

      create sequence redelivery_ids;
      create table redeliveries (
        mapping text not null,
        key uuid not null,
        slot smallint not null,
        id bigint not null default nextval('redelivery_ids'),
        -- The plan or the replay that asked; null where another version was applied while the record was under way.
        cause uuid,
        -- Write every field, whatever is known to stand there.
        whole boolean not null default false,
        -- Fields that were read at the backend, and fields that an undo puts back there.
        known text,
        restore text,
        at timestamptz not null default clock_timestamp(),
        primary key (mapping, key)
      );
      create index redeliveries_in_order on redeliveries (mapping, id);

      create table replays (
        id uuid primary key,
        mapping text not null references mappings (name),
        matched bigint not null,
        created_by text not null,
        created_at timestamptz not null default clock_timestamp()
      );
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop table replays, redeliveries;
      drop sequence redelivery_ids;
      alter table lanes drop column mapping_version;
    `);
  }
}
