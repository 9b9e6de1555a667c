import { createHmac } from 'node:crypto';
import { createRequire } from 'node:module';

interface Repository {
  store(...given: unknown[]): void;
  getState(...given: unknown[]): { isValid: boolean };
}

/** Queue-it's connector as its customers run it: the session cookie of someone who was let in, checked on a request. */
export class QueueITHelpers {
  private readonly repository: Repository;
  private held = '';

  constructor(
    private readonly event: string,
    private readonly secret: string,
  ) {
    const load = createRequire(import.meta.url);
    const module = load('@queue-it/connector-javascript/dist/userInQueueStateCookieRepository.js') as {
      UserInQueueStateCookieRepository: new (context: object) => Repository;
    };
    this.repository = new module.UserInQueueStateCookieRepository({
      getHttpRequest: () => ({ getCookieValue: () => this.held, getUserHostAddress: () => '' }),
      getHttpResponse: () => ({ setCookie: (_name: string, value: string) => (this.held = value) }),
      getCryptoProvider: () => ({
        getSha256Hash: (key: string, text: string) => createHmac('sha256', key).update(text).digest('hex'),
      }),
    });
  }

  /** The cookie that the connector itself writes. */
  cookie(queueId: string): string {
    this.repository.store(this.event, queueId, null, '', true, true, 'queue', '', this.secret);
    return this.held;
  }

  isValid(cookie: string): boolean {
    this.held = cookie;
    return this.repository.getState([this.event], 10, this.secret, true, 'Queue').isValid;
  }
}
