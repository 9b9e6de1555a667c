import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';

const MODULUS_BITS = 2048;

/** What tokens are signed with, and cookies. */
export interface Keys {
  readonly jwks: { readonly keys: readonly object[] };
  readonly cookies: readonly string[];
}

/**
 * The same keys at every start, so that tokens from before a restart are still believed.
 * @param file readable to its owner only; absent: keys of this run alone
 */
export function loadKeys(file: string | undefined): Keys {
  if (file === undefined) return makeKeys();
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Keys;
  } catch {
    // None yet, or one cut short: new ones take its place.
    const keys = makeKeys();
    writeFileSync(`${file}.new`, JSON.stringify(keys), { mode: 0o600 });
    renameSync(`${file}.new`, file);
    return keys;
  }
}

function makeKeys(): Keys {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: MODULUS_BITS });
  const kid = randomBytes(8).toString('hex');
  const jwk = { ...privateKey.export({ format: 'jwk' }), kid, use: 'sig', alg: 'RS256' };
  return { jwks: { keys: [jwk] }, cookies: [randomBytes(24).toString('base64url')] };
}
