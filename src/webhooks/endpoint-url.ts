import { lookup } from 'node:dns/promises';
import { BlockList, isIP } from 'node:net';
import { Problem } from '../platform/http/problem.js';

const PRIVATE = new BlockList();
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 3],
] as const) {
  PRIVATE.addSubnet(network, prefix, 'ipv4');
}
for (const [network, prefix] of [
  ['::', 128],
  ['::1', 128],
  ['64:ff9b::', 96],
  ['fc00::', 7],
  ['fe80::', 10],
  ['ff00::', 8],
] as const) {
  PRIVATE.addSubnet(network, prefix, 'ipv6');
}

/** Addresses that are not on the public Internet: a webhook must not become a way into our own network. */
export function isPrivateAddress(address: string): boolean {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped) return isPrivateAddress(mapped);
  return PRIVATE.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}

/**
 * @throws Problem where the URL cannot be delivered to: not http(s), with credentials, plain http or a private address
 * unless these are allowed
 */
export async function checkEndpointUrl(text: string, allowPrivateHosts: boolean): Promise<void> {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (!url || (url.protocol !== 'https:' && url.protocol !== 'http:'))
    throw refused('must be an http(s) URL.');
  if (url.username !== '' || url.password !== '') throw refused('must not carry credentials.');
  if (allowPrivateHosts) return;
  if (url.protocol !== 'https:') throw refused('must be https.');
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const addresses = isIP(host)
    ? [host]
    : (await lookup(host, { all: true }).catch(() => [])).map((a) => a.address);
  if (addresses.length === 0) throw refused('names a host that cannot be found.');
  if (addresses.some(isPrivateAddress)) throw refused('leads to a private address.');
}

function refused(message: string): Problem {
  return new Problem('invalid-request', `/url ${message}`, {
    errors: [{ pointer: '/url', code: 'bad-url', message }],
  });
}
