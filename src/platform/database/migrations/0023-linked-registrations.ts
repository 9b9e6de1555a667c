import type { MigrationInterface, QueryRunner } from 'typeorm';
import { LINK_REGISTRATION_SQL, REGISTER_WITH_IDENTITIES_SQL } from './0023-register-with-identities.sql.js';

/**
 * Registrations of people who log in.
 *
 * An identity may have several at an event: people register others too, and one that was cancelled stays theirs to see.
 * Where the event demands a login it has one that lives, which the event's row lock keeps, as it keeps the capacity. A
 * place that is given on is no longer its giver's: a trigger, so that no way of giving on can forget it.
 *
 * Erasing a person ends the logins of an identity that stood for them. One that stands for others too (who registered
 * a colleague, say) only loses what it had of this person.
 */
export class LinkedRegistrations0023 implements MigrationInterface {
  name = 'linkedRegistrations0000000000023';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table registration_identities drop constraint registration_identities_event_id_identity_id_key;
      drop index registration_identities_by_identity;
      create index registration_identities_by_identity on registration_identities (identity_id, event_id);
      create index identities_by_email on identities (lower(attendee ->> 'email'));
    `);
    await runner.query(LINK_REGISTRATION_SQL);
    await runner.query(REGISTER_WITH_IDENTITIES_SQL);
    await runner.query(`
      create function unlink_registration() returns trigger language plpgsql as $$
      begin
        delete from registration_identities where registration_id = new.id;
        return null;
      end $$;
      create trigger registrations_unlink after update of person_id on registrations
        for each row when (old.person_id <> new.person_id) execute function unlink_registration();
    `);
    await runner.query(
      forgetElsewhere(`
          union select i.identity_id from registration_identities i join registrations r on r.id = i.registration_id
            where r.person_id = new.id and not exists (
              select from registration_identities o join registrations q on q.id = o.registration_id
              where o.identity_id = i.identity_id and q.person_id <> new.id)`),
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(
      forgetElsewhere(`
          union select identity_id from registration_identities
            where registration_id in (select id from registrations where person_id = new.id)`),
    );
    await runner.query(`
      drop trigger registrations_unlink on registrations;
      drop function unlink_registration, register_batch_with_identities, link_registration, own_registration;
      drop index identities_by_email;
      drop index registration_identities_by_identity;
      create index registration_identities_by_identity on registration_identities (identity_id);
      delete from registration_identities i where exists (select from registration_identities o
        where o.event_id = i.event_id and o.identity_id = i.identity_id and o.registration_id > i.registration_id);
      alter table registration_identities add unique (event_id, identity_id);
    `);
  }
}

/** The function of 0021. @param linked which identities stand for the person, beside those with their e-mail */
function forgetElsewhere(linked: string): string {
  return `
      create or replace function forget_elsewhere() returns trigger language plpgsql as $$
      declare
        v_identities uuid[];
      begin
        update discrepancies set fields = null, target_key = null
        where key = new.id or key in (select id from registrations where person_id = new.id
                                      union all select id from attendance where person_id = new.id
                                      union all select id from interactions where person_id = new.id);
        v_identities := array(
          select id from identities where lower(attendee ->> 'email') = old.email_key ${linked});
        update identities set attendee = '{}' where id = any (v_identities);
        update logins set ended_at = new.erased_at, sealed_token = null
        where identity_id = any (v_identities) and ended_at is null;
        delete from registration_identities
        where registration_id in (select id from registrations where person_id = new.id);
        return new;
      end $$;`;
}
