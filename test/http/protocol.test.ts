import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PROBLEMS } from '../../src/platform/http/problem.js';
import { TestApp } from './app.js';
import { examplesOf } from './documented-examples.js';

let app: TestApp;
let event: string;

beforeAll(async () => {
  app = await TestApp.start();
  event = await app.openEvent();
});

afterAll(() => app.stop());

describe('Every address', () => {
  it('is the same with a slash at its end', async () => {
    expect((await app.call('GET', `/v1/events/${event}/`)).status).toBe(200);
  });

  it('that can be read answers HEAD with the same headers and no body', async () => {
    const [get, head] = [
      await app.call('GET', `/v1/events/${event}`),
      await app.call('HEAD', `/v1/events/${event}`),
    ];
    expect([head.status, head.text]).toEqual([200, '']);
    expect(head.headers.get('etag')).toBe(get.headers.get('etag'));
  });

  it('says by OPTIONS which methods it knows', async () => {
    const answer = await app.call('OPTIONS', `/v1/events/${event}`);
    expect(answer.status).toBe(204);
    expect(answer.headers.get('allow')?.split(', ')).toEqual(
      expect.arrayContaining(['GET', 'HEAD', 'PATCH', 'OPTIONS']),
    );
    expect((await app.call('OPTIONS', '/nowhere')).status).toBe(404);
  });

  it('forbids browsers to guess its type', async () => {
    for (const path of ['/v1/events', '/nowhere', '/health/live']) {
      expect((await app.call('GET', path)).headers.get('x-content-type-options')).toBe('nosniff');
    }
  });
});

describe('Each problem', () => {
  it.each(Object.keys(PROBLEMS))(
    '%s has a page that explains it, for people and for programs',
    async (code) => {
      const page = await app.call('GET', `/problems/${code}`, { headers: { accept: 'text/html' } });
      expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
      expect(page.text).toContain(code);
      expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
      const { body } = await app.call('GET', `/problems/${code}`, {
        headers: { accept: 'application/json' },
      });
      expect(body).toEqual({
        type: `/problems/${code}`,
        title: expect.any(String) as string,
        status: expect.any(Number) as number,
        advice: expect.any(String) as string,
      });
    },
  );

  it('that is none is not there', async () => {
    expect((await app.call('GET', '/problems/constructor')).status).toBe(404);
    expect((await app.call('GET', '/problems/<script>')).status).toBe(404);
  });
});

describe('The documentation', () => {
  it('is an OpenAPI 3.1 document with a valid example for every body that is sent or answered', async () => {
    const { body } = await app.call('GET', '/openapi.json');
    expect(body.openapi).toMatch(/^3\.1/);
    const { operations, faults } = examplesOf(body);
    expect(faults).toEqual([]);
    expect(operations).toBeGreaterThan(75);
  });

  it('is a page that loads nothing from elsewhere', async () => {
    const page = await app.call('GET', '/docs');
    expect(page.status).toBe(200);
    const policy = page.headers.get('content-security-policy')!;
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toMatch(/unsafe-inline|unsafe-eval|https?:/);
    const links = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1]!);
    for (const link of links) expect(link).not.toMatch(/^(https?:)?\/\//);
    const style = links.find((link) => link.endsWith('.css'))!;
    expect((await app.call('GET', style)).status).toBe(200);
  });
});

describe('The health of a process', () => {
  it('is told for those who start and route it', async () => {
    expect((await app.call('GET', '/health/live')).body).toEqual({ status: 'ok' });
    const ready = await app.call('GET', '/health/ready');
    expect(ready.status).toBe(200);
    expect(ready.body).toMatchObject({ status: expect.stringMatching(/^(ok|degraded)$/) as string });
  });

  it('is counted in numbers', async () => {
    await app.register(event);
    const { text } = await app.call('GET', '/metrics');
    expect(text).toMatch(/^process_cpu_seconds_total /m);
    expect(text).toMatch(/^foyer_registrations_total\{outcome="confirmed"\} [1-9]/m);
  });
});
