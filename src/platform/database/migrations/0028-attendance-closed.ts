import type { MigrationInterface, QueryRunner } from 'typeorm';

/** As 0009 made it, with or without the time when attendance was closed. */
const eventSnapshots = (closedAt: string): string => `
  create or replace function event_snapshots(ids uuid[]) returns table (key uuid, version integer, snapshot json)
  language sql stable rows 64 as $$
    select e.id, e.version, json_object('event' value json_object(
      'id' value e.id, 'slug' value e.slug, 'name' value e.name, 'startsAt' value iso_time(e.starts_at),
      'endsAt' value iso_time(e.ends_at), 'timeZone' value e.time_zone, 'state' value e.state,
      'capacity' value e.capacity, ${closedAt} 'version' value e.version, 'createdAt' value iso_time(e.created_at),
      'updatedAt' value iso_time(e.updated_at) absent on null returning json) returning json)
    from unnest(ids) i (id) cross join lateral (select * from events where events.id = i.id limit 1) e
  $$`;

/**
 * Some backends have to be told when an event is over and everybody's attendance is known, and a mapping reads nothing
 * but its record: closing an event's attendance becomes a change of the event, in the transaction that closes it.
 */
export class AttendanceClosed0028 implements MigrationInterface {
  name = 'attendanceClosed0000000000028';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(eventSnapshots("'attendanceClosedAt' value iso_time(e.attendance_closed_at),"));
    await runner.query(`
      create function close_event_attendance(p_event uuid, p_at timestamptz) returns void language plpgsql as $$
      begin
        update events set attendance_closed_at = p_at, version = version + 1, updated_at = p_at
         where id = p_event and attendance_closed_at is null;
        if found then
          perform append_event_changes(array[p_event], 'event.updated');
        end if;
      end $$;

      update events set version = version + 1 where attendance_closed_at is not null;
      select append_event_changes(
        array(select id from events where attendance_closed_at is not null order by id), 'event.updated');
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop function close_event_attendance');
    await runner.query(eventSnapshots(''));
  }
}
