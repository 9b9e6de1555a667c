import { Inject, Injectable } from '@nestjs/common';
import type pg from 'pg';
import { PG_POOL } from '../platform/database/database.module.js';
import { isUuid } from '../platform/http/cursor.js';
import { type Page, pageOf, readCursor } from '../platform/http/page.js';
import { emailKey } from './email-key.js';
import {
  REGISTRATION_SQL,
  registrationBody,
  type RegistrationBody,
  registrationRow,
  type RegistrationRow,
} from './registration.js';
import type { RegistrationsQuery } from './registration.dto.js';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

type Flat = Parameters<typeof registrationRow>[0];

/** Registrations as they stand now. */
@Injectable()
export class Registrations {
  constructor(@Inject(PG_POOL) private readonly pool: pg.Pool) {}

  async find(id: string): Promise<RegistrationRow | null> {
    if (!UUID.test(id)) return null;
    const { rows } = await this.pool.query<Flat>({
      name: 'registration-by-id',
      text: `${REGISTRATION_SQL} where r.id = $1`,
      values: [id],
    });
    return rows[0] ? registrationRow(rows[0]) : null;
  }

  /** In order of their creation. */
  async ofEvent(eventId: string, query: RegistrationsQuery): Promise<Page<RegistrationBody>> {
    const after = readCursor(query.cursor, [isUuid]);
    const { rows } = await this.pool.query<Flat>(
      `${REGISTRATION_SQL}
        where r.event_id = $1 and ($2::uuid is null or r.id > $2) and ($3::text is null or r.status = $3)
          and ($4::text is null or r.person_id = (select p.id from persons p where p.email_key = $4))
        order by r.id limit $5`,
      [
        eventId,
        after?.[0] ?? null,
        query.status ?? null,
        query.email === undefined ? null : emailKey(query.email),
        query.limit + 1,
      ],
    );
    return pageOf(
      rows,
      query.limit,
      (row) => registrationBody(registrationRow(row)),
      (row) => [row.id],
    );
  }

  /** Has a mail sent to who is registered already; at most one an hour, whoever asks. */
  async remind(eventId: string, email: string, now: Date): Promise<void> {
    await this.pool.query(
      `insert into mails (id, kind, registration_id)
       select new_id(), 'already', r.id from registrations r join persons p on p.id = r.person_id
        where p.email_key = $2 and r.event_id = $1 and r.status not in ('cancelled', 'erased')
          and not exists (select from mails m where m.registration_id = r.id and m.kind = 'already'
                             and m.created_at > $3::timestamptz - interval '1 hour')`,
      [eventId, email, now],
    );
  }

  /** What was answered under this idempotency key, for a request that would now be refused. */
  async firstAnswer(
    repeat: { scope: string; key: string },
    since: Date,
  ): Promise<{ resourceId: string; status: number; bodyHash: Buffer } | null> {
    const { rows } = await this.pool.query<{ resource_id: string; status: number; body_hash: Buffer }>({
      name: 'first-answer',
      text: `select resource_id, status, body_hash from idempotency_keys
              where scope = $1 and key = $2 and created_at > $3`,
      values: [repeat.scope, repeat.key, since],
    });
    const row = rows[0];
    return row ? { resourceId: row.resource_id, status: row.status, bodyHash: row.body_hash } : null;
  }
}
