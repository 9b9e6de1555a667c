import { Body, Controller, Get, Param, Put, Query, Req, Res } from '@nestjs/common';
import { ApiCookieAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { loginOf } from '../identity/principal.js';
import { Answers, pageExample } from '../platform/http/example.js';
import { PageQuery } from '../platform/http/page.js';
import { REGISTRATION_EXAMPLE } from './examples.js';
import { MyRegistrations } from './my-registrations.service.js';
import { LinkRegistrationDto } from './registration.dto.js';
import { sendRegistration } from './send-registration.js';

@ApiTags('registrations')
@ApiCookieAuth()
@Controller('v1/me/registrations')
export class MyRegistrationsController {
  constructor(private readonly mine: MyRegistrations) {}

  @Get()
  @ApiOperation({ summary: 'The registrations of the person who is logged in, in order of their creation' })
  @Answers(200, 'A page of registrations', pageExample(REGISTRATION_EXAMPLE))
  async list(
    @Query() query: PageQuery,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const page = await this.mine.list(loginOf(request), query);
    void reply.header('cache-control', 'private, no-cache').send(page);
  }

  @Put(':id')
  @ApiOperation({ summary: 'Make a registration that was made as a guest one’s own, by its manage token' })
  @Answers(200, 'The registration', REGISTRATION_EXAMPLE, ['ETag'])
  async link(
    @Param('id') id: string,
    @Body() dto: LinkRegistrationDto,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    sendRegistration(reply, await this.mine.link(id, loginOf(request), dto.manageToken));
  }
}
