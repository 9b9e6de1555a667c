import { describe, expect, it } from 'vitest';
import { newKeys, publicKeyOf, signedHeaders } from '../../src/webhooks/signature.js';
import { isSignedWithPrivateKey, isSignedWithSecret, type Signed } from './standard-webhooks.js';

/** The example that the specification's own libraries are tested with. */
const KNOWN = {
  secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
  at: new Date(1614265330 * 1000),
  body: '{"test": 2432232314}',
  signature: 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
};

function signed(body: string, id = 'msg_1'): { message: Signed; secret: string; publicKey: string } {
  const keys = newKeys();
  const headers = signedHeaders(id, new Date('2026-03-01T12:00:00.700Z'), body, keys);
  const message = {
    id: headers['webhook-id']!,
    timestamp: headers['webhook-timestamp']!,
    signature: headers['webhook-signature']!,
    body,
  };
  return { message, secret: keys.secret, publicKey: publicKeyOf(keys.privateKey) };
}

describe('The signature of a message', () => {
  it('is the one that Standard Webhooks gives for its published example', () => {
    const keys = { ...newKeys(), secret: KNOWN.secret };
    const headers = signedHeaders(KNOWN.id, KNOWN.at, KNOWN.body, keys);
    expect(headers['webhook-signature']!.split(' ')[0]).toBe(KNOWN.signature);
  });

  it('is verified with the secret, and with the public key alone', () => {
    const { message, secret, publicKey } = signed('{"name":"Ñandú 𝒳"}');
    expect(isSignedWithSecret(message, secret)).toBe(true);
    expect(isSignedWithPrivateKey(message, publicKey)).toBe(true);
    expect(publicKey).toMatch(/^whpk_/);
    expect(secret).toMatch(/^whsec_/);
  });

  it.each(['id', 'timestamp', 'body'] as const)('covers the %s', (part) => {
    const { message, secret, publicKey } = signed('{"a":1}');
    const forged = { ...message, [part]: `${message[part]}1` };
    expect(isSignedWithSecret(forged, secret)).toBe(false);
    expect(isSignedWithPrivateKey(forged, publicKey)).toBe(false);
  });

  it('is of no use with the keys of another endpoint', () => {
    const { message } = signed('{}');
    const other = signed('{}');
    expect(isSignedWithSecret(message, other.secret)).toBe(false);
    expect(isSignedWithPrivateKey(message, other.publicKey)).toBe(false);
  });

  it('carries the time in whole seconds', () => {
    expect(signed('{}').message.timestamp).toBe(`${Date.parse('2026-03-01T12:00:00Z') / 1000}`);
  });
});
