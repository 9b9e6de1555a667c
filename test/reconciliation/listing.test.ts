import { describe, expect, it, test } from 'vitest';
import type { InTurn } from '../../src/pipelines/calls.js';
import { listing } from '../../src/reconciliation/listing.js';
import { declaredBackend, signal, target } from '../connectors/declared-backend.js';
import { json } from '../connectors/scripted-server.js';

const { server, declare } = declaredBackend();
const inTurn: InTurn = (call) => call({ signal });
const list = {
  url: '/people',
  next: '/people?after={{ page }}',
  paging: 'cursor',
  cursor: 'body.next',
  results: 'body.items',
  id: 'result.id',
  key: 'result.email',
};

/** The keys of all pages, of which each names the next one. */
async function keysOf(pages: readonly (string | null)[]): Promise<string[]> {
  server.script = (_, response) => {
    const n = Math.min(server.seen.length, pages.length) - 1;
    json(response, 200, { items: [{ id: n, email: `p${n}@example.com` }], next: pages[n] });
  };
  const asked = { connector: declare({ list }), target, inTurn };
  const keys: string[] = [];
  for await (const page of listing(asked, [])) keys.push(...page.map(({ key }) => key));
  return keys;
}

test('everything is listed, page after page', async () => {
  expect(await keysOf(['a', 'b', null])).toEqual([0, 1, 2].map((n) => `p${n}@example.com`));
});

test('a backend whose page is followed by itself is not read for ever, nor taken for whole', async () => {
  await expect(keysOf(['a', 'b'])).rejects.toThrow('the page that it has just shown');
  expect(server.seen).toHaveLength(3);
});

describe('A backend whose pages never end', () => {
  const numbered = {
    ...list,
    next: undefined,
    cursor: undefined,
    url: '/people?page={{ page }}',
    paging: 'number',
  };

  /** How far a listing comes that may read so much. */
  async function read(longest: { pages: number; records: number }): Promise<number> {
    let records = 0;
    server.script = (_, response) => {
      const n = server.seen.length;
      json(response, 200, {
        items: [1, 2].map((i) => ({ id: `${n}-${i}`, email: `${n}-${i}@example.com` })),
      });
    };
    const asked = { connector: declare({ list: numbered }), target, inTurn };
    await expect(async () => {
      for await (const page of listing(asked, [], longest)) records += page.length;
    }).rejects.toThrow('still has a page after');
    return records;
  }

  it('is given up after so many pages, and not taken for whole', async () => {
    expect(await read({ pages: 5, records: 1_000 })).toBe(8);
    expect(server.seen).toHaveLength(5);
  });

  it('is given up after so many records', async () => {
    expect(await read({ pages: 1_000, records: 5 })).toBe(4);
    expect(server.seen).toHaveLength(3);
  });
});
