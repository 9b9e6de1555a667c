import { afterEach, describe, expect, it } from 'vitest';
import { Bell } from '../../src/changes/bell.js';
import { AllCalls } from '../../src/pipelines/all-calls.js';
import { AppliedMappings } from '../../src/pipelines/applied-mappings.js';
import { ApplyPlan } from '../../src/pipelines/apply-plan.js';
import { Destinations } from '../../src/pipelines/destinations.js';
import { Plans } from '../../src/pipelines/plans.js';
import { Proposals } from '../../src/pipelines/proposals.js';
import { WhyDeliveries } from '../../src/pipelines/why.js';
import { CLOCK, type Clock } from '../../src/platform/clock.js';
import { Settings } from '../../src/platform/config/settings.js';
import { MAPPING_OF_LEADS, ScriptedRig } from './scripted-rig.js';

const MEMBERS = `mapping: crm.member
stream: registration
destination: crm
object: Member
operation: upsert
when: consent.granted("marketing")
whenNot: delete
key: { field: Foyer_Id, value: id }
needs: [crm.lead]
fields:
  Lead: target("crm.lead").id
  Status: status
`;

const BY_EMAIL = `mapping: crm.contact
stream: registration
destination: crm
object: Contact
operation: upsert
when: consent.granted("marketing")
whenNot: keep
key: { field: Email, value: attendee.email }
fields:
  Name: attendee.firstName
`;

let rig: ScriptedRig;

afterEach(() => rig.stop());

async function consent(registration: string, granted: boolean): Promise<void> {
  await rig.pool.query(
    `select amend_registration(id, version, now(), attendee, answers, null, array['marketing'], array[$2::boolean],
       array['1'], null) from registrations where id = $1`,
    [registration, granted],
  );
}

describe('A record that belongs to another', () => {
  it('waits until that one is delivered and verified, carries its id, and is woken by it', async () => {
    rig = await ScriptedRig.start({ lead: MAPPING_OF_LEADS, member: MEMBERS });
    const worker = await rig.startWorker({ retryFirstMs: 200 });
    let refusals = 3;
    rig.crm.script = ({ target }) =>
      target.object === 'Lead' && refusals-- > 0
        ? {
            kind: 'retry',
            afterMs: 60,
            reason: { code: 'busy', message: 'Busy.', owner: 'backend', status: 409 },
          }
        : undefined;
    await rig.people.register(await rig.people.event('parents'), ['ana@example.com', 'bea@example.com']);
    await rig.until('crm.member', { verified: 2 });
    expect(rig.crm.all('Member')).toHaveLength(2);
    const leads = rig.crm.all('Lead').map(({ id }) => id);
    expect(rig.crm.all('Member').map(({ fields }) => fields['Lead'])).toEqual(expect.arrayContaining(leads));
    const { changes, unaccounted } = await rig.ledger('crm.member');
    expect(changes.total).toBe(changes.settled + changes.superseded);
    expect(unaccounted).toBe(0);

    const { rows } = await rig.pool.query<{ key: string }>(
      `select key from deliveries where mapping = 'crm.member'`,
    );
    const told = await new WhyDeliveries(rig.pool, worker.get(AppliedMappings)).why(
      'crm.member',
      rows[0]!.key,
    );
    expect(leads).toContain(told!.fields['Lead']!.mapped);
    expect(told!.fields['Lead']).toMatchObject({ isKnown: true, attempt: told!.attempts[0]!.id });
  });

  it('stays away with it, and follows when it comes after all', async () => {
    rig = await ScriptedRig.start({
      lead: MAPPING_OF_LEADS,
      member: MEMBERS.replace('when: consent.granted("marketing")\n', 'when: status == "confirmed"\n'),
    });
    await rig.startWorker();
    const event = await rig.people.event('follows');
    const [id] = await rig.people.register(event, ['late@example.com'], false);
    await rig.until('crm.member', { suppressed: 1 });
    expect((await rig.delivery('crm.member')).reason).toMatchObject({ code: 'parent-not-sent' });
    await consent(id!, true);
    await rig.until('crm.member', { verified: 1 });
    expect(rig.crm.all('Member')).toHaveLength(1);
  });

  it('is planned with the parents that it has, and written as planned', async () => {
    const confirmed = MEMBERS.replace('consent.granted("marketing")', 'status == "confirmed"');
    const alone = confirmed.replace('needs: [crm.lead]\n', '').replace('  Lead: target("crm.lead").id\n', '');
    rig = await ScriptedRig.start({ lead: MAPPING_OF_LEADS, member: alone });
    const worker = await rig.startWorker();
    const event = await rig.people.event('planned');
    const [ana] = await rig.people.register(event, ['ana@example.com']);
    const [late] = await rig.people.register(event, ['late@example.com'], false);
    await rig.until('crm.lead', { verified: 1, suppressed: 1 });
    await rig.until('crm.member', { verified: 2 });

    const [applied, settings] = [worker.get(AppliedMappings), worker.get(Settings)];
    const by = { by: 'operator of the tests' };
    const plan = await new Plans(
      rig.pool,
      worker.get<Clock>(CLOCK),
      settings,
      applied,
      worker.get(Destinations),
      worker.get(AllCalls),
      new Proposals(settings),
    ).plan('crm.member', { source: confirmed }, { read: false, ...by });
    expect(plan.counts).toMatchObject({
      records: 2,
      unknown: 1,
      unknownFields: 1,
      retained: 1,
      unchanged: 0,
    });
    const [lead] = rig.crm.all('Lead');
    const of = (key: string | undefined) => plan.samples.find((sample) => sample.key === key);
    expect(of(ana)!.fields).toMatchObject([{ name: 'Lead', to: lead!.id }]);
    expect(of(late)).toMatchObject({ kind: 'retained', reason: { code: 'parent-not-sent' } });

    const apply = new ApplyPlan(rig.pool, settings, applied, worker.get(Bell));
    await apply.apply('crm.member', plan.id, { force: true, ...by });
    await rig.until('crm.member', { verified: 1, retained: 1 });
    const written = rig.crm.all('Member').map(({ key, fields }) => ({ key, lead: fields['Lead'] }));
    expect(written).toEqual(
      expect.arrayContaining([
        { key: ana, lead: lead!.id },
        { key: late, lead: undefined },
      ]),
    );
  });
});

describe('A record that is there already', () => {
  it('is adopted by the fields of match instead of being made twice', async () => {
    rig = await ScriptedRig.start({ lead: MAPPING_OF_LEADS });
    const known = rig.crm.stand('Lead', { Email: 'ana@example.com', Name: 'Anna', Rating: 'Hot' });
    await rig.startWorker();
    await rig.people.register(await rig.people.event('adopted'), ['ana@example.com', 'bea@example.com']);
    await rig.until('crm.lead', { verified: 2 });
    expect(rig.crm.all('Lead')).toHaveLength(2);
    expect(known.fields).toMatchObject({ Name: 'Ana', Rating: 'Hot' });
    expect(known.key).not.toBeNull();
  });

  it('is rejected where match finds several, and where what it finds belongs to another record', async () => {
    rig = await ScriptedRig.start({ lead: MAPPING_OF_LEADS });
    rig.crm.stand('Lead', { Email: 'two@example.com' });
    rig.crm.stand('Lead', { Email: 'two@example.com' });
    rig.crm.stand('Lead', { Email: 'taken@example.com' }, 'somebody else');
    await rig.startWorker();
    await rig.people.register(await rig.people.event('many'), ['two@example.com', 'taken@example.com']);
    await rig.until('crm.lead', { rejected: 2 });
    const { rows } = await rig.pool.query<{ code: string }>(
      `select reason::json ->> 'code' as code from deliveries order by 1`,
    );
    expect(rows.map(({ code }) => code)).toEqual(['match-many', 'match-taken']);
  });
});

describe('A record that stops matching', () => {
  it('is removed where whenNot says so, and made anew when it matches again', async () => {
    rig = await ScriptedRig.start({ lead: MAPPING_OF_LEADS });
    await rig.startWorker();
    const [id] = await rig.people.register(await rig.people.event('removed'), ['gone@example.com']);
    await rig.until('crm.lead', { verified: 1 });
    await consent(id!, false);
    await rig.until('crm.lead', { suppressed: 1 });
    expect(rig.crm.all('Lead')).toEqual([]);
    expect((await rig.delivery('crm.lead')).reason).toMatchObject({ code: 'removed' });
    await consent(id!, true);
    await rig.until('crm.lead', { verified: 1 });
    expect(rig.crm.all('Lead')).toHaveLength(1);
  });
});

describe('Two records that claim one key', () => {
  it('do not overwrite each other: the second is rejected, and both are named', async () => {
    rig = await ScriptedRig.start({ contact: BY_EMAIL });
    await rig.startWorker();
    const one = await rig.people.event('one');
    const [first] = await rig.people.register(one, ['same@example.com']);
    await rig.until('crm.contact', { verified: 1 });
    const [second] = await rig.people.register(await rig.people.event('two'), ['same@example.com']);
    const ledger = await rig.until('crm.contact', { rejected: 1, verified: 1 });
    expect(ledger.unaccounted).toBe(0);
    const { reason } = await rig.delivery('crm.contact', second);
    expect(reason).toMatchObject({ code: 'duplicate-target' });
    expect(JSON.stringify(reason)).toContain(first);
    expect(JSON.stringify(reason)).toContain(second);
    expect(rig.crm.all('Contact')).toHaveLength(1);
  });
});

/** Something that the attendee of a registration did. */
describe('A backend that lies', () => {
  it.each([
    ['not-stored', () => ({})],
    ['truncated', (fields: object) => ({ ...fields, Name: 'A' })],
    ['coerced', (fields: object) => ({ ...fields, Name: 'Otto' })],
  ] as const)('is found to: %s is sent again three times and shown then', async (code, keeps) => {
    rig = await ScriptedRig.start({ lead: MAPPING_OF_LEADS });
    await rig.startWorker();
    rig.crm.keeps = keeps;
    await rig.people.register(await rig.people.event('lies'), ['lied@example.com']);
    await rig.until('crm.lead', { rejected: 1 });
    expect((await rig.delivery('crm.lead')).reason).toMatchObject({ code });
    expect(rig.crm.written).toHaveLength(4);
  });
});
