import { Controller, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type pg from 'pg';
import { PG_POOL } from '../platform/database/database.module.js';
import { isUuid } from '../platform/http/cursor.js';
import { Time } from '../platform/http/fields.js';
import { type Page, pageOf, Paging, readPlace } from '../platform/http/paging.js';
import { notFound } from '../platform/http/problem.js';
import { hashOf } from './activate.js';
import { type Applied, AppliedMappings } from './applied-mappings.js';
import { type Ledger, ledgerOf } from './ledger.js';
import { CALLS_MAX, type PastCall, PastCalls } from './past-calls.js';

const LEDGER_EXAMPLE = {
  mapping: 'hubspot.contact',
  asOf: '2027-03-01T09:00:00.000Z',
  records: 3,
  states: {
    pending: 0,
    sending: 0,
    sent: 0,
    verified: 2,
    retrying: 0,
    inDoubt: 0,
    rejected: 0,
    suppressed: 1,
    retained: 0,
    erased: 0,
  },
  unaccounted: 0,
  changes: { total: 5, settled: 4, superseded: 1, waiting: 0 },
  oldestOpenAt: null,
};

const CALLS_EXAMPLE = {
  items: [
    {
      id: '0195a0b2-7c31-7d0e-9a0f-3f2b6a1c8e10',
      at: '2027-03-01T09:00:00.000Z',
      mappingVersion: 2,
      requestId: 'c1f2',
      status: 200,
      records: [
        {
          key: '0195a0b2-7000-7d0e-9a0f-3f2b6a1c8e10',
          version: 1,
          targetKey: '0195a0b2-7000-7d0e-9a0f-3f2b6a1c8e10',
          fields: { email: 'ada@example.com', lastname: 'Lovelace' },
          isErased: false,
        },
      ],
    },
  ],
  next: null,
};

class CallQuery extends Paging {
  @Time({ optional: true, description: 'Calls that were made since then' }) since?: string;
  @Time({ optional: true, description: 'And before then' }) until?: string;
}

@ApiTags('mappings')
@ApiBearerAuth()
@Controller('v1/mappings')
export class MappingsController {
  constructor(
    private readonly applied: AppliedMappings,
    private readonly past: PastCalls,
    @Inject(PG_POOL) private readonly pool: pg.Pool,
  ) {}

  @Get()
  @ApiOperation({ summary: 'The mappings in force' })
  async list(): Promise<{ items: object[]; next: null }> {
    return { items: (await this.applied.all()).map(resource), next: null };
  }

  @Get(':mapping')
  @ApiOperation({ summary: 'One mapping: the version in force, its source, and the plan that undoes it' })
  async one(@Param('mapping') name: string): Promise<object> {
    const applied = await this.found(name);
    const { rows } = await this.pool.query<{ appliedAt: Date; inverse: string | null; redelivering: number }>(
      `select v.applied_at as "appliedAt",
              (select p.id from plans p
                where p.mapping = $1 and p.from_version = $2 and p.undoes is not null and p.applied_at is null
                order by p.id desc limit 1) as inverse,
              (select count(*)::int from redeliveries r where r.mapping = $1) as redelivering
         from mapping_versions v where v.mapping = $1 and v.version = $2`,
      [name, applied.version],
    );
    const { source } = applied.mapping;
    return { ...resource(applied), ...rows[0], hash: hashOf(source), source };
  }

  @Get(':mapping/ledger')
  @ApiOperation({ summary: 'The conservation ledger: every record and every change accounted for' })
  @ApiOkResponse({ schema: { type: 'object', example: LEDGER_EXAMPLE } })
  async ledger(@Param('mapping') name: string): Promise<Ledger> {
    await this.found(name);
    return ledgerOf(this.pool, name);
  }

  @Get(':mapping/calls')
  @ApiOperation({
    summary: 'What was sent, made again from the log and the version in force then; nothing is sent',
  })
  @ApiOkResponse({ schema: { type: 'object', example: CALLS_EXAMPLE } })
  async calls(@Param('mapping') name: string, @Query() query: CallQuery): Promise<Page<PastCall>> {
    const { mapping } = await this.found(name);
    const { cursor, since, until } = query;
    const limit = Math.min(query.limit, CALLS_MAX);
    const calls = await this.past.list(mapping, {
      since: since === undefined ? null : new Date(since),
      until: until === undefined ? null : new Date(until),
      after: readPlace(cursor, isUuid),
      limit: limit + 1,
    });
    return pageOf(calls, limit, ({ id }) => id);
  }

  @Post(':mapping/pause')
  @HttpCode(200)
  @ApiOperation({ summary: 'Deliver nothing until resumed; nothing is lost meanwhile' })
  pause(@Param('mapping') name: string): Promise<object> {
    return this.setPaused(name, true);
  }

  @Post(':mapping/resume')
  @HttpCode(200)
  @ApiOperation({ summary: 'Deliver again, from where it was paused' })
  resume(@Param('mapping') name: string): Promise<object> {
    return this.setPaused(name, false);
  }

  private async setPaused(name: string, paused: boolean): Promise<object> {
    const applied = await this.found(name);
    await this.pool.query(
      `with m as (update mappings set paused = $2 where name = $1)
       update lanes set paused = $2 where mapping = $1`,
      [name, paused],
    );
    return resource({ ...applied, paused });
  }

  private async found(name: string): Promise<Applied> {
    const applied = await this.applied.current(name);
    if (!applied) throw notFound('There is no mapping of this name.');
    return applied;
  }
}

function resource({ mapping, version, paused }: Applied): object {
  const { name, stream, destination, object, operation, file } = mapping;
  const self = `/v1/mappings/${name}`;
  const links = { self, ledger: `${self}/ledger`, plan: `${self}/plan`, apply: `${self}/apply` };
  return { mapping: name, stream, destination, object, operation, file, version, paused, links };
}
