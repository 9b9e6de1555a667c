import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { filled } from './destinations.js';
import { isLoopbackUrl } from './loopback.js';

const CLIENT_AUTHENTICATIONS = [
  'client_secret_basic',
  'client_secret_post',
  'private_key_jwt',
  'none',
] as const;
type ClientAuthentication = (typeof CLIENT_AUTHENTICATIONS)[number];

type RoleName = 'viewer' | 'engineer' | 'operator' | 'admin';
const KNOWN = new Set(
  `enabled title issuer clientId clientSecret privateJwk clientAuthentication scopes userinfo events domains roles
   attendee stepUpAcr signingAlgorithms`
    .split(/\s+/)
    .filter(Boolean),
);
const NAME = /^[a-z0-9]+(-[a-z0-9]+)*$/;

/** One identity provider of config/identity.yaml, checked, with the environment's values filled in. */
export interface ProviderSettings {
  /** As it stands in addresses: /sso/:provider/callback. */
  readonly name: string;
  /** What people read on the button. */
  readonly title: string;
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** A JWK as JSON, for `private_key_jwt`; '' where there is none. */
  readonly privateJwk: string;
  readonly clientAuthentication: ClientAuthentication;
  readonly scopes: string;
  /** Ask the userinfo endpoint too: where the ID token does not carry all claims. */
  readonly userinfo: boolean;
  /** Slugs of the only events that it serves; empty: all. */
  readonly events: readonly string[];
  /** E-mail domains whose people log in here. */
  readonly domains: readonly string[];
  readonly roles: { readonly claim: string } & Readonly<Record<RoleName, readonly string[]>>;
  /** Field of an attendee → claim that fills it in. */
  readonly attendee: Readonly<Record<string, string>>;
  /** `acr` values that count as a login strong enough for dangerous acts; empty: a fresh one is enough. */
  readonly stepUpAcr: readonly string[];
  /** How tokens must be signed (`id_token_signed_response_alg`); empty: in any way that its metadata offers. */
  readonly signingAlgorithms: readonly string[];
}

const ATTENDEE = {
  email: 'email',
  firstName: 'given_name',
  lastName: 'family_name',
  phone: 'phone_number',
  locale: 'locale',
};

/**
 * Reads the identity providers that are enabled.
 * @throws Error with every fault, each naming the provider and the entry
 */
export function loadIdentityProviders(
  file: string,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): ProviderSettings[] {
  const document = (parse(readFileSync(file, 'utf8')) ?? {}) as Record<
    string,
    Record<string, unknown> | null
  >;
  const faults: string[] = [];
  const providers = Object.entries(document).flatMap(([name, entry]) => {
    const given = filled(entry ?? {}, environment) as Record<string, unknown>;
    if (!['true', true, undefined].includes(given.enabled as string | boolean | undefined)) return [];
    const provider = providerOf(name, given);
    faults.push(...faultsOf(provider, given).map((fault) => `${name}: ${fault}`));
    return [provider];
  });
  if (faults.length > 0)
    throw new Error(`${file} does not hold:\n${faults.map((f) => `  - ${f}`).join('\n')}`);
  return providers;
}

/** Where they stand, for commands that read no other setting. */
export function findProvidersFile(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): string {
  return environment.FOYER_IDENTITY_PROVIDERS_FILE || 'config/identity.yaml';
}

function providerOf(name: string, given: Record<string, unknown>): ProviderSettings {
  const roles = (given.roles ?? {}) as Record<string, unknown>;
  const privateJwk = text(given.privateJwk);
  const clientSecret = text(given.clientSecret);
  return {
    name,
    title: text(given.title) || name,
    issuer: text(given.issuer),
    clientId: text(given.clientId),
    clientSecret,
    privateJwk,
    clientAuthentication: (text(given.clientAuthentication) ||
      (privateJwk
        ? 'private_key_jwt'
        : clientSecret
          ? 'client_secret_basic'
          : 'none')) as ClientAuthentication,
    scopes: text(given.scopes) || 'openid profile email',
    userinfo: given.userinfo === true || given.userinfo === 'true',
    events: list(given.events),
    domains: list(given.domains).map((domain) => domain.toLowerCase()),
    roles: {
      claim: text(roles.claim) || 'groups',
      viewer: list(roles.viewer),
      engineer: list(roles.engineer),
      operator: list(roles.operator),
      admin: list(roles.admin),
    },
    attendee: { ...ATTENDEE, ...(given.attendee as Record<string, string> | undefined) },
    stepUpAcr: list(given.stepUpAcr),
    signingAlgorithms: list(given.signingAlgorithms),
  };
}

function faultsOf(provider: ProviderSettings, given: Record<string, unknown>): string[] {
  const { name, issuer, clientId, clientSecret, privateJwk, clientAuthentication, scopes } = provider;
  const faults: string[] = [];
  const unless = (holds: boolean, fault: string): void => {
    if (!holds) faults.push(fault);
  };
  unless(NAME.test(name), 'the name must be small letters, digits and hyphens: it stands in addresses.');
  for (const entry of Object.keys(given).filter((key) => !KNOWN.has(key)))
    faults.push(`${entry} is no entry; there are ${[...KNOWN].join(', ')}.`);
  if (!URL.canParse(issuer))
    faults.push('issuer must be an address, such as https://login.example.org/realms/staff.');
  else
    unless(
      issuer.startsWith('https:') || isLoopbackUrl(issuer),
      'issuer must begin with https:; plain http is for this machine only.',
    );
  unless(clientId !== '', 'clientId is needed: it is what the provider calls Foyer.');
  unless(
    CLIENT_AUTHENTICATIONS.includes(clientAuthentication),
    `clientAuthentication must be one of ${CLIENT_AUTHENTICATIONS.join(', ')}.`,
  );
  if (clientAuthentication.startsWith('client_secret'))
    unless(clientSecret !== '', 'clientSecret is needed for this clientAuthentication.');
  if (clientAuthentication === 'private_key_jwt')
    unless(isPrivateJwk(privateJwk), 'privateJwk must be a private key as JWK (JSON) with `alg` and `kid`.');
  unless(scopes.split(' ').includes('openid'), 'scopes must contain openid.');
  return faults;
}

function isPrivateJwk(json: string): boolean {
  try {
    const { d, alg, kid } = JSON.parse(json) as Record<string, unknown>;
    return [d, alg, kid].every((part) => typeof part === 'string');
  } catch {
    return false; // Not JSON; the fault says what is expected.
  }
}

function text(value: unknown): string {
  return typeof value === 'string' ? value.trim() : typeof value === 'number' ? String(value) : '';
}

function list(value: unknown): string[] {
  const parts = Array.isArray(value) ? value.map(text) : text(value).split(',');
  return parts.map((part) => part.trim()).filter(Boolean);
}
