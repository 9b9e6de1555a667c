import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { createHttpEngine } from '../../src/platform/http-client/http-engine.js';
import { checkEndpointUrl, isPrivateAddress } from '../../src/webhooks/endpoint-url.js';

const PRIVATE = [
  '127.0.0.1',
  '10.1.2.3',
  '172.20.0.1',
  '192.168.1.1',
  '169.254.169.254',
  '100.64.0.1',
  '0.0.0.0',
];
const PRIVATE_6 = ['::1', '::', 'fe80::1', 'fd00::1', '::ffff:127.0.0.1', '64:ff9b::7f00:1'];

describe('A webhook is no way into our own network', () => {
  it.each([...PRIVATE, ...PRIVATE_6])('%s is private', (address) => {
    expect(isPrivateAddress(address)).toBe(true);
  });

  it.each(['1.1.1.1', '93.184.216.34', '2606:4700::1111'])('%s is public', (address) => {
    expect(isPrivateAddress(address)).toBe(false);
  });

  it.each([
    'http://example.com/hook',
    'https://127.0.0.1/hook',
    'https://[::1]/hook',
    'https://localhost/hook',
    'https://user:secret@example.com/hook',
    'ftp://example.com/hook',
    'nonsense',
  ])('%s is refused when it is set up', async (url) => {
    await expect(checkEndpointUrl(url, false)).rejects.toMatchObject({ code: 'invalid-request' });
  });

  it('a name that leads there at the time of the call is not called', async () => {
    let calls = 0;
    const server = createServer((_request, response) => {
      calls += 1;
      response.end('{}');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://localhost:${(server.address() as AddressInfo).port}/`;
    const call = { method: 'POST' as const, url, headers: {}, body: '{}', isRepeatable: false };
    const settings = { callTimeoutMs: 2_000 };
    try {
      const guarded = createHttpEngine({ ...settings, mayReach: (a) => !isPrivateAddress(a) });
      expect(await guarded.call(call)).toMatchObject({ kind: 'neverSent' });
      expect(calls).toBe(0);
      expect(await createHttpEngine(settings).call(call)).toMatchObject({ kind: 'answered' });
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});
