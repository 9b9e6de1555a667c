import { createHash, createPrivateKey, createPublicKey, hkdfSync, type KeyObject, sign } from 'node:crypto';

/** RFC 8410, section 7: what stands before the 32 bytes of an Ed25519 private key, in DER. */
const PKCS8_ED25519 = Buffer.from('302e020100300506032b657004220420', 'hex');

/** A public key as a JSON Web Key (RFC 8037), which others check certificates by. */
export interface PublicKey {
  readonly kty: 'OKP';
  readonly crv: 'Ed25519';
  readonly kid: string;
  readonly x: string;
  readonly use: 'sig';
  readonly alg: 'EdDSA';
}

/** The key that signs certificates, made of FOYER_SECRET: the same in every replica, and kept nowhere. */
export class CertificateKey {
  readonly published: PublicKey;
  private readonly key: KeyObject;

  constructor(secret: string) {
    const seed = Buffer.from(hkdfSync('sha256', secret, 'foyer', 'reconciliation certificates', 32));
    this.key = createPrivateKey({ key: Buffer.concat([PKCS8_ED25519, seed]), format: 'der', type: 'pkcs8' });
    const { x } = createPublicKey(this.key).export({ format: 'jwk' });
    this.published = { kty: 'OKP', crv: 'Ed25519', kid: keyId(x!), x: x!, use: 'sig', alg: 'EdDSA' };
  }

  /** In base64url. */
  sign(text: string): string {
    return sign(null, Buffer.from(text), this.key).toString('base64url');
  }
}

/** Short enough to be read out; made of the key, so that it names no other. */
export function keyId(x: string): string {
  return createHash('sha256').update(Buffer.from(x, 'base64url')).digest('hex').slice(0, 16);
}
