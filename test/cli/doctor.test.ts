import { cpSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { hubspot } from '../../sandbox/hubspot/hubspot.js';
import { mailchimp } from '../../sandbox/mailchimp/mailchimp.js';
import { salesforce } from '../../sandbox/salesforce/salesforce.js';
import { startTwin, type Twin } from '../../sandbox/twin.js';
import { runCli } from '../../src/cli/run-cli.js';
import { destinationsFor } from '../support/destinations.js';

let twins: { hubspot: Twin; salesforce: Twin };
beforeAll(async () => {
  twins = { hubspot: await startTwin(hubspot({})), salesforce: await startTwin(salesforce({})) };
});
afterAll(() => Promise.all([twins.hubspot.stop(), twins.salesforce.stop()]));

interface Examined {
  readonly destination: string;
  readonly ok: boolean;
  readonly reason?: { readonly code: string };
  readonly objects: {
    object: string;
    fields: number;
    described: Record<string, object>;
    findings: { code: string; message: string }[];
  }[];
}

function ours(): string {
  const folder = path.join(mkdtempSync(path.join(tmpdir(), 'foyer-doctor-')), 'mappings');
  cpSync('mappings', folder, { recursive: true });
  return folder;
}

const book = (): string => destinationsFor({ hubspot: twins.hubspot.url, salesforce: twins.salesforce.url });

async function doctor(mappings: string, destinations = book(), ...more: string[]) {
  let out = '';
  const stdout = { write: (text: string) => (out += text) };
  const args = ['doctor', 'hubspot', 'salesforce', '--mappings', mappings, '--destinations', destinations];
  const code = await runCli([...args, '--json', ...more], { stdout, stderr: stdout });
  return { code, examined: (JSON.parse(out) as { destinations: Examined[] }).destinations };
}

/** The metadata of an object changed in our copy, as though the backend had been otherwise when it was described. */
function describedOtherwise(mappings: string, target: string, field: string, change: object): void {
  const file = path.join(mappings, 'targets', `${target}.json`);
  const metadata = JSON.parse(readFileSync(file, 'utf8')) as { fields: Record<string, object> };
  metadata.fields[field] = { ...metadata.fields[field], ...change };
  writeFileSync(file, JSON.stringify(metadata));
}

/** An audience of Mailchimp, declared as little as may be: one of its objects says nothing of its fields. */
const audience = (baseUrl: string): string => `audience:
  connector: rest
  baseUrl: ${baseUrl}
  auth: { kind: bearer, token: '\${AUDIENCE_KEY}' }
  probe: { url: /ping }
  objects:
    tags: { write: { url: '/lists/twin-list/segments', id: body.id } }
    members:
      write: { method: PUT, url: '/lists/twin-list/members/{{ key }}', id: body.id }
      describe:
        url: /lists/twin-list/merge-fields?count=1000
        results: body.merge_fields
        name: result.tag
        type: result.type
        types: { number: double, date: date, dropdown: picklist }
        values: result.options.choices
        also: { email_address: { type: email, unique: true } }
`;

describe('foyer doctor, of destinations', () => {
  it('finds nothing wrong with the mappings that ship, at backends prepared for them, and says 0', async () => {
    const { code, examined } = await doctor(ours());
    expect(examined.flatMap(({ objects }) => objects.flatMap(({ findings }) => findings))).toEqual([]);
    expect(examined.map(({ destination, ok }) => [destination, ok])).toEqual([
      ['hubspot', true],
      ['salesforce', true],
    ]);
    expect(code).toBe(0);
  });

  it('says where a backend takes less than was described, and not where it takes more', async () => {
    const mappings = ours();
    describedOtherwise(mappings, 'salesforce.Lead', 'LastName', { length: 120 });
    describedOtherwise(mappings, 'salesforce.Lead', 'FirstName', { length: 10 });
    describedOtherwise(mappings, 'salesforce.Lead', 'Company', { required: false });
    const { code, examined } = await doctor(mappings);
    const found = examined.flatMap(({ objects }) => objects.flatMap(({ findings }) => findings));
    expect(found.map(({ code: kind, message }) => `${kind}: ${message.split(',')[0]}`).sort()).toEqual([
      'moved: Company is required now',
      'moved: LastName takes 80 characters at most',
    ]);
    expect(code).toBe(1);
  });

  it('tries whether files can be put where they shall go', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'foyer-doctor-'));
    const destinations = path.join(folder, 'destinations.yaml');
    const out: string[] = [];
    const stdout = { write: (text: string) => out.push(text) };
    const asked = ['doctor', 'storage', '--mappings', 'mappings', '--destinations', destinations];
    writeFileSync(destinations, `storage: { connector: storage, folder: ${folder} }\n`);
    expect(await runCli(asked, { stdout, stderr: stdout })).toBe(0);
    expect(out.join('')).toContain('✓ storage');
    expect(readFileSync(path.join(folder, '_foyer/probe.txt'), 'utf8')).toContain('whether it may');
    writeFileSync(destinations, `storage: { connector: storage, folder: ${folder}/gone }\n`);
    expect(await runCli(asked, { stdout, stderr: stdout })).toBe(1);
    expect(out.join('')).toContain('no-folder: The folder is not there');
  });

  it('writes what the backends say with --describe, and then nothing has moved', async () => {
    const mappings = ours();
    describedOtherwise(mappings, 'salesforce.Lead', 'LastName', { length: 120 });
    const { code, examined } = await doctor(mappings, book(), '--describe');
    const [lead] = examined[1]!.objects;
    expect(lead!.findings, 'since it was described last').toMatchObject([{ code: 'moved' }]);
    expect(code).toBe(1);
    expect(lead!.described.LastName).toMatchObject({ type: 'string', length: 80 });
    expect((await doctor(mappings)).code).toBe(0);
  });

  it('describes what a declaration describes, without a mapping yet, and a first mapping is made of it', async () => {
    const twin = await startTwin(mailchimp());
    try {
      const folder = mkdtempSync(path.join(tmpdir(), 'foyer-doctor-'));
      const destinations = path.join(folder, 'destinations.yaml');
      const mappings = path.join(folder, 'mappings');
      mkdirSync(mappings);
      vi.stubEnv('AUDIENCE_KEY', 'twin-key-us1');
      writeFileSync(destinations, audience(`${twin.url}/3.0`));
      let out = '';
      const stdout = { write: (text: string) => (out += text) };
      const run = (...args: string[]) => runCli(args, { stdout, stderr: stdout });
      const at = ['--mappings', mappings, '--destinations', destinations];
      expect(await run('doctor', 'audience', ...at), out).toBe(0);
      expect(out).toContain('members');
      expect(await run('doctor', 'audience', '--describe', ...at)).toBe(0);
      const file = path.join(mappings, 'targets/audience.members.json');
      const { fields } = JSON.parse(readFileSync(file, 'utf8')) as { fields: Record<string, object> };
      expect(fields).toMatchObject({ email_address: { unique: true }, FOYERREG: { type: 'date' } });
      expect(fields).not.toHaveProperty('tags');
      expect(await run('new', 'audience', 'members', '--folder', mappings), out).toBe(0);
      expect(await run('check', mappings), out).toBe(0);
    } finally {
      vi.unstubAllEnvs();
      await twin.stop();
    }
  });

  it('names what a mapping writes and is not there', async () => {
    const mappings = ours();
    const file = path.join(mappings, 'hubspot.contact.yaml');
    const text = readFileSync(file, 'utf8').replace(/\bjobtitle:/g, 'favourite_colour:');
    writeFileSync(file, text);
    describedOtherwise(mappings, 'hubspot.contacts', 'favourite_colour', { type: 'string', length: 100 });
    const { code, examined } = await doctor(mappings);
    const [contacts] = examined[0]!.objects;
    expect(contacts!.findings.map(({ code: kind }) => kind)).toEqual(['no-such-field']);
    expect(code).toBe(1);
  });

  it('checks mappings against what the backend says now by all rules of foyer check', async () => {
    const mappings = ours();
    const file = path.join(mappings, 'salesforce.lead.yaml');
    writeFileSync(file, readFileSync(file, 'utf8').replace('truncate: 128', 'truncate: 200'));
    describedOtherwise(mappings, 'salesforce.Lead', 'Title', { length: 300 });
    const { code, examined } = await doctor(mappings);
    const [lead] = examined[1]!.objects;
    expect(lead!.findings.map(({ code: kind }) => kind)).toEqual(['moved', 'too-long']);
    expect(code).toBe(1);
  });

  it('says what is wrong with credentials that are refused, and goes on with the others', async () => {
    const urls = { hubspot: twins.hubspot.url, salesforce: twins.salesforce.url };
    const stranger = destinationsFor(urls, 2_000, { hubspot: { token: 'pat-nobody' } });
    const { code, examined } = await doctor(ours(), stranger);
    expect(examined.map(({ ok }) => ok)).toEqual([false, true]);
    expect(examined[0]!.reason).toMatchObject({ code: expect.stringMatching(/\S/) as string });
    expect(code).toBe(1);
  });
});
