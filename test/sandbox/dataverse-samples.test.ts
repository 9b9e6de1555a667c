/** Microsoft's own sample payloads, sent to the twin: same shape, our table. */

import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { dataverse } from '../../sandbox/dataverse/dataverse.js';
import { login } from './dataverse-account.js';
import { call, records, started } from './twins.js';

const SAMPLES = fileURLToPath(
  new URL('../../../shared/data/dataverse/PowerApps-Samples-UpsertMultiple-README.md', import.meta.url),
);
const NAMES: [RegExp, string][] = [
  [/sample_examples/g, 'contacts'],
  [/sample_exampleid/g, 'contactid'],
  [/sample_example/g, 'contact'],
  [/sample_keyattribute/g, 'foyer_personid'],
  [/sample_name/g, 'lastname'],
];

describe.skipIf(!existsSync(SAMPLES))('Microsoft’s samples of UpsertMultiple', () => {
  it.each([
    ['by primary keys', 0],
    ['by primary and alternate keys', 1],
  ])('are taken %s', async (_, index) => {
    const twin = await started(dataverse());
    const { body: token } = await login(twin);
    const targets = sample(index);
    expect(targets).toHaveLength(4);
    const path = `${twin.url}/api/data/v9.2/contacts/Microsoft.Dynamics.CRM.UpsertMultiple`;
    const headers = { Authorization: `Bearer ${token.access_token}` };
    // Sent twice: the second time all are there already.
    for (const _again of [1, 2])
      expect((await call('POST', path, { Targets: targets }, headers)).status).toBe(204);
    const stored = await records(twin, 'contacts');
    expect(stored.map(({ fields }) => fields.lastname)).toEqual(targets.map(({ lastname }) => lastname));
    expect(stored.every(({ writes }) => writes === 2)).toBe(true);
    for (const { contactid } of targets)
      if (contactid !== undefined) expect(stored.map(({ id }) => id)).toContain(contactid);
  });
});

/** One of the README's JSON blocks, with our names; its commas are not all where JSON wants them. */
function sample(index: number): Record<string, string>[] {
  const blocks = [...readFileSync(SAMPLES, 'utf8').matchAll(/```json\n([\s\S]*?)```/g)];
  const text = NAMES.reduce((last, [name, ours]) => last.replace(name, ours), blocks[index]![1]!);
  const mended = text.replace(/,(\s*[}\]])/g, '$1').replace(/"(\s*\n\s*")/g, '",$1');
  return JSON.parse(mended.replace(/,(\s*),/g, ',$1')) as Record<string, string>[];
}
