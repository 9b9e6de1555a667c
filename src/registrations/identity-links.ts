import { Inject, Injectable } from '@nestjs/common';
import type pg from 'pg';
import type { Principal } from '../identity/principal.js';
import { PG_POOL } from '../platform/database/database.module.js';
import { isUuid } from '../platform/http/cursor.js';
import { type Page, type PageQuery, pageOf, readCursor } from '../platform/http/page.js';
import {
  REGISTRATION_SQL,
  registrationBody,
  type RegistrationBody,
  registrationRow,
  type RegistrationRow,
} from './registration.js';

/** What came of linking; `another`: the identity has a registration at an event that allows one. */
export interface Linking {
  readonly outcome: 'linked' | 'again' | 'unknown' | 'taken' | 'another';
  readonly otherId: string | null;
}

/** Which registrations belong to which identity. */
@Injectable()
export class IdentityLinks {
  constructor(@Inject(PG_POOL) private readonly pool: pg.Pool) {}

  /** False for whoever is not logged in. */
  async isOf(registrationId: string, principal: Principal): Promise<boolean> {
    if (principal.kind !== 'login') return false;
    const { rows } = await this.pool.query({
      name: 'is-linked',
      text: 'select from registration_identities where registration_id = $1 and identity_id = $2',
      values: [registrationId, principal.identityId],
    });
    return rows.length > 0;
  }

  /** @param row as it was read with its manage token */
  async link(row: RegistrationRow, identityId: string, at: Date): Promise<Linking> {
    const { rows } = await this.pool.query<{ outcome: Linking['outcome']; other_id: string | null }>(
      'select * from link_registration($1, $2, $3, $4)',
      [row.id, row.generation, identityId, at],
    );
    return { outcome: rows[0]!.outcome, otherId: rows[0]!.other_id };
  }

  /** The one that lives at an event, where there is one. */
  async livingAt(eventId: string, principal: Principal): Promise<string | null> {
    if (principal.kind !== 'login') return null;
    const { rows } = await this.pool.query<{ id: string | null }>(
      `select own_registration($1, $2, '00000000-0000-0000-0000-000000000000') as id`,
      [eventId, principal.identityId],
    );
    return rows[0]!.id;
  }

  /** In order of their creation. */
  async of(identityId: string, query: PageQuery): Promise<Page<RegistrationBody>> {
    const after = readCursor(query.cursor, [isUuid]);
    const { rows } = await this.pool.query<Parameters<typeof registrationRow>[0]>(
      `${REGISTRATION_SQL}
        join registration_identities i on i.registration_id = r.id
        where i.identity_id = $1 and ($2::uuid is null or r.id > $2)
        order by r.id limit $3`,
      [identityId, after?.[0] ?? null, query.limit + 1],
    );
    return pageOf(
      rows,
      query.limit,
      (row) => registrationBody(registrationRow(row)),
      (row) => [row.id],
    );
  }
}
