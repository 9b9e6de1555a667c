import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OPERATOR } from '../http/app.js';
import { waitFor } from '../support/wait-for.js';
import { PlanRig } from './plan-rig.js';
import { seed } from './random-edits.js';
import { MAPPING } from './rig.js';

let on: PlanRig;
let examples: Record<string, unknown>;

beforeAll(async () => {
  on = await PlanRig.start();
  await seed(on);
  const { body } = await on.app.call('GET', '/openapi.json');
  const paths = body.paths as Record<
    string,
    Record<string, { responses: Record<string, { content?: Record<string, { example?: unknown }> }> }>
  >;
  examples = Object.fromEntries(
    Object.entries(paths).flatMap(([path, item]) =>
      Object.entries(item).flatMap(([method, { responses }]) =>
        Object.entries(responses).map(([status, { content }]) => [
          `${method.toUpperCase()} ${path} ${status}`,
          content?.['application/json']?.example,
        ]),
      ),
    ),
  );
});

afterAll(() => on.stop());

/** What a member is named by is data there: fields of a target, answers, a filter. */
const FREE = ['fields', 'answers', 'source', 'filter', 'record', 'value', 'given'];

/** What a real answer has and its example has not, or has as something else. Null stands for any type. */
function undocumented(real: unknown, example: unknown, place = ''): string[] {
  if (real === null || example === null) return [];
  if (Array.isArray(real))
    return Array.isArray(example) && example.length > 0
      ? real.flatMap((item) => undocumented(item, like(item, example), `${place}[]`))
      : real.length === 0
        ? []
        : [`${place} has items`];
  if (typeof real !== 'object' || typeof example !== 'object')
    return typeof real === typeof example ? [] : [`${place} is ${typeof real}`];
  return Object.entries(real).flatMap(([name, member]) => {
    const documented = (example as Record<string, unknown>)[name];
    if (documented === undefined) return [`${place}.${name}`];
    return FREE.includes(name) ? [] : undocumented(member, documented, `${place}.${name}`);
  });
}

/** Of examples of several kinds, the one with the same members. */
function like(item: unknown, example: readonly unknown[]): unknown {
  const names = (value: unknown): string => Object.keys(value ?? {}).join();
  return example.find((one) => names(one) === names(item)) ?? example[0];
}

describe('What is documented of deliveries, comparisons, webhooks and reports', () => {
  it('is what is answered, member by member', async () => {
    const faults: string[] = [];
    const met: string[] = [];
    const call = async (method: string, route: string, names: Record<string, string> = {}, body?: object) => {
      const path = route.replace(/\{(\w+)\}/g, (_, name: string) => names[name]!);
      const answer = await on.app.call(method, path, { token: OPERATOR, ...(body ? { body } : {}) });
      const place = `${method} ${route.replace(/\?.*/, '')} ${answer.status}`;
      met.push(place);
      faults.push(...undocumented(answer.body, examples[place]).map((fault) => `${place}: ${fault}`));
      if (examples[place] === undefined) faults.push(`${place} has no example`);
      return answer.body;
    };
    const mapping = MAPPING;
    await call('GET', '/health/live');
    await call('GET', '/health/ready');
    await call('GET', '/v1/mappings');
    await call('GET', '/v1/mappings/{mapping}', { mapping });
    await call('GET', '/v1/mappings/{mapping}/ledger', { mapping });
    await call('GET', '/v1/mappings/{mapping}/calls', { mapping });
    await call('POST', '/v1/mappings/{mapping}/plan', { mapping }, {});
    await call('POST', '/v1/mappings/{mapping}/pause', { mapping });
    await call('POST', '/v1/mappings/{mapping}/resume', { mapping });
    const delivery = (await call('GET', '/v1/deliveries?state=verified')).items[0]! as unknown as {
      key: string;
    };
    const { key } = delivery;
    await call('GET', '/v1/deliveries/{mapping}/{key}', { mapping, key });
    const replay = await call('POST', '/v1/deliveries/replay', {}, { mapping, state: 'verified' });
    await call('GET', '/v1/deliveries/replay/{id}', { id: replay.id });
    await on.settled();
    await call('GET', '/v1/records/{stream}/{key}', { stream: 'person', key });
    await call('GET', '/v1/records/{stream}?email=ana@example.com', { stream: 'person' });
    await call('GET', '/v1/destinations');

    await on.editThere((await on.rig.contacts())[0]!.key, { lastname: 'Other' });
    const { id: run } = await call('POST', '/v1/reconciliations', {}, { mapping });
    await waitFor(
      async () => (await on.app.operator('GET', `/v1/reconciliations/${run}`)).body.state,
      (state) => state === 'done',
    );
    await call('GET', '/v1/reconciliations/keys');
    await call('GET', '/v1/reconciliations');
    await call('GET', '/v1/reconciliations/{run}', { run });
    const { items: found } = await call('GET', '/v1/reconciliations/{run}/discrepancies', { run });
    expect(found).toHaveLength(1);
    await call('POST', '/v1/reconciliations/{run}/repair', { run }, {});

    const { items: events } = (await on.app.operator('GET', '/v1/events')).body;
    const given = { topics: ['*'], filter: { status: 'confirmed' }, event: events[0]!.id };
    const { id } = await call('POST', '/v1/webhooks', {}, { url: 'https://1.1.1.1/hook', ...given });
    await on.app.pool.query(
      `with message as (
         insert into messages (endpoint, seq, slot, person_id, registration_id, version, sequence, topic, state)
         select $1, 1, 1, r.person_id, r.id, 1, 1, 'registration.confirmed', 'retrying' from registrations r limit 1)
       insert into message_attempts (id, endpoint, seq, at, status, outcome, message)
       values ($1, $1, 1, now(), 503, 'failed', 'It answered 503.')`,
      [id],
    );
    await call('GET', '/v1/webhooks');
    await call('GET', '/v1/webhooks/{id}', { id });
    await call('GET', '/v1/webhooks/{id}/attempts', { id });
    await call('POST', '/v1/webhooks/{id}/test', { id });
    await call('POST', '/v1/webhooks/{id}/rotate', { id });
    await call(
      'POST',
      '/v1/webhooks/{id}/replay',
      { id },
      { since: '2027-01-01T00:00:00Z', until: '2028-01-01T00:00:00Z' },
    );

    const report = 'registrations-and-ledger';
    const made = await call('POST', '/v1/reports/{report}/runs', { report }, { format: 'csv' });
    await call('GET', '/v1/reports');
    await call('GET', '/v1/reports/{report}/runs', { report });
    await call('GET', '/v1/reports/{report}/runs/{run}?format=json', { report, run: made.id });
    await call('GET', '/v1/schedules');
    expect(faults).toEqual([]);
    expect(new Set(met).size).toBe(34);
  });
});
