import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Ajv } from 'ajv';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { marketo } from '../../sandbox/marketo/marketo.js';
import type { Twin } from '../../sandbox/twin.js';
import { call, control, journal, records, type Reply, started } from './twins.js';

const SWAGGER = fileURLToPath(new URL('../../../shared/data/marketo/swagger-mapi.json', import.meta.url));
const IS_THERE = existsSync(SWAGGER);

interface Envelope {
  success: boolean;
  result: Record<string, unknown>[];
  errors?: { code: string; message: string }[];
  moreResult: boolean;
  nextPageToken: string;
}

let twin: Twin;
let token: string;

async function login(of: Twin): Promise<Reply<{ access_token: string; expires_in: number }>> {
  const query = 'grant_type=client_credentials&client_id=twin-client&client_secret=twin-secret';
  return call('GET', `${of.url}/identity/oauth/token?${query}`);
}

function ask(method: string, path: string, body?: unknown, bearer = token): Promise<Reply<Envelope>> {
  return call(method, `${twin.url}/rest/v1${path}`, body, { Authorization: `Bearer ${bearer}` });
}

const sync = (input: object[], more: object = {}) => {
  const body = { action: 'createOrUpdate', lookupField: 'email', input, ...more };
  if (IS_THERE) expect(wrongOf('SyncLeadRequest', body)).toEqual([]);
  return ask('POST', '/leads.json', body);
};

beforeAll(async () => {
  twin = await started(marketo());
  token = (await login(twin)).body.access_token;
});
beforeEach(async () => {
  await control(twin, 'DELETE', '');
  await control(twin, 'PUT', '/faults', { faults: [], limits: false });
});

describe('Marketo', () => {
  it('gives the same token with the life that is left', async () => {
    const { body } = await login(twin);
    expect(body.access_token).toBe(token);
    expect(body.expires_in).toBeLessThanOrEqual(3600);
    const wrong = `${twin.url}/identity/oauth/token?grant_type=client_credentials&client_id=x`;
    expect((await call('GET', wrong)).status).toBe(401);
  });

  it('writes leads in order and skips, with reasons, what it does not take', async () => {
    const { status, body } = await sync([
      { email: 'ada@example.com', firstName: 'Ada' },
      { email: 'bob@example.com', foyerEventCount: '14.1' },
      { email: 'cy@example.com', shoeSize: '44' },
      { firstName: 'Nobody' },
    ]);
    expect(status).toBe(200);
    expect(body.success).toBe(true);
    expect(body.result).toMatchObject([
      { status: 'created' },
      { status: 'skipped', reasons: [{ code: '1003' }] },
      { status: 'skipped', reasons: [{ code: '1006' }] },
      { status: 'skipped', reasons: [{ code: '1003' }] },
    ]);
    expect((await sync([{ email: 'ADA@example.com' }])).body.result).toMatchObject([
      { id: body.result[0]!.id, status: 'updated' },
    ]);
    const outcomes = (await journal(twin)).map(({ outcome }) => outcome);
    expect(outcomes).toEqual(['created', 'rejected', 'rejected', 'rejected', 'updated']);
    const many = await sync(Array.from({ length: 301 }, (_, n) => ({ email: `${n}@example.com` })));
    expect(many.body).toMatchObject({ success: false, errors: [{ code: '1003' }] });
  });

  it('reads by filter, page by page, also as a POST that stands for a GET', async () => {
    const input = Array.from({ length: 5 }, (_, n) => ({
      email: `${n}@example.com`,
      foyerPersonId: `p${n}`,
    }));
    await sync(input, { lookupField: 'foyerPersonId' });
    const filter = 'filterType=foyerPersonId&filterValues=p4,p0,p9&fields=foyerPersonId&batchSize=1';
    const first = await ask('GET', `/leads.json?${filter}`);
    expect(first.body).toMatchObject({ moreResult: true, result: [{ foyerPersonId: 'p4' }] });
    const next = await ask('GET', `/leads.json?${filter}&nextPageToken=${first.body.nextPageToken}`);
    expect(next.body).toMatchObject({ moreResult: false, result: [{ foyerPersonId: 'p0' }] });
    const posted = await call<Envelope>('POST', `${twin.url}/rest/v1/leads.json?_method=GET`, filter, {
      Authorization: `Bearer ${token}`,
      'Content-Type': 'application/x-www-form-urlencoded',
    });
    expect(posted.body.result).toEqual(first.body.result);
    expect((await ask('GET', `/leads.json?filterType=id&filterValues=${'1,'.repeat(5000)}`)).status).toBe(
      414,
    );
  });

  it('moves a program’s members forward only', async () => {
    const id = Number((await sync([{ email: 'ada@example.com' }])).body.result[0]!.id);
    const put = async (statusName: string, leadId = id) => {
      const body = { statusName, input: [{ leadId }] };
      if (IS_THERE) expect(wrongOf('SyncProgramMemberStatusRequest', body)).toEqual([]);
      return (await ask('POST', '/programs/1044/members/status.json', body)).body.result[0]!;
    };
    expect(await put('Registered')).toMatchObject({ seq: 0, status: 'created', leadId: id });
    expect(await put('Attended')).toMatchObject({ status: 'updated' });
    for (const again of ['Attended', 'Registered'])
      expect(await put(again)).toMatchObject({ status: 'skipped', reasons: [{ code: '1037' }] });
    expect(await put('Attended', 1)).toMatchObject({ status: 'skipped', reasons: [{ code: '1004' }] });
    const data = await ask('POST', '/programs/1044/members.json', {
      input: [
        { leadId: id, registrationCode: 'r-1' },
        { leadId: 2, registrationCode: 'r-2' },
      ],
    });
    expect(data.body.result).toMatchObject([{ status: 'updated' }, { reasons: [{ code: '1013' }] }]);
    const path = `/programs/1044/members.json?filterType=leadId&filterValues=${id}&fields=statusName,registrationCode`;
    expect((await ask('GET', path)).body.result).toMatchObject([
      { leadId: id, statusName: 'Attended', registrationCode: 'r-1' },
    ]);
  });

  it('keeps an activity as often as it is sent', async () => {
    const leadId = Number((await sync([{ email: 'ada@example.com' }])).body.result[0]!.id);
    const input = [
      {
        leadId,
        activityDate: '2026-06-01T10:00:00Z',
        activityTypeId: 100001,
        primaryAttributeValue: 'asked',
        attributes: [{ apiName: 'session', value: 'Keynote' }],
      },
    ];
    for (let count = 0; count < 2; count += 1)
      expect((await ask('POST', '/activities/external.json', { input })).body.result).toMatchObject([
        { status: 'added' },
      ]);
    expect(await records(twin, 'activities')).toHaveLength(2);
    const bad = await ask('POST', '/activities/external.json', { input: [{ ...input[0], leadId: 1 }] });
    expect(bad.body.result).toMatchObject([{ status: 'skipped' }]);
  });

  it('says inside HTTP 200 that a call was not executed', async () => {
    const code = async (bearer?: string) => {
      const { status, body } = await ask(
        'POST',
        '/leads.json',
        { input: [{ email: 'a@example.com' }] },
        bearer,
      );
      return [status, body.errors![0]!.code];
    };
    expect(await code('stale')).toEqual([200, '601']);
    for (const wanted of ['602', '606', '607', '608', '611', '615']) {
      await control(twin, 'PUT', '/faults', { faults: [{ kind: 'status', code: wanted, rate: 1 }] });
      expect(await code()).toEqual([200, wanted]);
    }
    expect(await records(twin, 'leads')).toEqual([]);
    expect((await journal(twin)).map(({ outcome }) => outcome)).toEqual([
      'rejected',
      'rejected',
      'throttled',
      'throttled',
      'throttled',
      'rejected',
      'throttled',
    ]);
  });

  it('lets 100 calls through in 20 seconds, and ten at once', async () => {
    twin = await started(marketo({}, { windowMax: 2, concurrencyMax: 3 }));
    token = (await login(twin)).body.access_token;
    const codes = async () => (await ask('GET', '/leads/describe.json')).body.errors?.[0]?.code;
    expect([await codes(), await codes(), await codes()]).toEqual([undefined, undefined, '606']);
    await control(twin, 'PUT', '/faults', { faults: [{ kind: 'slow', rate: 1, delayMs: 300 }] });
    const answers = await Promise.all(Array.from({ length: 6 }, codes));
    expect(answers.filter((each) => each === '615').length).toBeGreaterThan(0);
  });
});

/** What the official Swagger finds wrong with a request. */
function wrongOf(definition: string, body: object): unknown[] {
  const { definitions } = JSON.parse(readFileSync(SWAGGER, 'utf8')) as { definitions: object };
  const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true });
  const validate = ajv.compile({ $ref: `#/definitions/${definition}`, definitions });
  validate(body);
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message ?? ''}`);
}
