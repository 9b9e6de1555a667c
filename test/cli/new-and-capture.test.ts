import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCli } from '../../src/cli/run-cli.js';
import { contractOf, mappableStreams } from '../../src/mapping/stream-contracts.js';
import { sampleRecord, withoutPerson } from '../../src/mapping/sample-record.js';
import { OPERATOR, TestApp } from '../http/app.js';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'foyer-new-'));
  await cp('mappings', folder, { recursive: true });
});

afterAll(() => rm(folder, { recursive: true }));

async function foyer(args: string[]): Promise<{ code: number; out: string; err: string }> {
  let [out, err] = ['', ''];
  const stdout = { write: (text: string) => (out += text) };
  const stderr = { write: (text: string) => (err += text) };
  const code = await runCli(args, { stdout, stderr });
  return { code, out, err };
}

describe('foyer new', () => {
  it.each([
    ['hubspot', 'contacts', 'person'],
    ['hubspot', 'contacts', 'registration'],
    ['salesforce', 'Lead', 'person'],
    ['salesforce', 'Lead', 'attendance'],
  ])('writes a mapping that passes check and test: %s %s of %s', async (destination, object, stream) => {
    const name = `${destination}.fresh-${stream}`;
    const args = ['new', destination, object, '--stream', stream, '--name', name, '--folder', folder];
    const { code, out } = await foyer(args);
    const file = path.join(folder, `${name}.yaml`);
    expect([code, out]).toEqual([0, expect.stringContaining(`${file} written`) as string]);
    expect(await foyer(['check', file])).toMatchObject({
      code: 0,
      out: expect.stringContaining('0 errors, 0 warnings') as string,
    });
    expect(await foyer(['test', file])).toMatchObject({
      code: 0,
      out: expect.stringContaining('1 of 1 examples hold') as string,
    });
    const text = await readFile(file, 'utf8');
    expect(text).toContain('consent.granted("marketing")');
    expect(await foyer(args)).toMatchObject({
      code: 1,
      err: expect.stringContaining('is there already') as string,
    });
    expect(await readFile(file, 'utf8')).toBe(text);
  });

  it.each([
    [['new', 'hubspot'], 'name a destination and an object'],
    [['new', 'hubspot', 'contact'], 'did you mean hubspot contacts?'],
    [['new', 'hubspot', 'contacts', '--stream', 'persons'], '--stream is one of'],
    [['new', 'hubspot', 'contacts', '--name', 'Contact'], 'is no name for a mapping'],
  ])('says what is wrong with %j', async (args, message) => {
    expect(await foyer(args)).toMatchObject({ code: 2, err: expect.stringContaining(message) as string });
  });
});

describe('A record without its person', () => {
  it.each(mappableStreams)('of %s keeps its shape and nothing personal', (stream) => {
    const contract = contractOf(stream)!;
    const record = sampleRecord(contract);
    expect(withoutPerson(record, contract)).toEqual(record);
  });

  it('has the same replacement wherever a value stands, and no attribute that is not known', () => {
    const contract = contractOf('person')!;
    const secret = 'grace.hopper@navy.example';
    const made = withoutPerson(
      {
        person: {
          id: '0198f2d4-7a1c-7000-8000-00000000beef',
          email: secret,
          firstName: 'Grace',
          note: 'secret note',
        },
        registrations: [
          {
            id: '0198f2d4-7a1c-7000-8000-00000000cafe',
            status: 'confirmed',
            answers: { contact: secret, size: 3, diet: ['vegan'] },
          },
        ],
        consents: [{ purpose: 'marketing', granted: true, at: '2026-01-01T00:00:00.000Z' }],
      },
      contract,
    );
    expect(made).toEqual({
      person: { id: '00000000-0000-7000-8000-000000000001', email: 'person-1@example.com', firstName: 'Ana' },
      registrations: [
        {
          id: '00000000-0000-7000-8000-000000000002',
          status: 'confirmed',
          answers: { contact: 'contact 1', size: 3, diet: ['diet 1'] },
        },
      ],
      consents: [{ purpose: 'marketing', granted: true, at: '2026-01-01T00:00:00.000Z' }],
    });
    expect(JSON.stringify(made)).not.toMatch(/grace|hopper|beef|cafe|secret|vegan/i);
  });
});

describe('foyer capture', () => {
  let app: TestApp;
  let person: string;

  beforeAll(async () => {
    app = await TestApp.start();
    const slug = await app.openEvent();
    const attendee = { email: 'grace.hopper@navy.example', firstName: 'Grace', lastName: 'Hopper' };
    expect((await app.register(slug, { attendee })).status).toBe(201);
    const { rows } = await app.pool.query<{ key: string }>(
      `select key from changes where stream = 'person' order by seq desc limit 1`,
    );
    person = rows[0]!.key;
  });

  afterAll(() => app.stop());

  const call = (...args: string[]): ReturnType<typeof foyer> =>
    foyer(['capture', ...args, '--api', app.url, '--key', OPERATOR]);

  it('makes an example that the mapping keeps, without the person', async () => {
    const file = path.join(folder, 'hubspot.contact.yaml');
    const before = await readFile(file, 'utf8');
    const shown = await call('person', person, file, '--name', 'someone real');
    expect(shown).toMatchObject({ code: 0, err: '' });
    expect(shown.out).toContain('- name: someone real');
    expect(shown.out).not.toMatch(/grace|hopper/i);
    expect(shown.out).not.toContain(person);
    expect(await readFile(file, 'utf8')).toBe(before);

    expect(await call('person', person, file, '--name', 'someone real', '--write')).toMatchObject({
      code: 0,
    });
    expect((await readFile(file, 'utf8')).startsWith(before.trimEnd())).toBe(true);
    const tested = await foyer(['test', file]);
    expect(tested).toMatchObject({ code: 0, out: expect.stringContaining('✓ someone real') as string });
    await writeFile(file, before);
  });

  it('gives a mapping the ids that it needs, made up, and the example holds', async () => {
    const slug = await app.openEvent();
    const consents = [{ purpose: 'marketing', granted: true }];
    const { body } = await app.register(slug, { consents });
    const file = path.join(folder, 'salesforce.campaign-member.yaml');
    const before = await readFile(file, 'utf8');
    const args = ['registration', body.id, file, '--name', 'a real member'];
    const json = JSON.parse((await call(...args, '--json')).out) as Record<string, object>;
    expect(json.targets).toEqual({ 'salesforce.campaign': '1001', 'salesforce.lead': '1002' });
    expect(json.expect).toMatchObject({ CampaignId: '1001', LeadId: '1002' });

    expect(await call(...args, '--write')).toMatchObject({ code: 0, err: '' });
    const tested = await foyer(['test', file]);
    expect(tested).toMatchObject({ code: 0, out: expect.stringContaining('✓ a real member') as string });
    await writeFile(file, before);
  });

  it('shows the record alone where no mapping is named, and says what it cannot', async () => {
    const { out } = await call('person', person);
    expect(out).toContain('email: person-1@example.com');
    expect(await call('person', '0198f2d4-7a1c-7000-8000-000000000000')).toMatchObject({
      code: 1,
      err: expect.stringContaining('has no record') as string,
    });
    expect(await call('persons', person)).toMatchObject({ code: 2 });
    expect(await call('person', person, '--write')).toMatchObject({ code: 2 });
    const lead = path.join(folder, 'nowhere.yaml');
    expect(await call('person', person, lead)).toMatchObject({
      code: 2,
      err: expect.stringContaining('cannot read') as string,
    });
  });
});
