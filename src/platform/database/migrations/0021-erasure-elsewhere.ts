import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Erasure reaches what came after it was written: what identity providers told of the person, and the values that
 * comparisons with backends found. A trigger on the person's own row, so that no way of erasing can forget it. The
 * person's logins end: who has no data here any more is nobody who is logged in.
 */
export class ErasureElsewhere0021 implements MigrationInterface {
  name = 'erasureElsewhere0000000000021';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create function forget_elsewhere() returns trigger language plpgsql as $$
      declare
        v_identities uuid[];
      begin
        update discrepancies set fields = null, target_key = null
        where key = new.id or key in (select id from registrations where person_id = new.id
                                      union all select id from attendance where person_id = new.id
                                      union all select id from interactions where person_id = new.id);
        v_identities := array(
          select id from identities where lower(attendee ->> 'email') = old.email_key
          union select identity_id from registration_identities
            where registration_id in (select id from registrations where person_id = new.id));
        update identities set attendee = '{}' where id = any (v_identities);
        update logins set ended_at = new.erased_at, sealed_token = null
        where identity_id = any (v_identities) and ended_at is null;
        delete from registration_identities
        where registration_id in (select id from registrations where person_id = new.id);
        return new;
      end $$;
      create trigger persons_forget_elsewhere before update on persons
        for each row when (old.erased_at is null and new.erased_at is not null)
        execute function forget_elsewhere();
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop trigger persons_forget_elsewhere on persons; drop function forget_elsewhere');
  }
}
