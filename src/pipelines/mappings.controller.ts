import { Controller, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import type pg from 'pg';
import { PG_POOL } from '../platform/database/database.module.js';
import { isUuid } from '../platform/http/cursor.js';
import { Answers, pageExample } from '../platform/http/example.js';
import { Time } from '../platform/http/fields.js';
import { type Page, pageOf, Paging, readPlace } from '../platform/http/paging.js';
import { notFound } from '../platform/http/problem.js';
import { hashOf } from './activate.js';
import { type Applied, AppliedMappings } from './applied-mappings.js';
import { CALLS_EXAMPLE, LEDGER_EXAMPLE, MAPPING_EXAMPLE, MAPPING_IN_FULL_EXAMPLE } from './examples.js';
import { type Ledger, ledgerOf } from './ledger.js';
import { CALLS_MAX, type PastCall, PastCalls } from './past-calls.js';

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
  @Answers(200, 'All of them', pageExample(MAPPING_EXAMPLE))
  async list(): Promise<{ items: object[]; next: null }> {
    return { items: (await this.applied.all()).map(resource), next: null };
  }

  @Get(':mapping')
  @ApiOperation({ summary: 'One mapping: the version in force, its source, and the plan that undoes it' })
  @Answers(200, 'The mapping', MAPPING_IN_FULL_EXAMPLE)
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
  @Answers(200, 'The ledger', LEDGER_EXAMPLE)
  async ledger(@Param('mapping') name: string): Promise<Ledger> {
    await this.found(name);
    return ledgerOf(this.pool, name);
  }

  @Get(':mapping/calls')
  @ApiOperation({
    summary: 'What was sent, made again from the log and the version in force then; nothing is sent',
  })
  @Answers(200, 'A page of calls', CALLS_EXAMPLE)
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
  @Answers(200, 'The mapping', { ...MAPPING_EXAMPLE, paused: true })
  pause(@Param('mapping') name: string): Promise<object> {
    return this.setPaused(name, true);
  }

  @Post(':mapping/resume')
  @HttpCode(200)
  @ApiOperation({ summary: 'Deliver again, from where it was paused' })
  @Answers(200, 'The mapping', MAPPING_EXAMPLE)
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
