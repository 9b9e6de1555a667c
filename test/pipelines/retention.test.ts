import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Rig } from './rig.js';

let rig: Rig;
let event: string;

beforeAll(async () => {
  rig = await Rig.start();
  event = await rig.people.event('retention');
  await rig.startWorker();
});

afterAll(() => rig.stop());

async function register(email: string, hasConsent = true): Promise<string> {
  const [id] = await rig.people.register(event, [email], hasConsent);
  await rig.settled();
  return id!;
}

async function reasonOf(email: string): Promise<unknown> {
  const { rows } = await rig.pool.query<{ state: string; reason: string | null }>(
    `select d.state, d.reason from deliveries d join persons p on p.id = d.key where p.email = $1`,
    [email],
  );
  return { state: rows[0]!.state, code: (JSON.parse(rows[0]!.reason ?? '{}') as { code?: string }).code };
}

describe('A person who', () => {
  it('never consented is sent nowhere, whatever changes, and the reason can be asked', async () => {
    const id = await register('never@example.com', false);
    await rig.people.rename(id, 'Bea');
    await rig.settled();
    expect(await rig.contactOf('never@example.com')).toBeUndefined();
    expect(await reasonOf('never@example.com')).toEqual({ state: 'suppressed', code: 'when-false' });
  });

  it('consents later is sent then', async () => {
    const id = await register('later@example.com', false);
    await rig.consent(id, true);
    await rig.settled();
    expect((await rig.contactOf('later@example.com'))?.fields.foyer_status).toBe('registered');
  });

  it('withdraws the consent is marked as withdrawn there and told nothing more about', async () => {
    const id = await register('withdrawn@example.com');
    await rig.consent(id, false);
    await rig.settled();
    expect(await reasonOf('withdrawn@example.com')).toEqual({ state: 'retained', code: 'when-false' });
    await rig.people.rename(id, 'Secret');
    await rig.settled();
    const contact = await rig.contactOf('withdrawn@example.com');
    expect(contact!.fields).toMatchObject({ foyer_status: 'withdrawn', firstname: 'Ana' });
  });

  it('consents again stands there as before', async () => {
    const id = await register('again@example.com');
    await rig.consent(id, false);
    await rig.settled();
    await rig.consent(id, true);
    const ledger = await rig.settled();
    const contact = await rig.contactOf('again@example.com');
    expect(contact!.fields).toMatchObject({ foyer_status: 'registered' });
    expect(ledger.unaccounted).toBe(0);
    expect(ledger.changes.total).toBe(ledger.changes.settled + ledger.changes.superseded);
  });
});
