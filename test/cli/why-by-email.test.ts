import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCli } from '../../src/cli/run-cli.js';
import { addSession, takeIn } from '../activity/signal-rows.js';
import { OPERATOR } from '../http/app.js';
import { PlanRig } from '../pipelines/plan-rig.js';
import { MAPPING } from '../pipelines/rig.js';

const PRESENCE = `
mapping: hubspot.presence
stream: attendance
destination: hubspot
object: contacts
operation: upsert
when: '!has(session.id) && consent.granted("marketing")'
whenNot: keep
key: { field: foyer_person_id, value: attendance.id }
fields:
  email: person.email
`;

let on: PlanRig;
let event: string;
let registration: string;

beforeAll(async () => {
  on = await PlanRig.start();
  event = await on.rig.people.event('summit');
  [registration] = (await on.rig.people.register(event, ['ana@example.com'])) as [string];
  await on.rig.settled();
});

afterAll(() => on.stop());

async function foyer(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  let [out, err] = ['', ''];
  const stdout = { write: (text: string) => (out += text) };
  const stderr = { write: (text: string) => (err += text) };
  const code = await runCli([...args, '--api', on.app.url, '--key', OPERATOR], { stdout, stderr });
  return { code, out, err };
}

describe('foyer why by an e-mail', () => {
  it('says that the mapping is paused where no lane has come to the record', async () => {
    await on.app.operator('POST', `/v1/mappings/${MAPPING}/pause`);
    await on.rig.people.register(event, ['late@example.com']);
    const { code, out, err } = await foyer('why', MAPPING, 'Late@Example.com');
    expect([code, err]).toEqual([1, '']);
    expect(out).toContain('Version 1 waits: the mapping is paused.');
    await on.app.operator('POST', `/v1/mappings/${MAPPING}/resume`);
    await on.rig.settled();
    expect((await foyer('why', MAPPING, 'late@example.com')).code).toBe(0);
  });

  it('finds each record that a mapping of attendance has of the person, the newest first', async () => {
    const file = path.join(on.mappingsDir, 'hubspot.presence.yaml');
    writeFileSync(file, PRESENCE);
    expect(await foyer('apply', file, '--force', '--no-wait')).toMatchObject({ code: 0, err: '' });
    const session = await addSession(on.rig.pool, event, 'opening');
    const at = { event, registration, email: 'ana@example.com' };
    await takeIn(on.rig.pool, [
      { ...at, sourceId: '1', type: 'joined', at: '2030-01-01T09:00:00Z' },
      { ...at, sourceId: '2', type: 'joined', session, at: '2030-01-01T09:10:00Z' },
    ]);
    const { rows } = await on.rig.pool.query<{ id: string }>('select id from attendance order by id desc');
    expect(rows).toHaveLength(2);
    const told = await foyer('why', 'hubspot.presence', 'ANA@example.com');
    expect(told).toMatchObject({ code: 1, err: '' });
    expect(told.out.match(/^hubspot\.presence \S+/gm)).toEqual(
      rows.map(({ id }) => `hubspot.presence ${id}`),
    );
    expect(told.out).toContain('person.email = "ana@example.com"');
    await on.rig.pool.query(
      `insert into deliveries (mapping, key, slot, version, wanted, state, mapping_version)
       select 'hubspot.presence', id, 0, 1, 1, 'verified', 1 from attendance`,
    );
    const listed = await on.app.operator(
      'GET',
      '/v1/deliveries?mapping=hubspot.presence&email=ana@example.com',
    );
    expect(listed.body.items).toHaveLength(2);
  });

  it('says 2 where nothing can be found by an e-mail, and 1 where nobody has it', async () => {
    const unknown = await foyer('why', 'nobody.knows', 'ana@example.com');
    expect(unknown).toMatchObject({ code: 2, err: expect.stringContaining('knows no mapping') as string });
    const nobody = await foyer('why', MAPPING, 'nobody@example.com');
    expect(nobody).toMatchObject({ code: 1, err: expect.stringContaining('has no record') as string });
  });
});

describe('GET /v1/records/:stream?email=', () => {
  it('leads on from page to page, whatever the case of the e-mail', async () => {
    const first = await on.app.operator('GET', '/v1/records/attendance?email=%20ANA@example.com&limit=1');
    expect(first.body.items).toMatchObject([{ stream: 'attendance', version: 1 }]);
    const place = `/v1/records/attendance?email=ana@example.com&limit=1&cursor=${first.body.next}`;
    const second = await on.app.operator('GET', place);
    expect(second.body).toMatchObject({ items: [{ stream: 'attendance' }], next: null });
    expect(second.body.items[0]!.key).not.toBe(first.body.items[0]!.key);
  });

  it('refuses streams whose records are of nobody, and knows no others', async () => {
    const asked = async (path: string) => (await on.app.call('GET', path, { token: OPERATOR })).status;
    expect(await asked('/v1/records/event?email=ana@example.com')).toBe(400);
    expect(await asked('/v1/records/attendance')).toBe(400);
    expect(await asked('/v1/records/persons?email=ana@example.com')).toBe(404);
  });
});
