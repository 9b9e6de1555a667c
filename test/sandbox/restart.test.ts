import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { JournalFile } from '../../sandbox/journal-file.js';
import { Journal } from '../../sandbox/journal.js';
import { Store } from '../../sandbox/store/store.js';
import { call, TOKEN } from './twins.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
let folder: string;
const children: ChildProcess[] = [];

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'foyer-twin-'));
  writeFileSync(path.join(folder, 'package.json'), '{"type":"module"}');
  symlinkSync(path.join(ROOT, 'node_modules'), path.join(folder, 'node_modules'));
  const compiler = path.join(ROOT, 'node_modules/@swc/cli/bin/swc.js');
  execFileSync(
    process.execPath,
    [compiler, 'sandbox', '-d', path.join(folder, 'dist'), '--config-file', '.swcrc', '-q'],
    { cwd: ROOT },
  );
});

afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

interface Running {
  child: ChildProcess;
  url: string;
}

async function start(...given: string[]): Promise<Running> {
  const main = path.join(folder, 'dist/sandbox/main.js');
  const child = spawn(process.execPath, [main, ...given], { stdio: ['pipe', 'pipe', 'inherit'] });
  children.push(child);
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return { child, ...(JSON.parse(line.toString()) as { twin: string; url: string }) };
}

async function end({ child }: Running, signal: NodeJS.Signals): Promise<number | null> {
  const exit = once(child, 'exit') as Promise<[number | null]>;
  child.kill(signal);
  return (await exit)[0];
}

function upsert(url: string, email: string, firstname: string) {
  const inputs = [{ id: email, idProperty: 'email', objectWriteTraceId: email, properties: { firstname } }];
  return call(
    `POST`,
    `${url}/crm/v3/objects/contacts/batch/upsert`,
    { inputs },
    { Authorization: `Bearer ${TOKEN}` },
  );
}

async function items<Entry>(url: string, what: string): Promise<Entry[]> {
  return (await call<{ items: Entry[] }>('GET', `${url}/_twin/${what}`)).body.items;
}

describe('A twin as a program of its own', () => {
  it('keeps records, journal and properties over a kill -9', async () => {
    const file = path.join(folder, 'hubspot.ndjson');
    const first = await start('hubspot', '--journal', file);
    await upsert(first.url, 'ada@example.com', 'Ada');
    await upsert(first.url, 'ada@example.com', 'Augusta');
    await upsert(first.url, 'not an address', 'Nobody');
    const property = {
      name: 'shoe',
      label: 'Shoe',
      type: 'string',
      fieldType: 'text',
      groupName: 'g',
      hasUniqueValue: true,
    };
    await call('POST', `${first.url}/crm/v3/properties/contacts`, property, {
      Authorization: `Bearer ${TOKEN}`,
    });
    const before = {
      journal: await items(first.url, 'journal'),
      records: await items<{ id: string }>(first.url, 'records/contacts'),
    };
    await end(first, 'SIGKILL');
    appendFileSync(file, '{"call":{"at":1,"method":"PO');

    const second = await start('hubspot', `--journal=${file}`);
    expect(await items(second.url, 'journal')).toEqual(before.journal);
    expect(await items(second.url, 'records/contacts')).toEqual(before.records);
    const { body } = await call('GET', `${second.url}/crm/v3/properties/contacts/shoe`, undefined, {
      Authorization: `Bearer ${TOKEN}`,
    });
    expect(body).toMatchObject({ name: 'shoe', hasUniqueValue: true });
    await upsert(second.url, 'ADA@example.com', 'Ada');
    await upsert(second.url, 'grace@example.com', 'Grace');
    const after = await items<{ id: string; writes: number }>(second.url, 'records/contacts');
    expect(after.map(({ writes }) => writes)).toEqual([3, 1]);
    expect(after[1]!.id).not.toBe(before.records[0]!.id);
    await end(second, 'SIGKILL');

    const third = await start('hubspot', '--journal', file);
    expect(await items(third.url, 'records/contacts')).toEqual(after);
    await call('DELETE', `${third.url}/_twin`);
    await end(third, 'SIGKILL');
    const fourth = await start('hubspot', '--journal', file);
    expect(await items(fourth.url, 'records/contacts')).toEqual([]);
    expect(await items(fourth.url, 'journal')).toEqual([]);
    await end(fourth, 'SIGKILL');
  });

  it('ends at once on SIGTERM, and with its parent when asked to', async () => {
    expect(await end(await start('salesforce'), 'SIGTERM')).toBe(0);
    const orphan = await start('salesforce', '--with-parent');
    const exit = once(orphan.child, 'exit') as Promise<[number | null]>;
    orphan.child.stdin!.end();
    expect((await exit)[0]).toBe(0);
  });

  it('says what is wrong with its command line, and that a port is taken', async () => {
    const run = async (...given: string[]) => {
      const child = spawn(process.execPath, [path.join(folder, 'dist/sandbox/main.js'), ...given], {
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      let text = '';
      child.stderr.on('data', (chunk: Buffer) => (text += chunk.toString()));
      const [code] = (await once(child, 'close')) as [number];
      return { code, text };
    };
    expect(await run('pipedrive')).toMatchObject({
      code: 2,
      text: expect.stringContaining('Which twin?') as string,
    });
    expect(await run('hubspot', '--port', '99999')).toMatchObject({
      code: 2,
      text: expect.stringContaining('--port 99999') as string,
    });
    expect(await run('hubspot', '--journal')).toMatchObject({ code: 2 });
    const running = await start('hubspot');
    const port = new URL(running.url).port;
    expect(await run('hubspot', '--port', port)).toMatchObject({
      code: 1,
      text: expect.stringContaining('EADDRINUSE') as string,
    });
    await end(running, 'SIGTERM');
  });

  it('serves its page when it was built into another folder without it, or says what is missing', async () => {
    const running = await start('hubspot');
    const { status, text } = await call('GET', `${running.url}/_twin`);
    expect(status === 200 || text.includes('copy sandbox/page')).toBe(true);
    await end(running, 'SIGTERM');
  });
});

describe('The journal file', () => {
  it('is written anew when it has grown too far, and loses no record', () => {
    const file = path.join(folder, 'growing.ndjson');
    const store = new Store();
    const journal = new Journal();
    const growing = new JournalFile(file, store, journal, 4096);
    for (let n = 1; n <= 200; n += 1) {
      const key = `k${n % 20}`;
      const row = store.table('contacts', ['email']).findOne('email', key);
      store.counter = n;
      if (row === undefined) store.insert(store.table('contacts'), String(n), key, { email: key }, n);
      else store.update(store.table('contacts'), row, key, { email: key, n }, n);
      const entry = { at: n, method: 'POST', path: '/', status: 200 };
      const notes = [
        { object: 'contacts', key, id: key, outcome: 'created' as const, request: null, response: null },
      ];
      journal.add(entry, notes);
      growing.append(entry, notes);
    }
    growing.close();
    const reloaded = { store: new Store(), journal: new Journal() };
    new JournalFile(file, reloaded.store, reloaded.journal).close();
    expect(reloaded.store.counter).toBe(200);
    expect(reloaded.store.table('contacts').rows.map(({ writes }) => writes)).toEqual(Array(20).fill(10));
    expect(reloaded.journal.page(0, 1000).items).toEqual(journal.page(0, 1000).items);
  });
});
