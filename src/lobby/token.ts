import { createHmac, hash, timingSafeEqual } from 'node:crypto';

/**
 * Tickets and passes: fixed-width fields and an HMAC-SHA256 cut to 128 bits, 48 characters in all.
 *
 *   byte 0      kind: 1 ticket, 2 pass
 *   byte 1      key id
 *   bytes 2–5   room
 *   bytes 6–11  number
 *   byte 12–13  turn: how often the number was called before (passes)
 *   bytes 14–19 time in milliseconds: of issue (tickets), of expiry (passes)
 *   bytes 20–35 MAC over all of the above
 *
 * The HMAC (RFC 2104) is made of two one-shot hashes over prepared buffers, and their digests come as latin1 strings, a
 * character a byte, which cost less than buffers: a quarter of the time of `createHmac`. Nothing here waits, so one
 * token at a time is read and written in place.
 */
const FIELDS_BYTES = 20;
const MAC_BYTES = 16;
const TOKEN_BYTES = FIELDS_BYTES + MAC_BYTES;
export const TOKEN_CHARACTERS = 48;
const SHAPE = /^[A-Za-z0-9_-]{48}$/;
const BLOCK_BYTES = 64;
const VERIFIED_MAX = 50_000;

/** The token at hand, its two parts, and the MAC that it should have. */
const TOKEN = Buffer.alloc(TOKEN_BYTES);
const FIELDS = TOKEN.subarray(0, FIELDS_BYTES);
const MAC = TOKEN.subarray(FIELDS_BYTES);
const RIGHT = Buffer.alloc(MAC_BYTES);

const KINDS = { ticket: 1, pass: 2 } as const;
export type TokenKind = keyof typeof KINDS;

export interface Claims {
  readonly room: number;
  readonly number: number;
  readonly turn: number;
  /** Of issue for a ticket, of expiry for a pass. */
  readonly atMs: number;
}

interface Key {
  /** The inner pad, then room for the fields. */
  readonly inner: Buffer;
  /** The outer pad, then room for the inner digest. */
  readonly outer: Buffer;
}

/** @param id 0–255; the first key of a list signs, the others still verify */
export interface TokenKey {
  readonly id: number;
  readonly secret: string;
}

/** Signs and verifies without any I/O; what was verified is remembered, so that asking again is one look-up. */
export class Tokens {
  private readonly keys = new Map<number, Key>();
  private readonly signing: number;
  private readonly verified = { ticket: new Verified(), pass: new Verified() };

  constructor(keys: readonly TokenKey[]) {
    for (const { id, secret } of keys) this.keys.set(id, padded(secret));
    this.signing = keys[0]!.id;
  }

  sign(kind: TokenKind, { room, number, turn, atMs }: Claims): string {
    TOKEN[0] = KINDS[kind];
    TOKEN[1] = this.signing;
    TOKEN.writeUInt32BE(room, 2);
    TOKEN.writeUIntBE(number, 6, 6);
    TOKEN.writeUInt16BE(turn, 12);
    TOKEN.writeUIntBE(atMs, 14, 6);
    MAC.write(mac(this.keys.get(this.signing)!), 'latin1');
    return TOKEN.toString('base64url');
  }

  /** Null for whatever we did not sign as this kind. Whether its time is right is the caller's question. */
  verify(kind: TokenKind, text: string): Claims | null {
    const known = this.verified[kind].get(text);
    if (known) return known;
    const claims = this.check(kind, text);
    if (claims) this.verified[kind].add(text, claims);
    return claims;
  }

  private check(kind: TokenKind, text: string): Claims | null {
    if (text.length !== TOKEN_CHARACTERS || !SHAPE.test(text)) return null;
    TOKEN.write(text, 'base64url');
    if (TOKEN[0] !== KINDS[kind]) return null;
    const key = this.keys.get(TOKEN[1]!);
    if (!key) return null;
    RIGHT.write(mac(key), 'latin1');
    if (!timingSafeEqual(RIGHT, MAC)) return null;
    return {
      room: TOKEN.readUInt32BE(2),
      number: TOKEN.readUIntBE(6, 6),
      turn: TOKEN.readUInt16BE(12),
      atMs: TOKEN.readUIntBE(14, 6),
    };
  }
}

/** Two generations, so that forgetting is one assignment and those in use stay. */
class Verified {
  private young = new Map<string, Claims>();
  private old = new Map<string, Claims>();

  get(text: string): Claims | undefined {
    return this.young.get(text) ?? this.old.get(text);
  }

  add(text: string, claims: Claims): void {
    if (this.young.size >= VERIFIED_MAX) {
      this.old = this.young;
      this.young = new Map();
    }
    this.young.set(text, claims);
  }
}

/**
 * The keys of the setting `id:secret,id:secret`; without it one that is derived from the program's own secret.
 * @throws Error naming what is wrong with the setting
 */
export function tokenKeys(setting: string, programSecret: string): TokenKey[] {
  if (setting.trim() === '') {
    const secret = createHmac('sha256', programSecret).update('lobby').digest('base64url');
    return [{ id: 0, secret }];
  }
  const keys = setting.split(',').map((part) => {
    const [, id, secret] = /^\s*(\d{1,3}):(\S{32,})\s*$/.exec(part) ?? [];
    if (id === undefined || Number(id) > 255) {
      throw new Error('lobby.keys must be a list of id:secret, ids 0–255, secrets of 32 characters or more.');
    }
    return { id: Number(id), secret: secret! };
  });
  if (new Set(keys.map(({ id }) => id)).size < keys.length)
    throw new Error('lobby.keys names one id twice; give the new key an id of its own.');
  return keys;
}

function padded(secret: string): Key {
  const raw = Buffer.from(secret);
  const key = raw.length > BLOCK_BYTES ? hash('sha256', raw, 'buffer') : raw;
  const inner = Buffer.alloc(BLOCK_BYTES + FIELDS_BYTES, 0x36);
  const outer = Buffer.alloc(BLOCK_BYTES + 32, 0x5c);
  for (let i = 0; i < key.length; i++) {
    inner[i] = 0x36 ^ key[i]!;
    outer[i] = 0x5c ^ key[i]!;
  }
  return { inner, outer };
}

/** Of the fields at hand. */
function mac({ inner, outer }: Key): string {
  inner.set(FIELDS, BLOCK_BYTES);
  outer.write(hash('sha256', inner, 'binary'), BLOCK_BYTES, 'latin1');
  return hash('sha256', outer, 'binary');
}
