import { beforeAll, describe, expect, it } from 'vitest';
import { Journal } from '../../sandbox/journal.js';
import type { Note } from '../../sandbox/call.js';
import type { Twin } from '../../sandbox/twin.js';
import { call, control, hubspotCall, hubspotTwin, type Item, type StoredItem } from './twins.js';

let twin: Twin;

beforeAll(async () => {
  twin = await hubspotTwin();
  const inputs = Array.from({ length: 7 }, (_, n) => ({
    id: `p${n}@example.com`,
    idProperty: 'email',
    objectWriteTraceId: `d-${n}`,
    properties: { firstname: `N${n}` },
  }));
  await hubspotCall(twin, 'POST', '/crm/v3/objects/contacts/batch/upsert', { inputs });
});

async function pages<Entry>(path: string): Promise<Entry[][]> {
  const found: Entry[][] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const { body }: { body: { items: Entry[]; next: string | null } } = await control(
      twin,
      'GET',
      `${path}?limit=3&cursor=${cursor}`,
    );
    found.push(body.items);
    cursor = body.next;
  }
  return found;
}

describe('The journal', () => {
  it('is read page by page, in the order of arrival, each record once', async () => {
    const found = await pages<Item>('/journal');
    expect(found.map((items) => items.map(({ n }) => n))).toEqual([[1, 2, 3], [4, 5, 6], [7]]);
    expect(found.flat()[4]).toMatchObject({
      method: 'POST',
      path: '/crm/v3/objects/contacts/batch/upsert',
      status: 200,
      object: 'contacts',
      key: 'p4@example.com',
      id: expect.stringMatching(/^\d+$/) as string,
      outcome: 'created',
      request: { objectWriteTraceId: 'd-4', properties: { firstname: 'N4' } },
      response: { new: true, properties: { firstname: 'N4', email: 'p4@example.com' } },
    });
    expect(Date.parse(found[0]![0]!.at)).toBeGreaterThan(Date.now() - 60_000);
  });

  it('does not hold reads', async () => {
    const body = { idProperty: 'email', properties: [], inputs: [{ id: 'p1@example.com' }] };
    await hubspotCall(twin, 'POST', '/crm/v3/objects/contacts/batch/read', body);
    expect((await pages<Item>('/journal')).flat()).toHaveLength(7);
  });

  it('stands beside the records, which are read page by page too', async () => {
    const found = await pages<StoredItem>('/records/contacts');
    expect(found.flat().map(({ key, writes }) => [key, writes])).toEqual(
      Array.from({ length: 7 }, (_, n) => [`p${n}@example.com`, 1]),
    );
  });

  it.each([
    '/journal?limit=0',
    '/journal?limit=10001',
    '/journal?limit=x',
    '/journal?cursor=-1',
    '/records/contacts?cursor=abc',
  ])('refuses %s with a clear message', async (path) => {
    const { status, body } = await control<{ error: string }>(twin, 'GET', path);
    expect(status).toBe(400);
    expect(body.error).toMatch(/"(limit|cursor)" must be/);
  });

  it('knows which objects there are', async () => {
    const { status, body } = await control<{ error: string }>(twin, 'GET', '/records/martians');
    expect(status).toBe(404);
    expect(body.error).toContain('contacts');
    expect((await control(twin, 'GET', '/nothing')).status).toBe(404);
  });

  it('is bounded: the oldest items go first, and older ones lose their bodies before', () => {
    const small = new Journal(10, 4, 5);
    const note = (key: string): Note => ({
      object: 'contacts',
      key,
      id: key,
      outcome: 'created',
      request: { key },
      response: () => ({ key }),
    });
    for (let n = 1; n <= 40; n += 1)
      small.add({ at: 0, method: 'POST', path: '/', status: 200 }, [note(`k${n}`)]);
    const { items } = small.page(0, 100);
    expect(small.summary()).toMatchObject({ total: 40, outcomes: { created: 40 } });
    expect(items.length).toBeLessThan(15);
    expect(items.at(-1)).toMatchObject({
      n: 40,
      key: 'k40',
      request: { key: 'k40' },
      response: { key: 'k40' },
    });
    expect(items.at(-5)).toMatchObject({ n: 36, key: 'k36', request: null, response: null });
    expect(small.page(38, 1)).toMatchObject({ items: [{ n: 39 }], next: '39' });
    expect(small.page(40, 1)).toEqual({ items: [], next: null });
  });
});

describe('The page', () => {
  it('is served with a policy that forbids anything from elsewhere and any inline script', async () => {
    const page = await call('GET', `${twin.url}/_twin`);
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'; script-src 'self'");
    expect(page.text).toContain('<script type="module" src="/_twin/page.js"></script>');
    expect(page.text).not.toMatch(/<script>|<style|\sstyle=|\son\w+=|https?:/);
    expect((await call('GET', `${twin.url}/_twin/page.js`)).headers.get('content-type')).toContain(
      'text/javascript',
    );
    expect((await call('GET', `${twin.url}/_twin/page.css`)).status).toBe(200);
  });

  it('has a summary to show', async () => {
    expect((await control(twin, 'GET', '/summary')).body).toMatchObject({
      twin: 'hubspot',
      total: 7,
      outcomes: { created: 7, rejected: 0 },
      records: { contacts: 7, companies: 0 },
      faults: [],
      limits: false,
    });
  });
});
