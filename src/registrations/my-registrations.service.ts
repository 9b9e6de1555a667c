import { Inject, Injectable } from '@nestjs/common';
import { AccessAudit } from '../identity/access-audit.js';
import type { LoginPrincipal } from '../identity/principal.js';
import { CLOCK, type Clock } from '../platform/clock.js';
import type { Page, PageQuery } from '../platform/http/page.js';
import { notFound, Problem } from '../platform/http/problem.js';
import { alreadyRegistered } from './already-registered.js';
import { IdentityLinks } from './identity-links.js';
import { registrationBody, type RegistrationBody } from './registration.js';
import { RegistrationsService } from './registrations.service.js';

/** What a person who is logged in has registered for. */
@Injectable()
export class MyRegistrations {
  constructor(
    private readonly links: IdentityLinks,
    private readonly registrations: RegistrationsService,
    private readonly audit: AccessAudit,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  list(login: LoginPrincipal, query: PageQuery): Promise<Page<RegistrationBody>> {
    return this.links.of(login.identityId, query);
  }

  /** Whoever shows its manage token while logged in makes it theirs. Again is no change. */
  async link(id: string, login: LoginPrincipal, manageToken: string): Promise<RegistrationBody> {
    const row = await this.registrations.demandOwn(id, { kind: 'registrant', token: manageToken });
    const { outcome, otherId } = await this.links.link(row, login.identityId, this.clock.now());
    switch (outcome) {
      case 'linked':
        await this.audit.write(login, 'registration.linked', row.id, {});
        break;
      case 'again':
        break;
      case 'another':
        throw alreadyRegistered(otherId);
      case 'taken':
        throw new Problem('conflict', 'The registration belongs to another login.');
      default:
        throw notFound('There is no such registration, or the token is not its own.');
    }
    return registrationBody(row);
  }
}
