import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Webhooks of attendance and interactions, filters, secrets that overlap when they are changed, test messages.
 *
 * An endpoint reads three streams as if they were one, so that a person's messages keep their order over all three; its
 * lane names them with a plus between. A test message belongs to no change: it carries what it says, under a number
 * below nothing.
 */
export class WebhooksRest0019 implements MigrationInterface {
  name = 'webhooksRest0000000000019';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table webhook_endpoints
        add column filter json, add column previous_secret text, add column previous_secret_until timestamptz;
      alter table messages add column stream text not null default 'registration', add column snapshot json,
        add column made_at timestamptz;
      update lanes set stream = 'registration+attendance+interaction' where mapping like 'webhook.%';

      -- Each path of the filter leads to the value that stands there, or to one of those.
      create function matches_filter(filter json, snapshot json, stream text) returns boolean
      language sql immutable as $$
        select not exists (
          select from json_each(filter) f
          cross join lateral (
            select coalesce(snapshot #>> string_to_array(f.key, '.'),
                            snapshot -> stream #>> string_to_array(f.key, '.')) as found) v
          where not coalesce(case json_typeof(f.value)
            when 'array' then v.found in (select json_array_elements_text(f.value))
            when 'null' then v.found is null
            else v.found = f.value #>> '{}' end, false))
      $$;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop function matches_filter;
      update lanes set stream = 'registration' where mapping like 'webhook.%';
      alter table messages drop column stream, drop column snapshot, drop column made_at;
      alter table webhook_endpoints drop column filter, drop column previous_secret,
        drop column previous_secret_until;
    `);
  }
}
