import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  randomBytes,
  sign,
} from 'node:crypto';

/** Standard Webhooks: what an endpoint is given to check our messages with. */
export interface Keys {
  /** `whsec_` and 24 random bytes in base64: the symmetric secret of scheme v1. */
  readonly secret: string;
  /** `whsk_…`: the private half of scheme v1a; never leaves us. */
  readonly privateKey: string;
  /** The secret before, while receivers may still check with it. */
  readonly previousSecret?: string | null;
}

const SECRET_BYTES = 24;
/** The ASN.1 header of an Ed25519 private key in PKCS #8, before its 32 bytes (RFC 8410). */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');
const RAW_KEY_BYTES = 32;

export function newKeys(): Keys {
  const { privateKey } = generateKeyPairSync('ed25519');
  const raw = privateKey.export({ format: 'der', type: 'pkcs8' }).subarray(-RAW_KEY_BYTES);
  return {
    secret: `whsec_${randomBytes(SECRET_BYTES).toString('base64')}`,
    privateKey: `whsk_${raw.toString('base64')}`,
  };
}

/** `whpk_…`, for endpoints that should not hold a secret. */
export function publicKeyOf(privateKey: string): string {
  const der = createPublicKey(keyObject(privateKey)).export({ format: 'der', type: 'spki' });
  return `whpk_${der.subarray(-RAW_KEY_BYTES).toString('base64')}`;
}

/**
 * The headers of one message.
 * @param id the same over all attempts and replays; must not contain a dot
 * @param at the time of this attempt
 */
export function signedHeaders(id: string, at: Date, body: string, keys: Keys): Record<string, string> {
  const timestamp = Math.floor(at.getTime() / 1000).toString();
  const content = Buffer.from(`${id}.${timestamp}.${body}`);
  const secrets = [keys.secret, ...(keys.previousSecret ? [keys.previousSecret] : [])];
  const v1 = secrets.map((secret) => {
    const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
    return `v1,${createHmac('sha256', key).update(content).digest('base64')}`;
  });
  const v1a = sign(null, content, keyObject(keys.privateKey));
  return {
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': [...v1, `v1a,${v1a.toString('base64')}`].join(' '),
  };
}

function keyObject(privateKey: string): ReturnType<typeof createPrivateKey> {
  const raw = Buffer.from(privateKey.slice('whsk_'.length), 'base64');
  return createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, raw]), format: 'der', type: 'pkcs8' });
}
