import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { ChildList } from '../../scripts/launcher/child-list.mjs';
import { PortBook } from '../../scripts/launcher/port-book.mjs';
import { Services } from '../../scripts/launcher/services.mjs';

it('goes to the next port when another program takes the chosen one before the server binds', async () => {
  const varDir = mkdtempSync(path.join(tmpdir(), 'foyer-services-'));
  for (const folder of ['log', 'twins']) mkdirSync(path.join(varDir, folder));
  const notes: string[] = [];
  const services = new Services({
    varDir,
    children: new ChildList(path.join(varDir, 'children.json'), () => undefined),
    ports: new PortBook(path.join(varDir, 'ports.json'), (line: string) => notes.push(line)),
    giveUp: (error: Error) => notes.push(error.message),
  });
  const twin = await services.twin('hubspot', 'HubSpot', 4310, {});
  const other = createServer().listen(4310, '127.0.0.1');
  await once(other, 'listening');

  const { value: url } = (await twin.start()) as { value: string };
  expect(notes).toEqual([expect.stringMatching(/^Port 4310 is taken; the HubSpot twin takes \d+\.$/)]);
  expect((await fetch(`${url}/_twin`)).status).toBe(200);

  await twin.stop();
  other.close();
  rmSync(varDir, { recursive: true, force: true });
});
