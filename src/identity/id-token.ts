import { createHash } from 'node:crypto';
import { LoginFault } from './login-fault.js';

export const CLOCK_TOLERANCE_SECONDS = 30;
const IAT_AGE_MAX_SECONDS = 600;
const SUBJECT_CHARACTERS_MAX = 255;

/** Signatures that prove something to others than their maker: no `none`, no shared secret. */
const SIGNATURE_ALGORITHMS = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ...['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
];

/**
 * Those of them that are believed of a provider: the ones agreed with it, else what its metadata offers.
 * @throws LoginFault where none is left
 */
export function signatureAlgorithms(
  { signingAlgorithms }: { readonly signingAlgorithms: readonly string[] },
  { id_token_signing_alg_values_supported: offered }: { readonly [name: string]: unknown },
): string[] {
  const agreed: readonly unknown[] =
    signingAlgorithms.length > 0 || !Array.isArray(offered) ? signingAlgorithms : offered;
  const believed = SIGNATURE_ALGORITHMS.filter((name) => agreed.length === 0 || agreed.includes(name));
  if (believed.length > 0) return believed;
  throw new LoginFault('alg-unexpected', 'the provider offers no signature that proves anything');
}

/** What the library leaves to its user: OpenID Connect Core 3.1.3.6, 3.1.3.7 (10) and 3.1.3.8. @throws LoginFault */
export function demandSound(
  claims: Readonly<Record<string, unknown>>,
  clientId: string,
  idToken: string,
  accessToken: string,
): void {
  const { sub, iat, azp, at_hash: atHash } = claims;
  if (azp !== undefined && azp !== clientId) throw new LoginFault('azp-wrong');
  if (typeof sub !== 'string' || sub === '' || sub.length > SUBJECT_CHARACTERS_MAX)
    throw new LoginFault('sub-malformed');
  const now = Date.now() / 1000;
  if (Number(iat) < now - IAT_AGE_MAX_SECONDS || Number(iat) > now + CLOCK_TOLERANCE_SECONDS)
    throw new LoginFault('iat-far', 'the ID token was not issued just now');
  if (atHash !== undefined && atHash !== accessTokenHash(accessToken, idToken))
    throw new LoginFault('at-hash-wrong');
}

/** The left half of the hash that the ID token's own algorithm uses. */
function accessTokenHash(accessToken: string, idToken: string): string {
  const header = JSON.parse(Buffer.from(idToken.split('.')[0]!, 'base64url').toString()) as { alg: string };
  const isEd = header.alg === 'EdDSA' || header.alg === 'Ed25519';
  const digest = createHash(isEd ? 'sha512' : `sha${header.alg.slice(2)}`)
    .update(accessToken)
    .digest();
  return digest.subarray(0, digest.length / 2).toString('base64url');
}
