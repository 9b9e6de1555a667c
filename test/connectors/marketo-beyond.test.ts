/** What Marketo offers beyond leads: members of programs, custom activities, describing. As documented by Adobe. */
import { describe, expect, test } from 'vitest';
import type { ObjectTarget } from '../../src/connectors/connector.js';
import { json } from './scripted-server.js';
import { done, leads, record, refused, scriptedMarketo, signal } from './scripted-marketo.js';

const members: ObjectTarget = { object: 'program-members', operation: 'upsert', keyField: 'membership' };
const activities: ObjectTarget = { object: 'activity-100001', operation: 'append', keyField: 'reference' };
const { server, answerWith, connector, calls, bodies } = scriptedMarketo();

describe('program members', () => {
  const given = [
    record('1044/1800', { statusName: 'Attended' }),
    record('1044/1801', { statusName: 'Attended' }),
    record('1044/1235', { statusName: 'Attended' }),
  ];

  test('have the status that was wanted where they are past it already: 1037 is done', async () => {
    const reason = { code: '1037', message: 'Lead skipped because it is already in or past this status' };
    answerWith(
      done(
        { seq: 0, status: 'skipped', reasons: [reason] },
        { seq: 1, status: 'updated', leadId: 1801 },
        { seq: 2, status: 'created', leadId: 1235 },
      ),
    );
    const { outcomes } = await connector().send(members, given, { signal });
    expect(outcomes).toEqual([
      { kind: 'unchanged', targetId: '1044/1800' },
      { kind: 'written', targetId: '1044/1801', created: false },
      { kind: 'written', targetId: '1044/1235', created: true },
    ]);
    expect(calls()[0]!.path).toBe('/rest/v1/programs/1044/members/status.json');
    expect(bodies()).toEqual([
      { statusName: 'Attended', input: [{ leadId: 1800 }, { leadId: 1801 }, { leadId: 1235 }] },
    ]);
  });

  test('are written a program and a status at a time, and their data after it', async () => {
    answerWith(
      done({ seq: 0, status: 'created', leadId: 1 }),
      done({ seq: 0, status: 'updated', leadId: 2 }),
      done({ seq: 0, status: 'created', leadId: 3 }),
      done({ seq: 0, status: 'updated', leadId: 1 }),
    );
    const { outcomes } = await connector().send(
      members,
      [
        record('1044/1', { statusName: 'Registered', registrationCode: 'r-1' }),
        record('1044/2', { statusName: 'Attended' }),
        record('1045/3', { statusName: 'Registered' }),
      ],
      { signal },
    );
    expect(calls().map(({ path }) => path.replace('/rest/v1/programs/', ''))).toEqual([
      '1044/members/status.json',
      '1044/members/status.json',
      '1045/members/status.json',
      '1044/members.json',
    ]);
    expect(bodies()[3]).toEqual({ input: [{ leadId: 1, registrationCode: 'r-1' }] });
    expect(outcomes.map((outcome) => outcome.kind === 'written' && outcome.created)).toEqual([
      true,
      false,
      true,
    ]);
  });

  test('of a program that does not exist are rejected by one call, and those of another go through', async () => {
    answerWith(refused('1013', "Program '7' not found"), done({ seq: 0, status: 'created', leadId: 1 }));
    const { outcomes } = await connector().send(
      members,
      [
        record('7/1', { statusName: 'Registered' }),
        record('7/2', { statusName: 'Registered' }),
        record('1044/1', { statusName: 'Registered' }),
      ],
      { signal },
    );
    expect(outcomes.map(({ kind }) => kind)).toEqual(['rejected', 'rejected', 'written']);
    expect(calls()).toHaveLength(2);
  });

  test('with a key that names no program and lead are rejected without a call', async () => {
    const { outcomes } = await connector().send(members, [record('ana@example.com', {})], { signal });
    expect(outcomes[0]).toMatchObject({ kind: 'rejected', reason: { code: 'bad-key', owner: 'mapping' } });
    expect(server.seen).toHaveLength(0);
  });

  test('who went further than was asked stand as they should; who stands before it do not', () => {
    const one = connector();
    const is = (wanted: string, stored: string) => one.isFulfilled!(members, 'statusName', wanted, stored);
    expect(is('Registered', 'Attended')).toBe(true);
    expect(is('Attended', 'Registered')).toBe(false);
    expect(is('Registered', 'Influenced')).toBe(false);
    expect(one.isFulfilled!(leads, 'statusName', 'Registered', 'Attended')).toBe(false);
  });
});

describe('custom activities', () => {
  const given = [1001, 1200, 3000].map((leadId, n) =>
    record(`i-${n}`, {
      leadId: String(leadId),
      activityDate: '2016-09-26T06:56:35+07:00',
      primaryAttributeValue: 'Game Giveaway',
      uRL: 'http://www.nvidia.com/game-giveaway',
    }),
  );

  test('are added as documented, a lead that is gone named', async () => {
    answerWith(
      done(
        { id: 50, marketoGUID: '50', status: 'added' },
        { id: 51, marketoGUID: '51', status: 'added' },
        { status: 'skipped', errors: [{ code: '1004', message: 'Lead not found' }] },
      ),
    );
    const { outcomes } = await connector().send(activities, given, { signal });
    expect(bodies()[0]).toEqual({
      input: [1001, 1200, 3000].map((leadId) => ({
        leadId,
        activityDate: '2016-09-26T06:56:35+07:00',
        activityTypeId: 100001,
        primaryAttributeValue: 'Game Giveaway',
        attributes: [{ apiName: 'uRL', value: 'http://www.nvidia.com/game-giveaway' }],
      })),
    });
    expect(outcomes).toEqual([
      { kind: 'written', targetId: '50', created: true },
      { kind: 'written', targetId: '51', created: true },
      { kind: 'rejected', reason: expect.objectContaining({ code: '1004' }) as unknown },
    ]);
  });

  test('that were not answered are unanswered, all of them, and the call is made once', async () => {
    const one = connector();
    server.script = (request, response, socket) => {
      if (request.path.startsWith('/identity')) json(response, 200, { access_token: 't', expires_in: 3599 });
      else socket.resetAndDestroy();
    };
    const { outcomes } = await one.send(activities, given, { signal });
    expect(outcomes.map(({ kind }) => kind)).toEqual(['unanswered', 'unanswered', 'unanswered']);
    expect(calls()).toHaveLength(1);
    expect(one.readBackMax(activities)).toBe(0);
    expect('isRepeatable' in one).toBe(false);
  });
});

describe('describe', () => {
  test('tells the fields of leads, members and an activity in our words', async () => {
    const field = (name: string, dataType: string, readOnly = false, length?: number) => {
      return { dataType, displayName: name, rest: { name, readOnly }, ...(length ? { length } : {}) };
    };
    answerWith(
      done(
        field('email', 'email', false, 255),
        field('score', 'score'),
        field('createdAt', 'datetime', true),
      ),
    );
    expect(await connector().describe!('leads', { signal })).toEqual({
      ok: true,
      fields: {
        email: { type: 'email', length: 255, unique: true },
        score: { type: 'int' },
        createdAt: { type: 'datetime', writable: false },
      },
    });
    const named = (name: string, updateable: boolean) => ({
      name,
      dataType: 'string',
      length: 255,
      updateable,
    });
    answerWith(
      done({ fields: [named('statusName', false), named('webinarUrl', true), named('track', false)] }),
    );
    expect(await connector().describe!('program-members', { signal })).toMatchObject({
      fields: {
        membership: { unique: true },
        statusName: { type: 'string', length: 255 },
        track: { writable: false },
      },
    });
    const type = { id: 100001, apiName: 'attendConference' };
    const attributes = [{ apiName: 'numberOfAttendees', dataType: 'integer' }];
    answerWith(done(type), done({ ...type, primaryAttribute: { dataType: 'string' }, attributes }));
    expect(await connector().describe!('activity-100001', { signal })).toMatchObject({
      fields: { leadId: { required: true }, numberOfAttendees: { type: 'int' } },
    });
    expect(calls().at(-1)!.path).toBe('/rest/v1/activities/external/type/attendConference/describe.json');
  });
});
