import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { callerOfAddress } from '../../src/platform/http/rate-limits.js';
import { OPERATOR, TestApp } from './app.js';

const PER_MINUTE = 4;

let app: TestApp;
let event: string;

beforeAll(async () => {
  app = await TestApp.start({ settings: { http: { publicPostsPerMinute: PER_MINUTE, trustProxy: true } } });
  event = await app.openEvent();
});

afterAll(() => app.stop());

describe('Who sends too much', () => {
  it('is told when to come again, and nobody else is held up', async () => {
    const from = (address: string) => app.register(event, {}, { 'x-forwarded-for': address });
    const statuses = [];
    for (let i = 0; i < PER_MINUTE; i++) statuses.push((await from('192.0.2.1')).status);
    expect(statuses).toEqual(Array(PER_MINUTE).fill(201));
    const { status, body, headers } = await from('192.0.2.1');
    expect([status, body.type]).toEqual([429, '/problems/rate-limited']);
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
    expect(headers.get('retry-after')).toBe(/^"public";r=0;t=(\d+)$/.exec(headers.get('ratelimit')!)![1]);
    expect(headers.get('ratelimit-policy')).toBe(`"public";q=${PER_MINUTE};w=60`);
    expect((await from('192.0.2.2')).status, 'another address').toBe(201);
    const read = await app.call('GET', `/v1/events/${event}`, {
      headers: { 'x-forwarded-for': '192.0.2.1' },
    });
    expect(read.status, 'reading').toBe(200);
    const system = await app.call('POST', `/v1/events/${event}/signals`, {
      token: OPERATOR,
      body: [],
      headers: { 'x-forwarded-for': '192.0.2.1' },
    });
    expect(system.status, 'a system with a key').toBe(200);
  });

  it('counts by its network where addresses are without number', () => {
    const network = callerOfAddress('2001:db8:1:2:3:4:5:6');
    expect(callerOfAddress('2001:db8:1:2::9')).toBe(network);
    expect(callerOfAddress('2001:db8:1:3::9')).not.toBe(network);
    expect(callerOfAddress('2001:db8::9')).toBe('2001:db8:0:0');
    expect(callerOfAddress('::ffff:192.0.2.1')).toBe('192.0.2.1');
    expect(callerOfAddress('192.0.2.1')).toBe('192.0.2.1');
  });
});
