/** What a power cut would take cannot be seen here: so what is made durable is. */
import { mkdtempSync, rmSync } from 'node:fs';
import files from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test, vi } from 'vitest';
import { createConnector } from '../../src/connectors/registry.js';
import { persons } from './dialects.js';

const opened = vi.spyOn(files, 'open');
// What was loaded before looks through the names it imported.
syncBuiltinESMExports();
afterAll(() => {
  opened.mockRestore();
  syncBuiltinESMExports();
});

test.each(['', 'in/here', 'in/here/'])(
  'every folder that is new is made durable, with prefix %j',
  async (prefix) => {
    const folder = mkdtempSync(path.join(tmpdir(), 'foyer-drops-'));
    try {
      opened.mockClear();
      const drops = createConnector({ name: 'drops', connector: 'storage', settings: { folder, prefix } });
      const target = { object: 'people', operation: 'upsert' as const, keyField: 'email' };
      const { outcomes } = await drops.send(target, persons(1), { signal: new AbortController().signal });
      expect(outcomes[0]).toMatchObject({ kind: 'written' });
      const synced = opened.mock.calls.flatMap(([name, flags]) => (flags === 'r' ? [String(name)] : []));
      const { targetId } = outcomes[0] as { targetId: string };
      const below = path.join(prefix, path.dirname(targetId)).split('/');
      const made = below.map((_, n) => path.join(folder, ...below.slice(0, n + 1)));
      expect(synced).toEqual(expect.arrayContaining([folder, ...made]));
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
);
