import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '../support/wait-for.js';
import { MAPPING, Rig } from './rig.js';

let rig: Rig;
let mappingsDir: string;
let event: string;

beforeAll(async () => {
  rig = await Rig.start();
  event = await rig.people.event('summit');
  mappingsDir = mkdtempSync(path.join(tmpdir(), 'foyer-mappings-'));
  cpSync('mappings', mappingsDir, { recursive: true });
});

afterAll(async () => {
  await rig.stop();
  rmSync(mappingsDir, { recursive: true, force: true });
});

function edit(from: string, to: string): void {
  const place = path.join(mappingsDir, 'hubspot.contact.yaml');
  const text = readFileSync(place, 'utf8');
  expect(text).toContain(from);
  writeFileSync(place, text.replace(from, to));
}

function consumed(): Promise<unknown> {
  return waitFor(
    () => rig.pool.query('select 1 from redeliveries where mapping = $1', [MAPPING]),
    ({ rows }) => rows.length === 0,
  );
}

async function expectBalanced(): Promise<void> {
  const { records, states, unaccounted, changes } = await rig.settled();
  expect(unaccounted).toBe(0);
  expect(changes.total).toBe(changes.settled + changes.superseded + changes.waiting);
  expect(records).toBe(Object.values(states).reduce((sum, n) => sum + n, 0));
}

describe('A mapping that is put in force while a worker runs', () => {
  it('is used from the next round on, and what was delivered before is delivered by it, in differences', async () => {
    await rig.startWorker({ mappingsDir });
    await rig.people.register(event, ['ana@example.com', 'ben@example.com']);
    await rig.people.register(event, ['silent@example.com'], false);
    await rig.settled();
    edit('lastname: person.lastName', 'lastname: person.lastName.upperAscii()');
    await rig.startWorker({ mappingsDir, autoApply: true });
    await consumed();
    await expectBalanced();
    const contacts = await rig.contacts();
    expect(contacts.map(({ fields, writes }) => [fields.email, fields.lastname, writes]).sort()).toEqual([
      ['ana@example.com', 'RUIZ', 2],
      ['ben@example.com', 'RUIZ', 2],
    ]);
    await rig.people.register(event, ['carl@example.com']);
    await rig.settled();
    expect((await rig.contactOf('carl@example.com'))?.fields.lastname).toBe('RUIZ');
  });

  it('may have another number of lanes: nothing is lost and nothing is counted twice', async () => {
    for (const lanes of ['lanes: 1', 'lanes: 8']) {
      edit(/lanes: \d/.exec(readFileSync(path.join(mappingsDir, 'hubspot.contact.yaml'), 'utf8'))![0], lanes);
      await rig.startWorker({ mappingsDir, autoApply: true });
      await rig.people.register(event, [`${lanes.at(-1)}-lanes@example.com`]);
      await consumed();
      await expectBalanced();
      expect(await rig.contactOf(`${lanes.at(-1)}-lanes@example.com`)).toBeDefined();
    }
  });

  it('asks again for what an earlier version settled after it was put in force', async () => {
    await rig.pool.query('update lanes set mapping_version = mapping_version + 1 where mapping = $1', [
      MAPPING,
    ]);
    const { rows } = await rig.pool.query<{ n: number }>(
      `select count(*)::int as n from redeliveries where mapping = $1`,
      [MAPPING],
    );
    expect(rows[0]!.n).toBe(0);
    await rig.people.register(event, ['late@example.com']);
    // No such version can be had, so each round ends on the one before and asks for its records again.
    await waitFor(
      () => rig.pool.query('select key from redeliveries where mapping = $1', [MAPPING]),
      (asked) => asked.rows.length === 1,
    );
    await rig.pool.query('update lanes set mapping_version = mapping_version - 1 where mapping = $1', [
      MAPPING,
    ]);
    await consumed();
    await expectBalanced();
  });
});
