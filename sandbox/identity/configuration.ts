// @ts-expect-error -- the package has no types.
import * as library from 'oidc-provider';
import type { Keys } from './keys.js';
import { logoutPage, messagePage, PAGE_POLICY } from './pages.js';
import { personById } from './people.js';

const { interactionPolicy } = library as { interactionPolicy: { base: () => Policy } };
const LOOPBACK_HOSTS = ['127.0.0.1', 'localhost', '[::1]'];
/** As Foyer's config/identity.yaml calls this provider: it stands in the addresses. */
const NAME = 'sandbox';
/** Where Foyer runs is known only once someone came from there: then it takes the place of this. */
const FOYER = 'http://foyer.invalid';
const HOUR_SECONDS = 3_600;
const CODE_SECONDS = 60;
const LOGOUT_TIMEOUT_MS = 2_500;

interface Context {
  type: string;
  body: string;
  set(name: string, value: string): void;
  readonly oidc: {
    readonly client: { readonly clientId: string };
    readonly session: { readonly accountId: string; grantIdFor(clientId: string): string | undefined };
    readonly provider: { readonly Grant: GrantClass };
  };
}

interface GrantClass {
  new (of: { clientId: string; accountId: string }): Grant;
  find(id: string): Promise<Grant | undefined>;
}

interface Policy {
  remove(prompt: string): void;
}

interface Grant {
  addOIDCScope(scopes: string): void;
  save(): Promise<string>;
}

/** How the library is to be this provider. @param foyerUrl asked whenever Foyer is told of a logout */
export function configuration(keys: Keys, clientSecret: string, foyerUrl: () => string | undefined): object {
  return {
    jwks: keys.jwks,
    cookies: { keys: keys.cookies },
    clients: [client(clientSecret)],
    pkce: { required: () => true },
    scopes: ['openid', 'profile', 'email'],
    claims: {
      openid: ['sub'],
      email: ['email', 'email_verified'],
      profile: ['name', 'given_name', 'family_name', 'locale', 'company', 'job_title', 'groups'],
    },
    findAccount: (_context: Context, id: string) => {
      const person = personById(id);
      return person && { accountId: id, claims: () => ({ sub: id, ...person.claims }) };
    },
    loadExistingGrant: grantAll,
    interactions: {
      url: (_context: Context, { uid }: { uid: string }) => `/interaction/${uid}`,
      policy: policy(),
    },
    features: {
      devInteractions: { enabled: false },
      backchannelLogout: { enabled: true },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: (context: Context, form: string) => show(context, logoutPage(form)),
        postLogoutSuccessSource: (context: Context) =>
          show(context, messagePage('You are logged out', 'You can close this page.')),
      },
    },
    renderError: (context: Context, { error, error_description: why }: Record<string, string>) =>
      show(context, messagePage('That did not work', [error, why].filter(Boolean).join(': '))),
    ttl: {
      AccessToken: HOUR_SECONDS,
      AuthorizationCode: CODE_SECONDS,
      Grant: 12 * HOUR_SECONDS,
      IdToken: HOUR_SECONDS,
      Interaction: HOUR_SECONDS,
      Session: 12 * HOUR_SECONDS,
    },
    fetch: (url: string, options: RequestInit) => tell(url.replace(FOYER, foyerUrl() ?? FOYER), options),
  };
}

/** A native application's addresses hold on every port of this machine (RFC 8252, section 7.3): Foyer's may change. */
function client(secret: string): object {
  const onLoopback = (path: string): string[] => LOOPBACK_HOSTS.map((host) => `http://${host}${path}`);
  return {
    client_id: 'foyer',
    client_secret: secret,
    client_name: 'Foyer',
    application_type: 'native',
    grant_types: ['authorization_code'],
    response_types: ['code'],
    require_auth_time: true,
    redirect_uris: onLoopback(`/sso/${NAME}/callback`),
    post_logout_redirect_uris: onLoopback('/sso/signed-out'),
    backchannel_logout_uri: `${FOYER}/sso/${NAME}/backchannel-logout`,
    backchannel_logout_session_required: true,
  };
}

/** Only to log in: consent is never asked for. */
function policy(): Policy {
  const base = interactionPolicy.base();
  base.remove('consent');
  return base;
}

/** Nobody is asked whether Foyer may know who they are: that is what they came for. */
async function grantAll({ oidc }: Context): Promise<Grant> {
  const { client, session, provider } = oidc;
  const known = session.grantIdFor(client.clientId);
  const found = known === undefined ? undefined : await provider.Grant.find(known);
  if (found) return found;
  const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
  grant.addOIDCScope('openid profile email');
  await grant.save();
  return grant;
}

/** The only call out, a logout token for Foyer on this machine: the library's dispatcher would refuse to go there. */
function tell(url: string, { method, headers, body, redirect }: RequestInit): Promise<Response> {
  const signal = AbortSignal.timeout(LOGOUT_TIMEOUT_MS);
  return fetch(url, { method, headers, body, redirect, signal } as RequestInit);
}

function show(context: Context, html: string): void {
  context.type = 'html';
  context.set('content-security-policy', PAGE_POLICY);
  context.body = html;
}
