import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { Answer, Call } from '../call.js';
import { error } from './errors.js';

/** The checksums that the twin computes; others that S3 knows are refused, not believed. */
const CHECKSUMS: Record<string, (body: Buffer) => string> = {
  'x-amz-checksum-sha256': (body) => createHash('sha256').update(body).digest('base64'),
  'x-amz-checksum-sha1': (body) => createHash('sha1').update(body).digest('base64'),
  'x-amz-checksum-crc32': (body) => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(crc32(body));
    return bytes.toString('base64');
  },
};

/** Checks Content-MD5 and x-amz-checksum-…; what holds comes back as headers to keep with the object. */
export function checkDigests(call: Call): { answer: Answer } | { checksums: Record<string, string> } {
  const md5 = call.headers['content-md5'];
  if (typeof md5 === 'string') {
    if (Buffer.from(md5, 'base64').length !== 16)
      return { answer: error('InvalidDigest', { 'Content-MD5': md5 }) };
    const computed = createHash('md5').update(call.body).digest('base64');
    if (md5 !== computed)
      return { answer: error('BadDigest', { ExpectedDigest: md5, CalculatedDigest: computed }) };
  }
  const checksums: Record<string, string> = {};
  for (const [name, given] of Object.entries(call.headers)) {
    if (!/^x-amz-checksum-(?:sha|crc)/.test(name)) continue;
    const compute = CHECKSUMS[name];
    if (compute === undefined) return { answer: error('NotImplemented', { Header: name }) };
    const kind = name.slice('x-amz-checksum-'.length).toUpperCase();
    if (compute(call.body) !== given)
      return {
        answer: error('BadDigest', {}, `The ${kind} you specified did not match the calculated checksum.`),
      };
    checksums[name] = given;
  }
  return { checksums };
}

export function etagOf(body: Buffer): string {
  return `"${createHash('md5').update(body).digest('hex')}"`;
}
