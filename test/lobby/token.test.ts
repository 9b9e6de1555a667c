import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { isDeep } from '../support/environment.js';
import { Tokens, tokenKeys } from '../../src/lobby/token.js';

const SECRET = 'a-secret-of-more-than-thirty-two-characters';
const CLAIMS = { room: 7, number: 123_456_789, turn: 2, atMs: 1_800_000_000_123 };
const MUTATIONS = isDeep ? 1_000_000 : 20_000;

describe('A token', () => {
  it('brings back what was signed, in 48 characters', () => {
    const tokens = new Tokens([{ id: 1, secret: SECRET }]);
    for (const kind of ['ticket', 'pass'] as const) {
      const text = tokens.sign(kind, CLAIMS);
      expect(text).toHaveLength(48);
      expect(new Tokens([{ id: 1, secret: SECRET }]).verify(kind, text)).toEqual(CLAIMS);
    }
  });

  it('carries HMAC-SHA256 as RFC 2104 has it, also for a long key', () => {
    for (const secret of [SECRET, SECRET.repeat(3)]) {
      const bytes = Buffer.from(new Tokens([{ id: 9, secret }]).sign('pass', CLAIMS), 'base64url');
      const mac = createHmac('sha256', secret).update(bytes.subarray(0, 20)).digest().subarray(0, 16);
      expect(bytes.subarray(20)).toEqual(mac);
    }
  });

  it('is good as the kind that it was signed as only', () => {
    const tokens = new Tokens([{ id: 1, secret: SECRET }]);
    const ticket = tokens.sign('ticket', CLAIMS);
    expect(tokens.verify('ticket', ticket)).toEqual(CLAIMS);
    expect(tokens.verify('pass', ticket)).toBeNull();
    expect(tokens.verify('pass', `t${ticket}`)).toBeNull();
  });

  it('outlives the rotation of keys while its key is listed', () => {
    const before = new Tokens(tokenKeys(`1:${SECRET}`, ''));
    const during = new Tokens(tokenKeys(`2:${SECRET}-new,1:${SECRET}`, ''));
    const after = new Tokens(tokenKeys(`2:${SECRET}-new`, ''));
    const old = before.sign('ticket', CLAIMS);
    const young = during.sign('ticket', CLAIMS);
    expect(during.verify('ticket', old)).toEqual(CLAIMS);
    expect(after.verify('ticket', old)).toBeNull();
    expect(after.verify('ticket', young)).toEqual(CLAIMS);
    expect(before.verify('ticket', young)).toBeNull();
  });

  it('says what is wrong with a list of keys', () => {
    for (const setting of ['1', '1:short', `300:${SECRET}`, `1:${SECRET},1:${SECRET}`])
      expect(() => tokenKeys(setting, '')).toThrow(/lobby\.keys/);
  });

  it(`is refused after any change: ${MUTATIONS} of them`, () => {
    const tokens = new Tokens([{ id: 1, secret: SECRET }]);
    const good = tokens.sign('pass', CLAIMS);
    const raw = Buffer.from(good, 'base64url');
    let seed = 12345;
    const random = (max: number): number => ((seed = (seed * 1103515245 + 12345) % 2147483648), seed % max);
    let accepted = 0;
    for (let i = 0; i < MUTATIONS; i++) {
      const bytes = Buffer.from(raw);
      for (let flips = 1 + random(3); flips > 0; flips--) bytes[random(raw.length)]! ^= 1 << random(8);
      if (!bytes.equals(raw) && tokens.verify('pass', bytes.toString('base64url')) !== null) accepted++;
    }
    expect(accepted).toBe(0);
    expect(tokens.verify('pass', good)).toEqual(CLAIMS);
  });
});
