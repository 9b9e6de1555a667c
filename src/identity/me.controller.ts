import { Controller, Delete, Get, Req, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Answers } from '../platform/http/example.js';
import { BrowserLogin } from './browser-login.js';
import { ME_EXAMPLE, SIGNED_OUT_EXAMPLE } from './examples.js';
import { Identities } from './identities.js';
import { Logins } from './logins.js';
import { loginOf, principalOf } from './principal.js';
import { SsoService } from './sso.service.js';

/** Who asks, as we know them. */
@ApiTags('identity')
@Controller('v1/me')
export class MeController {
  constructor(
    private readonly browser: BrowserLogin,
    private readonly logins: Logins,
    private readonly sso: SsoService,
    private readonly identities: Identities,
  ) {}

  @Get()
  @ApiBearerAuth()
  @ApiOperation({ summary: 'Who is logged in, and what their provider says of them' })
  @Answers(200, 'The login with its identity, or the key', ME_EXAMPLE)
  async read(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    void reply.header('cache-control', 'no-store').send(await this.describe(request));
  }

  @Delete('logins')
  @ApiOperation({ summary: 'Log out on every device' })
  @Answers(200, 'How many logins ended', SIGNED_OUT_EXAMPLE)
  async signOutEverywhere(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const ended = await this.sso.signOutEverywhere(loginOf(request));
    void reply.header('set-cookie', this.browser.cookies.dropLogin()).send({ ended });
  }

  private async describe(request: FastifyRequest): Promise<object> {
    const principal = principalOf(request);
    if (principal.kind !== 'login')
      return {
        kind: 'key',
        role: principal.kind === 'key' ? principal.role : null,
        links: { self: '/v1/me' },
      };
    const secret = this.browser.secretOf(request)!;
    const times = await this.logins.timesOf(secret);
    return {
      kind: 'login',
      id: principal.identityId,
      provider: principal.provider,
      role: principal.role,
      attendee: await this.identities.attendeeOf(principal),
      authenticatedAt:
        principal.authenticatedAt.getTime() > 0 ? principal.authenticatedAt.toISOString() : null,
      idleUntil: times?.idleUntil.toISOString(),
      expiresAt: times?.expiresAt.toISOString(),
      csrfToken: this.logins.csrfToken(secret),
      links: {
        self: '/v1/me',
        registrations: '/v1/me/registrations',
        logout: '/sso/logout',
        account: '/sso/account',
      },
    };
  }
}
