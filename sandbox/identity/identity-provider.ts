import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
// @ts-expect-error -- the package has no types; what is used of it stands below.
import OidcProvider from 'oidc-provider';
import { readBody } from '../body.js';
import { loadKeys } from './keys.js';
import { choosePage, messagePage, PAGE_POLICY } from './pages.js';
import { personById } from './people.js';
import { configuration } from './configuration.js';

const LOOPBACK = '127.0.0.1';
const BODY_BYTES_MAX = 10_000;
const INTERACTION = /^\/interaction\/([\w-]{1,100})$/;

export interface IdentityOptions {
  /** Absent: 127.0.0.1. */
  readonly host?: string;
  /** 0 or absent: a free one. */
  readonly port?: number;
  /** Where browsers and Foyer reach it; absent: the address it listens on. */
  readonly url?: string;
  readonly clientSecret: string;
  /** Where it reaches Foyer; absent: where the last login came from. */
  readonly foyerUrl?: string;
  readonly keysFile?: string;
}

export interface IdentityProvider {
  readonly url: string;
  readonly stop: () => Promise<void>;
}

interface Library {
  callback(): (request: IncomingMessage, response: ServerResponse) => Promise<void>;
  interactionDetails(request: IncomingMessage, response: ServerResponse): Promise<Interaction>;
  interactionFinished(request: IncomingMessage, response: ServerResponse, result: object): Promise<void>;
}

interface Interaction {
  readonly params: Readonly<Record<string, string | undefined>>;
}

/** Starts the sandbox's identity provider: OpenID Connect as it should be, with people who need no password. */
export async function startIdentityProvider(options: IdentityOptions): Promise<IdentityProvider> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, options.host ?? LOOPBACK, resolve);
  });
  const url = options.url ?? `http://${LOOPBACK}:${(server.address() as AddressInfo).port}`;
  let foyerUrl = options.foyerUrl;
  const library = new (OidcProvider as new (issuer: string, given: object) => Library)(
    url,
    configuration(loadKeys(options.keysFile), options.clientSecret, () => foyerUrl),
  );
  const callback = library.callback();
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const isInteraction = INTERACTION.test(request.url ?? '');
    const served = isInteraction
      ? interact(library, request, response, (origin) => (foyerUrl = options.foyerUrl ?? origin))
      : callback(request, response);
    served.catch((error: unknown) => fail(response, error));
  });
  const stop = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { url, stop };
}

/** Where the person picks who they are. */
async function interact(
  library: Library,
  request: IncomingMessage,
  response: ServerResponse,
  seen: (origin: string) => void,
): Promise<void> {
  let interaction: Interaction;
  try {
    interaction = await library.interactionDetails(request, response);
  } catch {
    // The library throws where its cookie is missing or what it names is over.
    const text = 'This login is over, or began in another browser. Begin again at Foyer.';
    show(response, 400, messagePage('Nobody is logging in here', text));
    return;
  }
  const { redirect_uri: redirectUri, login_hint: hint } = interaction.params;
  if (request.method !== 'POST') {
    show(response, 200, choosePage(request.url!, hint));
    return;
  }
  const body = await readBody(request, BODY_BYTES_MAX);
  const form = new URLSearchParams(Buffer.isBuffer(body) ? body.toString() : '');
  const person = personById(form.get('person'));
  if (person && redirectUri) seen(new URL(redirectUri).origin);
  const declined = { error: 'access_denied', error_description: 'nobody was picked' };
  await library.interactionFinished(
    request,
    response,
    person ? { login: { accountId: person.id } } : declined,
  );
}

/** For the log of whoever runs it; who logs in can only begin again. */
function fail(response: ServerResponse, error: unknown): void {
  process.stderr.write(`A login failed: ${error instanceof Error ? error.stack : String(error)}\n`);
  if (response.headersSent) response.destroy();
  else show(response, 500, messagePage('That did not work', 'Begin again at Foyer.'));
}

function show(response: ServerResponse, status: number, html: string): void {
  response.writeHead(status, {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': PAGE_POLICY,
    'cache-control': 'no-store',
  });
  response.end(html);
}
