import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

const DAY_MS = 86_400_000;
const IV_BYTES = 12;
const TAG_BYTES = 16;
const KEYS_CACHED_MAX = 50;

/**
 * Seals what must not be read at rest or by a browser (AES-256-GCM). Keys are derived from the secret, another every
 * so many days; the key's number stands before what it sealed, so that older seals open as long as the secret, or the
 * one before it, is known.
 */
export class LoginSealing {
  private readonly keys = new Map<string, Buffer>();

  /** @param secrets the one that seals, and those before it, which only open */
  constructor(
    private readonly secrets: readonly string[],
    private readonly keyDays: number,
  ) {}

  /** @param purpose what it is for: a seal opens for the same purpose only */
  seal(text: string, purpose: string, now: Date): string {
    const number = Math.floor(now.getTime() / (this.keyDays * DAY_MS));
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.key(this.secrets[0]!, number), iv);
    cipher.setAAD(Buffer.from(purpose));
    const sealed = Buffer.concat([iv, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    return `${number}.${sealed.toString('base64url')}`;
  }

  /** Null where it is no seal of ours, for another purpose, or changed. */
  open(sealed: string, purpose: string): string | null {
    const [, number, body] = /^(\d{1,9})\.([\w-]{38,})$/.exec(sealed) ?? [];
    if (number === undefined || body === undefined) return null;
    const bytes = Buffer.from(body, 'base64url');
    for (const secret of this.secrets) {
      try {
        const key = this.key(secret, Number(number));
        const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, IV_BYTES));
        decipher.setAAD(Buffer.from(purpose));
        decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
        return (
          decipher.update(bytes.subarray(IV_BYTES, -TAG_BYTES), undefined, 'utf8') + decipher.final('utf8')
        );
      } catch {
        continue; // Not sealed by this secret, or not by us: the next one says.
      }
    }
    return null;
  }

  private key(secret: string, number: number): Buffer {
    const name = `${this.secrets.indexOf(secret)} ${number}`;
    const known = this.keys.get(name);
    if (known) return known;
    if (this.keys.size >= KEYS_CACHED_MAX) this.keys.clear();
    const key = Buffer.from(hkdfSync('sha256', secret, 'foyer', `sealing key ${number}`, 32));
    this.keys.set(name, key);
    return key;
  }
}
