import { describe, expect, it } from 'vitest';
import { dataverseAccount } from './dataverse-account.js';
import { control, journal, records } from './twins.js';

const account = dataverseAccount();
const { ask, other } = account;

describe('Dataverse’s service protection', () => {
  it('refuses by calls, by work and by calls at once, each in its own words', async () => {
    await other({ windowMax: 2 });
    const codes = async () => {
      const reply = await ask('GET', 'WhoAmI');
      return reply.status === 200 ? 200 : `${reply.status} ${reply.body.error.code}`;
    };
    expect([await codes(), await codes(), await codes()]).toEqual([200, 200, '429 0x80072322']);
    const refused = await ask('PATCH', "contacts(foyer_personid='p-1')", { lastname: 'A' });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(290);
    expect(refused.body.error.message).toBe(
      'Number of requests exceeded the limit of 2 over time window of 300 seconds.',
    );
    expect((await journal(account.twin)).map(({ key, outcome }) => [key, outcome])).toEqual([
      ['p-1', 'throttled'],
    ]);

    await other({ executionMsMax: 25 });
    expect([await codes(), await codes(), await codes(), await codes()]).toEqual([
      200,
      200,
      200,
      '429 0x80072321',
    ]);
    await other({ concurrencyMax: 3 });
    await control(account.twin, 'PUT', '/faults', { faults: [{ kind: 'slow', rate: 1, delayMs: 200 }] });
    const answers = await Promise.all(Array.from({ length: 6 }, codes));
    expect(answers.filter((each) => each === '429 0x80072326')).not.toEqual([]);
  });

  it('is played by faults, code and Retry-After given', async () => {
    await other({});
    const path = "contacts(foyer_personid='p-1')";
    await control(account.twin, 'PUT', '/faults', {
      faults: [{ kind: 'throttle', rate: 1, times: 1, retryAfterSeconds: 17 }],
    });
    const throttled = await ask('PATCH', path, { lastname: 'A' });
    expect([throttled.status, throttled.headers.get('retry-after')]).toEqual([429, '17']);
    await control(account.twin, 'PUT', '/faults', {
      faults: [{ kind: 'status', rate: 1, code: '0x80072321' }],
    });
    expect(await ask('PATCH', path, { lastname: 'A' })).toMatchObject({
      status: 429,
      body: { error: { code: '0x80072321' } },
    });
    await control(account.twin, 'PUT', '/faults', {
      faults: [{ kind: 'lie', rate: 1, how: 'truncated', times: 1 }],
    });
    await ask('PATCH', path, { lastname: 'Lovelace' });
    expect((await records(account.twin, 'contacts'))[0]!.fields).toMatchObject({
      lastname: 'Love',
      foyer_personid: 'p-1',
    });
    await control(account.twin, 'DELETE', '/tokens');
    expect((await ask('GET', path)).status).toBe(401);
    expect((await journal(account.twin)).map(({ outcome }) => outcome)).toEqual([
      'throttled',
      'throttled',
      'lied',
    ]);
  });
});
