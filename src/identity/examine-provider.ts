import type { ProviderSettings } from '../platform/config/identity-providers.js';
import { LoginFault } from './login-fault.js';
import { causesOf } from './oidc-fault.js';
import { newChecks, OidcProvider, type ProviderMetadata } from './oidc.js';
import { adviceOn } from './provider-advice.js';

/** Something that logins would fail by, and what to change. */
export interface ProviderFinding {
  readonly code: string;
  readonly message: string;
}

export interface ExaminedProvider {
  readonly provider: string;
  readonly ok: boolean;
  /** To be registered at the provider; null where our own address is not known. */
  readonly redirectUri: string | null;
  readonly keys: number;
  readonly findings: readonly ProviderFinding[];
  /** What is no fault, but good to know. */
  readonly notes: readonly string[];
}

interface Report {
  keys: number;
  readonly findings: ProviderFinding[];
  readonly notes: string[];
}

/** Nobody's; a provider that takes our credentials refuses the code, and no other thing. */
const NO_CODE = 'asked-by-foyer-doctor';
const KEY_TYPES = ['RSA', 'EC', 'OKP'];
const REFUSES_REDIRECT = /redirect[ _-]?ur[il]|AADSTS50011/i;
const REFUSES_CLIENT = /invalid_client|unauthorized_client|client (is|was|not) |unknown client|AADSTS700016/i;

/**
 * Asks a provider for everything that a login asks for, as far as that goes without a person.
 * @param publicUrl where people reach Foyer; null where that is not known
 */
export async function examineProvider(
  settings: ProviderSettings,
  publicUrl: string | null,
  timeoutMs: number,
): Promise<ExaminedProvider> {
  const provider = new OidcProvider(settings, timeoutMs);
  const redirectUri = publicUrl && `${new URL(publicUrl).origin}/sso/${settings.name}/callback`;
  const report: Report = { keys: 0, findings: [], notes: [] };
  try {
    const metadata = await provider.metadata();
    examineMetadata(metadata, settings, report);
    await examineKeys(provider, metadata, report);
    await examineRedirect(provider, redirectUri, report);
    await examineCredentials(provider, metadata, redirectUri, report);
  } catch (error) {
    if (!(error instanceof LoginFault)) throw error;
    const found = issuerFound(error) ?? error.message;
    report.findings.push({ code: error.code, message: adviceOn(error.code, settings, found) });
  }
  return { provider: settings.name, ok: report.findings.length === 0, redirectUri, ...report };
}

function examineMetadata(
  metadata: ProviderMetadata,
  settings: ProviderSettings,
  { findings, notes }: Report,
): void {
  const { clientAuthentication: ours, userinfo } = settings;
  const offered = metadata.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
  if (ours !== 'none' && !offered.includes(ours)) {
    const message = `The provider takes ${offered.join(', ')}, and Foyer would use ${ours}. Set clientAuthentication to one of these.`;
    findings.push({ code: 'authentication-unsupported', message });
  }
  if (userinfo && metadata.userinfo_endpoint === undefined) {
    const message = 'The provider has no userinfo endpoint. Take userinfo: true away.';
    findings.push({ code: 'userinfo-missing', message });
  }
  if (metadata.end_session_endpoint === undefined)
    notes.push('It has no logout page: whoever logs out of Foyer stays logged in there.');
  if (metadata.backchannel_logout_supported !== true)
    notes.push(
      'It does not say that it tells of logouts: a logout there may leave Foyer logged in until the login is old.',
    );
}

async function examineKeys(
  provider: OidcProvider,
  { jwks_uri: uri }: ProviderMetadata,
  report: Report,
): Promise<void> {
  const { status, text } = await provider
    .ask(new URL(uri!))
    .catch((error: unknown) => ({ status: 0, text: String(error) }));
  if (status !== 200) {
    const why = status === 0 ? text : `status ${status}`;
    const message = `The keys at ${uri} cannot be had (${why}): no signature could be checked. The metadata name this address; whoever runs the provider has to put it right.`;
    report.findings.push({ code: 'keys-unreachable', message });
    return;
  }
  const keys = keysIn(text);
  report.keys = keys?.length ?? 0;
  if (report.keys > 0) return;
  const what = keys ? 'holds no key that signs' : 'holds no keys (JWK set)';
  const message = `What ${uri} answers ${what}: no ID token could be believed. Whoever runs the provider has to publish a signing key (RSA, EC or OKP).`;
  report.findings.push({ code: keys ? 'keys-missing' : 'keys-not-json', message });
}

/** Asks to log in without a word to the person: where to is told by where the answer leads. */
async function examineRedirect(
  provider: OidcProvider,
  redirectUri: string | null,
  { findings, notes }: Report,
): Promise<void> {
  if (redirectUri === null) {
    notes.push(
      'The redirect address was not checked: give --public-url or set FOYER_HTTP_PUBLIC_URL to where people reach Foyer.',
    );
    return;
  }
  const url = await provider.authorizationUrl(newChecks(redirectUri, null), null);
  url.searchParams.set('prompt', 'none');
  // Whatever it fails by: then nothing is seen from here, and the note below says so.
  const { status, location, text } = await provider
    .ask(url)
    .catch(() => ({ status: 0, location: null, text: '' }));
  if (location?.startsWith(`${redirectUri}?`)) {
    const said = new URL(location).searchParams;
    if (!/^(invalid_|unauthorized_client|unsupported_)/.test(said.get('error') ?? '')) return;
    const why = [said.get('error'), said.get('error_description')].filter(Boolean).join(': ');
    const message = `The provider would refuse every login (${why}). Check scopes, and that the client may use the authorization code.`;
    findings.push({ code: 'authorization-refused', message });
    return;
  }
  // A page that asks for a password may speak of anything; one that refuses has its status, or Microsoft's number.
  const refusal = status >= 400 ? text : (/AADSTS\d+/.exec(text)?.[0] ?? '');
  if (REFUSES_REDIRECT.test(refusal)) {
    const message = `The provider does not lead back to ${redirectUri}. Register exactly this address at the client there.`;
    findings.push({ code: 'redirect-not-registered', message });
  } else if (REFUSES_CLIENT.test(refusal)) {
    const { clientId } = provider.settings;
    const message = `The provider knows no client ${clientId}. Check clientId, and that the client stands at this issuer.`;
    findings.push({ code: 'client-unknown', message });
  } else {
    notes.push(`Whether ${redirectUri} is registered cannot be seen from here; a login shows it.`);
  }
}

async function examineCredentials(
  provider: OidcProvider,
  { issuer }: ProviderMetadata,
  redirectUri: string | null,
  { findings, notes }: Report,
): Promise<void> {
  const checks = newChecks(redirectUri ?? 'http://localhost/sso/callback', null);
  const query = new URLSearchParams({ code: NO_CODE, state: checks.state, iss: issuer });
  const refusal = await provider.redeem(query.toString(), checks).then(
    () => null,
    (error: unknown) => {
      if (error instanceof LoginFault) return error;
      throw error;
    },
  );
  if (refusal?.code === 'code-refused') return;
  const said = (refusal?.cause as { error?: unknown } | undefined)?.error;
  const isClient = said === undefined || said === 'invalid_client' || said === 'unauthorized_client';
  if (refusal?.code === 'client-refused' && isClient) {
    const message = `The provider does not take our credentials (${provider.settings.clientAuthentication}). Check clientId and clientSecret, or privateJwk: a secret may have run out.`;
    findings.push({ code: 'client-refused', message });
  } else {
    notes.push('Whether the provider takes our credentials cannot be seen from here; a login shows it.');
  }
}

function keysIn(text: string): object[] | null {
  try {
    const { keys } = JSON.parse(text) as { keys?: unknown };
    if (!Array.isArray(keys)) return null;
    return (keys as { kty?: string; use?: string }[]).filter(
      (key) => KEY_TYPES.includes(key.kty ?? '') && key.use !== 'enc',
    );
  } catch {
    return null; // No JSON; it is told as such.
  }
}

/** What the provider calls itself, where that is the fault. */
function issuerFound(fault: LoginFault): string | null {
  for (const cause of causesOf(fault.cause)) {
    const { body } = cause as { body?: { issuer?: unknown } };
    if (typeof body?.issuer === 'string') return body.issuer;
  }
  return null;
}
