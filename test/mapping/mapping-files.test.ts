import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { compileStored, loadMappings, renderAll } from '../../src/pipelines/mapping-files.js';
import { parsePicklist } from '../../src/mapping/picklist.js';

const shipped = path.resolve(import.meta.dirname, '../../mappings');
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'foyer-mappings-'));
  await cp(shipped, folder, { recursive: true });
});

afterEach(() => rm(folder, { recursive: true }));

async function edit(name: string, from: string, to: string): Promise<void> {
  const file = path.join(folder, name);
  const text = await readFile(file, 'utf8');
  expect(text).toContain(from);
  await writeFile(file, text.replace(from, to));
}

describe('A folder of mapping files', () => {
  it('gives every mapping that is sound, and what is wrong with the others', async () => {
    await edit('hubspot.contact.yaml', 'person.firstName', 'person.fristName');
    const { mappings, diagnostics, files } = loadMappings(folder);
    const names = mappings.map(({ name }) => name);
    expect(names).toContain('salesforce.lead');
    expect(names).not.toContain('hubspot.contact');
    expect(files).toHaveLength(names.length + 1);
    expect(renderAll(diagnostics)).toContain('hubspot.contact.yaml:17:21 error unknown-attribute');
  });

  it('that is not there holds none', () => {
    expect(loadMappings(path.join(folder, 'nowhere'))).toEqual({
      mappings: [],
      diagnostics: [],
      files: [],
    });
  });

  it('tells of a table and of metadata that are unreadable', async () => {
    await edit('picklists/lead-status.yaml', 'confirmed: Open', 'confirmed: Opne');
    await writeFile(path.join(folder, 'targets/hubspot.contacts.json'), '{');
    const codes = loadMappings(folder).diagnostics.map(({ code }) => code);
    expect(codes).toEqual(expect.arrayContaining(['bad-target-metadata', 'unknown-picklist-value']));
  });
});

describe('An applied version', () => {
  const record = {
    person: { id: 'p-1', email: 'a@b.example', firstName: 'A', lastName: 'B' },
    registrations: [
      {
        id: 'r',
        event: { slug: 's', name: 'S' },
        status: 'confirmed',
        createdAt: '2026-01-01T00:00:00.000Z',
      },
    ],
    consents: [{ purpose: 'marketing', granted: true, at: '2026-01-01T00:00:00.000Z' }],
  };

  it('runs on unchanged when its table changes, and the change shows in the source to apply', async () => {
    const before = loadMappings(folder).mappings.find(({ name }) => name === 'salesforce.lead')!;
    await edit('picklists/lead-status.yaml', 'confirmed: Open', 'confirmed: Nurturing');
    const after = loadMappings(folder).mappings.find(({ name }) => name === 'salesforce.lead')!;
    const stored = compileStored(folder, before);
    expect(stored.evaluate(record)).toMatchObject({ fields: { Status: 'Open' } });
    expect(after.evaluate(record)).toMatchObject({ fields: { Status: 'Nurturing' } });
    expect(after.source).not.toBe(before.source);
  });

  it('does not differ because metadata changed that it has nothing to do with', async () => {
    const [before] = loadMappings(folder).mappings;
    await edit(
      'targets/hubspot.contacts.json',
      '"website": {"type": "string", "length": 65536}',
      '"website": {"type": "string"}',
    );
    const [after] = loadMappings(folder).mappings;
    expect(after!.source).toBe(before!.source);
  });

  it('that no longer compiles says why', () => {
    expect(() => compileStored(folder, { file: 'x.yaml', source: 'mapping: [' })).toThrow(
      /x\.yaml:1:\d+ error yaml-syntax/,
    );
  });
});

describe('A picklist', () => {
  it('must know every value that its source can have, or say what happens otherwise', () => {
    const holey = 'picklist: p\nof: Registration.status\nvalues: { confirmed: A, waitlistd: B }\n';
    const told = parsePicklist('p.yaml', holey).diagnostics.map(({ line, column, code, nearest }) => [
      line,
      column,
      code,
      nearest,
    ]);
    expect(told).toEqual([
      [3, 1, 'picklist-hole', null],
      [3, 25, 'unknown-value', 'waitlisted'],
    ]);
    const closed = parsePicklist(
      'p.yaml',
      'picklist: p\nof: Registration.status\nvalues: { confirmed: A }\notherwise: B\n',
    );
    expect(closed).toMatchObject({ diagnostics: [], picklist: { name: 'p', otherwise: 'B' } });
  });

  it('that is none says so', () => {
    const codes = (text: string): string[] =>
      parsePicklist('p.yaml', text).diagnostics.map(({ code }) => code);
    expect(codes('values: {}')).toEqual(['incomplete-picklist']);
    expect(codes('picklist: p\nvalues: { a: [] }')).toEqual(['wrong-type']);
    expect(codes('picklist: p\nof: Person.email\nvalues: { a: b }')).toEqual(['unknown-attribute']);
    expect(codes('picklist: [')).toContain('yaml-syntax');
  });
});
