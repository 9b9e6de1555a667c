import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Why } from '../../src/pipelines/why.js';
import { waitFor } from '../support/wait-for.js';
import { PlanRig } from './plan-rig.js';
import { amend, seed } from './random-edits.js';
import { MAPPING } from './rig.js';

let on: PlanRig;
let registrations: string[];

beforeAll(async () => {
  on = await PlanRig.start();
  registrations = await seed(on);
});

afterAll(() => on.stop());

async function keyOf(email: string): Promise<string> {
  const { rows } = await on.rig.pool.query<{ id: string }>('select id from persons where email = $1', [
    email,
  ]);
  return rows[0]!.id;
}

async function why(email: string, mapping = MAPPING): Promise<Why> {
  const { body } = await on.app.operator('GET', `/v1/deliveries/${mapping}/${await keyOf(email)}`);
  return body as unknown as Why;
}

describe('Why a field has its value', () => {
  it('is told from the source to the read-back', async () => {
    const told = await why('ana@example.com');
    expect(told.why.isThere).toBe(true);
    const email = told.fields.email!;
    expect(email).toMatchObject({
      value: 'ana@example.com',
      isKnown: true,
      sources: [{ path: 'person.email', value: 'ana@example.com' }],
      expression: { file: on.file, line: 16, text: 'person.email.trim().lowerAscii()' },
      mappingVersion: 1,
      readBack: { isVerified: true, value: 'ana@example.com' },
    });
    const attempt = told.attempts.find(({ id }) => id === email.attempt)!;
    expect(attempt).toMatchObject({ outcome: 'written', status: 200 });
    expect(attempt.requestId).not.toBe('');
    expect(told.fields.foyer_status!.lookup).toEqual({
      table: 'hubspot-status',
      entry: 'confirmed',
      value: 'registered',
    });
    expect(told.versions[0]).toMatchObject({ version: told.version });
    expect(told.when).toMatchObject({ holds: true, expression: { line: 8 } });
  });

  it('names the attempt that brought it, not the later ones that had nothing to change in it', async () => {
    const before = await why('ben@example.com');
    await amend(on.rig.pool, registrations[1]!, { jobTitle: 'Baker' });
    await on.rig.settled();
    const { fields, attempts } = await why('ben@example.com');
    expect(fields.email!.attempt).toBe(before.fields.email!.attempt);
    expect(fields.jobtitle!.attempt).toBe(attempts[0]!.id);
    expect(attempts).toHaveLength(before.attempts.length + 1);
  });

  it('names the version of the mapping that made it', async () => {
    const text = on.text();
    const source = text.replace('lastname: person.lastName', 'lastname: person.lastName.upperAscii()');
    const { version } = await on.apply((await on.plan({ source })).id);
    await on.settled();
    const { fields, attempts } = await why('eli@example.com');
    expect(fields.lastname).toMatchObject({
      value: 'RUIZ',
      mappingVersion: version,
      attempt: attempts[0]!.id,
      expression: { text: 'person.lastName.upperAscii()', line: 18 },
      sources: [{ path: 'person.lastName', value: 'Ruiz' }],
    });
    await on.apply((await on.plan({ source: text })).id);
    await on.settled();
  });
});

describe('Why a record is not there', () => {
  it('is told where its condition does not hold, with what the condition read', async () => {
    const told = await why('silent@example.com');
    expect(told).toMatchObject({ state: 'suppressed', why: { isThere: false }, when: { holds: false } });
    expect(told.why.sentence).toContain(`when does not hold (${on.file}:8)`);
    expect(told.fields).toEqual({});
  });

  it('is told where it was rejected, with file, line and field', async () => {
    const source = on
      .text()
      .replace('  company: person.company\n', '  company: { value: person.company, missing: reject }\n');
    await on.apply((await on.plan({ source: source.slice(0, source.indexOf('examples:')) })).id);
    await on.settled();
    const told = await why('eli@example.com');
    expect(told).toMatchObject({
      state: 'rejected',
      reason: { code: 'missing-value', field: 'company', line: 19, file: on.file },
    });
    expect(told.why.sentence).toContain(`${on.file}:19`);
    // What was sent before still stands there: none of it was taken away.
    expect(told.why.isThere).toBe(true);
    expect(told.why.sentence).toMatch(
      new RegExp(`^Version \\d+ stands there as ${told.targetId}; version ${told.version} was rejected: `),
    );
    await on.apply((await on.plan({ source: on.text() })).id);
    await on.settled();
  });

  it('is told where the mapping is paused, and where it is tried again', async () => {
    await on.app.operator('POST', `/v1/mappings/${MAPPING}/pause`);
    const event = await on.rig.people.event('paused');
    await on.rig.people.register(event, ['paused@example.com']);
    const paused = await why('paused@example.com');
    expect(paused).toMatchObject({ state: 'pending', version: 0, why: { isThere: false } });
    expect(paused.why.sentence).toBe('Version 1 waits: the mapping is paused.');
    await on.rig.faults([{ kind: 'status', status: 503, rate: 1, path: 'upsert' }]);
    await on.app.operator('POST', `/v1/mappings/${MAPPING}/resume`);
    const retrying = await waitFor(
      () => why('paused@example.com'),
      ({ state }) => state === 'retrying',
    );
    expect(retrying.why.sentence).toContain('It is tried again at 2');
    await on.rig.faults([]);
    await on.rig.settled();
  });

  it('is a 404 for what is no record of the stream, no mapping and no key', async () => {
    const person = await keyOf('ana@example.com');
    for (const place of [`${MAPPING}/${registrations[0]!}`, `nobody.knows/${person}`, `${MAPPING}/ana`]) {
      const answer = await on.app.call('GET', `/v1/deliveries/${place}`, {
        token: 'fk_operator-of-the-tests',
      });
      expect(answer.status, place).toBe(404);
    }
  });
});

describe('Deliveries', () => {
  it('are found by the e-mail of a person', async () => {
    const { body } = await on.app.operator('GET', '/v1/deliveries?email=ANA@example.com');
    const key = await keyOf('ana@example.com');
    expect(body.items).toMatchObject([
      { mapping: MAPPING, key },
      { mapping: 'salesforce.lead', key },
    ]);
  });
});
