/**
 * Standard Webhooks as a receiver has to read it, written from the specification and sharing nothing with src/: so it
 * can tell when the product signs other bytes than it sends.
 */
import { createHmac, createPublicKey, timingSafeEqual, verify } from 'node:crypto';

export interface Signed {
  readonly id: string;
  readonly timestamp: string;
  readonly signature: string;
  readonly body: string;
}

/** Scheme v1: HMAC-SHA256 of `id.timestamp.body` with the secret's bytes. */
export function isSignedWithSecret(message: Signed, secret: string): boolean {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  const expected = createHmac('sha256', key).update(content(message)).digest();
  return signatures(message, 'v1').some(
    (given) => given.length === expected.length && timingSafeEqual(given, expected),
  );
}

/** Scheme v1a: Ed25519 over the same bytes, with the endpoint's public key. */
export function isSignedWithPrivateKey(message: Signed, publicKey: string): boolean {
  const x = Buffer.from(publicKey.replace(/^whpk_/, ''), 'base64').toString('base64url');
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
  return signatures(message, 'v1a').some((given) => verify(null, Buffer.from(content(message)), key, given));
}

function content({ id, timestamp, body }: Signed): string {
  return `${id}.${timestamp}.${body}`;
}

/** The header is a list of `scheme,base64`, parted by blanks. */
function signatures({ signature }: Signed, scheme: string): Buffer[] {
  return signature
    .split(' ')
    .map((part) => part.split(','))
    .filter(([name]) => name === scheme)
    .map(([, value]) => Buffer.from(value ?? '', 'base64'));
}
