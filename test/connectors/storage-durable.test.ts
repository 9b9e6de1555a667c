/** What a power cut would take cannot be seen here: so what is made durable is. */
import { mkdtempSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test, vi } from 'vitest';
import { createConnector } from '../../src/connectors/registry.js';
import { persons } from './dialects.js';

// Nothing is replaced, only watched.
vi.mock('node:fs/promises', { spy: true });

test.each(['', 'in/here', 'in/here/'])(
  'every folder that is new is made durable, with prefix %j',
  async (prefix) => {
    const folder = mkdtempSync(path.join(tmpdir(), 'foyer-drops-'));
    try {
      const { calls } = vi.mocked(open).mock;
      calls.length = 0;
      const drops = createConnector({ name: 'drops', connector: 'storage', settings: { folder, prefix } });
      const target = { object: 'people', operation: 'upsert' as const, keyField: 'email' };
      const { outcomes } = await drops.send(target, persons(1), { signal: new AbortController().signal });
      expect(outcomes[0]).toMatchObject({ kind: 'written' });
      const synced = calls.flatMap(([name, flags]) => (flags === 'r' ? [String(name)] : []));
      const { targetId } = outcomes[0] as { targetId: string };
      const below = path.join(prefix, path.dirname(targetId)).split('/');
      const made = below.map((_, n) => path.join(folder, ...below.slice(0, n + 1)));
      expect(synced).toEqual(expect.arrayContaining([folder, ...made]));
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
);
