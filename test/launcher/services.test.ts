import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { ChildList } from '../../scripts/launcher/child-list.mjs';
import { PortBook } from '../../scripts/launcher/port-book.mjs';
import { Services } from '../../scripts/launcher/services.mjs';

it.each([
  ['the HubSpot twin', 4310, '/_twin', (services: Services) => services.twin('hubspot', 'HubSpot', 4310, {})],
  ['the identity provider', 4311, '/jwks', (services: Services) => services.identity({})],
])(
  '%s goes to the next port when another program takes the chosen one before it binds',
  async (name, port, path_, make) => {
    const varDir = mkdtempSync(path.join(tmpdir(), 'foyer-services-'));
    for (const folder of ['log', 'twins']) mkdirSync(path.join(varDir, folder));
    writeFileSync(path.join(varDir, 'ports.json'), JSON.stringify({ [name]: port }));
    const notes: string[] = [];
    const services = new Services({
      varDir,
      children: new ChildList(path.join(varDir, 'children.json'), () => undefined),
      ports: new PortBook(path.join(varDir, 'ports.json'), (line: string) => notes.push(line)),
      giveUp: (error: Error) => notes.push(error.message),
    });
    const server = await make(services);
    const other = createServer().listen(port, '127.0.0.1');
    await once(other, 'listening');

    const { value: url } = (await server.start()) as { value: string };
    expect(notes).toEqual([`Port ${port} is taken; ${name} takes ${new URL(url).port}.`]);
    expect((await fetch(url + path_)).status).toBe(200);

    await server.stop();
    other.close();
    rmSync(varDir, { recursive: true, force: true });
  },
);
