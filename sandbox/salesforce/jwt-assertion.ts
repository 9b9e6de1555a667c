import { verify } from 'node:crypto';
import { isObject } from '../call.js';
import type { SalesforceSettings } from './settings.js';

export const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const AUDIENCES = ['https://login.salesforce.com', 'https://test.salesforce.com'];

/** Why a JWT bearer assertion (RFC 7523) is not accepted, in Salesforce's words. */
export function wrongOfAssertion(
  assertion: string,
  { clientId, username, jwtPublicKey }: SalesforceSettings,
  url: string,
  at: number,
): string | undefined {
  const [head = '', claims = '', signature = '', ...rest] = assertion.split('.');
  const [header, claimed] = [decoded(head), decoded(claims)];
  if (rest.length > 0 || header?.alg !== 'RS256' || claimed === undefined) return 'invalid assertion';
  const { iss, sub, aud, exp } = claimed;
  if (jwtPublicKey !== undefined) {
    const signed = Buffer.from(`${head}.${claims}`);
    if (!verify('sha256', signed, jwtPublicKey, Buffer.from(signature, 'base64url')))
      return 'invalid assertion';
  }
  if (iss !== clientId) return 'invalid assertion';
  if (typeof aud !== 'string' || ![...AUDIENCES, url].includes(aud.replace(/\/$/, '')))
    return 'audience is invalid';
  if (typeof exp !== 'number' || exp * 1000 <= at) return 'expired authorization code';
  return sub === username ? undefined : "user hasn't approved this consumer";
}

function decoded(part: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
