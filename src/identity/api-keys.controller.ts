import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiHeader, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Answers, pageExample } from '../platform/http/example.js';
import { ApiKeysQuery, CreateApiKeyDto } from './api-key.dto.js';
import { ApiKeysService } from './api-keys.service.js';
import { API_KEY_EXAMPLE } from './examples.js';
import { repeatable } from './idempotency.js';
import { principalOf } from './principal.js';

@ApiTags('identity')
@ApiBearerAuth()
@Controller('v1/api-keys')
export class ApiKeysController {
  constructor(private readonly keys: ApiKeysService) {}

  @Get()
  @ApiOperation({ summary: 'The API keys, ended ones included; never what they say' })
  @Answers(200, 'A page of keys', pageExample(API_KEY_EXAMPLE))
  list(@Query() query: ApiKeysQuery): Promise<object> {
    return this.keys.list(query);
  }

  @Post()
  @ApiHeader({ name: 'Idempotency-Key', required: false })
  @ApiOperation({ summary: 'Make a key; only this answer, and its repetitions by Idempotency-Key, tell it' })
  @Answers(201, 'The key', { ...API_KEY_EXAMPLE, key: 'fk_…' }, ['Location'])
  async create(
    @Body() dto: CreateApiKeyDto,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const by = principalOf(request);
    const repeat = repeatable(request.headers['idempotency-key'], by, 'POST /v1/api-keys', '', dto);
    const { made, replayed } = await this.keys.create(dto, by, repeat);
    if (replayed) void reply.header('idempotent-replayed', 'true');
    void reply.status(201).header('location', made.links.self).header('cache-control', 'no-store').send(made);
  }

  @Delete(':id')
  @HttpCode(200)
  @ApiOperation({ summary: 'Revoke a key; within a second it is of no use anywhere' })
  @Answers(200, 'The key', API_KEY_EXAMPLE)
  revoke(@Param('id') id: string, @Req() request: FastifyRequest): Promise<object> {
    return this.keys.revoke(id, principalOf(request));
  }
}
