const PREFIX = 'b_';
const ID_BYTES = 16;

/**
 * What the QR code of a badge says: the registration's id and generation, short enough for a small code. It names
 * somebody and proves nothing; a transfer counts the generation up, which ends the badges before it.
 */
export function badgeCode(registrationId: string, generation: number): string {
  const id = Buffer.from(registrationId.replaceAll('-', ''), 'hex');
  return PREFIX + Buffer.concat([id, Buffer.from([generation & 0xff])]).toString('base64url');
}

/** Null where it is no badge of ours. */
export function readBadgeCode(code: string): { registrationId: string; generation: number } | null {
  if (!code.startsWith(PREFIX)) return null;
  const bytes = Buffer.from(code.slice(PREFIX.length), 'base64url');
  if (bytes.length !== ID_BYTES + 1) return null;
  const hex = bytes.subarray(0, ID_BYTES).toString('hex');
  const registrationId = hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  return { registrationId, generation: bytes[ID_BYTES]! };
}
