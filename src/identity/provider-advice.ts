import type { ProviderSettings } from '../platform/config/identity-providers.js';
import type { LoginFaultCode } from './login-fault.js';

/** What to change, in plain words, where the metadata of a provider cannot be had or do not hold. */
const ADVICE: Partial<Record<LoginFaultCode, (settings: ProviderSettings, found: string) => string>> = {
  'provider-unreachable': ({ issuer }) =>
    `Nothing answers at ${issuer}. Check the host in issuer, and whether this machine may go there: name server, proxy, firewall, certificate.`,
  'provider-slow': ({ issuer }) =>
    `${issuer} takes too long to answer. Try again; if it stays so, ask whoever runs it, or raise identity.providerTimeoutMs.`,
  'provider-failing': ({ issuer }, found) =>
    `${documentOf(issuer)} is not answered as it has to be (${found}). Open it in a browser: issuer is probably wrong, often by a part of its path.`,
  'discovery-not-json': ({ issuer }) =>
    `${documentOf(issuer)} answers a page instead of JSON. issuer probably names a website; take it from the provider's settings, where it is called issuer, authority or realm.`,
  'discovery-malformed': ({ issuer }, found) =>
    `What ${documentOf(issuer)} answers is no provider's metadata (${found}). Check issuer; if it is right, whoever runs the provider has to put this right.`,
  'discovery-issuer-wrong': ({ issuer }, found) =>
    `The provider calls itself ${found}, not ${issuer}. Set issuer to exactly that, slash at the end or none included; with Microsoft, use the tenant's own address instead of common.`,
  'endpoint-missing': (_settings, found) =>
    `The provider's metadata do not hold: ${found}. It cannot serve logins with a code; take another issuer or another kind of application there.`,
  'endpoint-insecure': (_settings, found) =>
    `The provider's metadata do not hold: ${found}. Have the provider tell its public https address (behind a proxy it needs to know it).`,
  'pkce-unsupported': () =>
    'The provider offers PKCE, but not with S256. Switch S256 on for this client at the provider.',
  'alg-unexpected': () =>
    'The provider signs ID tokens in no way that Foyer believes, or not as signingAlgorithms demands. Choose RS256 or ES256 for this client there, or amend signingAlgorithms.',
  'answer-too-large': ({ issuer }) => `What ${documentOf(issuer)} answers is too large. Check issuer.`,
};

/** @param found what the log would say */
export function adviceOn(code: LoginFaultCode, settings: ProviderSettings, found: string): string {
  return (
    ADVICE[code]?.(settings, found) ?? `The provider's metadata cannot be used (${found}). Check issuer.`
  );
}

function documentOf(issuer: string): string {
  return `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
}
