import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundle } from '../../scripts/launcher/bundle.mjs';
import { CachedScript } from '../../scripts/launcher/cached-script.mjs';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'foyer-bundle-'));
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

async function bundled(modules: Record<string, string>): Promise<Record<string, unknown>> {
  for (const [name, text] of Object.entries(modules)) writeFileSync(path.join(folder, name), text);
  const file = path.join(folder, 'whole.cjs');
  await bundle(path.join(folder, 'main.js'), file, {});
  return new CachedScript(file).exports();
}

describe('A bundle', () => {
  it('keeps the name of each class, also where two are named alike', async () => {
    const names = await bundled({
      'other.js': 'export class Report {}',
      'main.js': `import { Report as Other } from './other.js';
        class Report {}
        export const names = [Report.name, Other.name];`,
    });
    expect(names).toMatchObject({ names: ['Report', 'Report'] });
  });

  it('is not made where something that it loads is not found', async () => {
    await expect(bundled({ 'main.js': `export { one } from 'no-such-package';` })).rejects.toThrow(
      "Could not resolve 'no-such-package'",
    );
  });
});
