import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Connector, ObjectTarget, OutgoingRecord } from '../../src/connectors/connector.js';
import { createConnector } from '../../src/connectors/registry.js';
import { kinds } from './dialects.js';

const program = path.resolve('dist/sandbox/main.js');
const isBuilt = existsSync(program);
if (!isBuilt) console.warn('Skipped: the twins are not built (dist/sandbox). Run npm run build.');
const signal = new AbortController().signal;

interface Case {
  readonly twin: 'dataverse' | 'hubspot' | 'marketo' | 'salesforce';
  readonly target: ObjectTarget;
  readonly settings: object;
  fields(n: number): OutgoingRecord['fields'];
  readonly wrong: OutgoingRecord['fields'];
  readonly wrongCode: string;
  readonly greeting: string;
}

const cases: readonly Case[] = [
  {
    twin: 'dataverse',
    target: { object: 'contacts', operation: 'upsert', keyField: 'foyer_personid' },
    settings: { tenantId: 'twin-tenant', clientId: 'twin-client', clientSecret: 'twin-secret' },
    fields: (n) => ({ firstname: `Given ${n}`, lastname: 'Müller-Łoś', foyer_eventcount: n }),
    wrong: { no_such_column: 'x' },
    wrongCode: '0x80048d19',
    greeting: 'firstname',
  },
  {
    twin: 'hubspot',
    target: { object: 'contacts', operation: 'upsert', keyField: 'email' },
    settings: { token: 'pat-twin-0000' },
    fields: (n) => ({ firstname: `Given ${n}`, lastname: 'Müller-Łoś' }),
    wrong: { no_such_property: 'x' },
    wrongCode: 'PROPERTY_DOESNT_EXIST',
    greeting: 'firstname',
  },
  {
    twin: 'marketo',
    target: { object: 'leads', operation: 'upsert', keyField: 'email' },
    settings: { clientId: 'twin-client', clientSecret: 'twin-secret' },
    fields: (n) => ({ firstName: `Given ${n}`, lastName: 'Müller-Łoś', foyerEventCount: n }),
    wrong: { no_such_field: 'x' },
    wrongCode: '1006',
    greeting: 'firstName',
  },
  {
    twin: 'salesforce',
    target: { object: 'Lead', operation: 'upsert', keyField: 'Foyer_Person_Id__c' },
    settings: { clientId: 'twin-client', clientSecret: 'twin-secret' },
    fields: (n) => ({
      FirstName: `Given ${n}`,
      LastName: 'Müller-Łoś',
      Company: 'ACME',
      Email: `P${n}@Example.com`,
    }),
    wrong: { LastName: 'Without', Company: 'ACME', Email: 'not an address' },
    wrongCode: 'INVALID_EMAIL_ADDRESS',
    greeting: 'FirstName',
  },
];

describe.skipIf(!isBuilt).each(cases.map((one) => [one.twin, one] as const))(
  'against the twin of %s',
  (_, one) => {
    let child: ChildProcess;
    let url: string;
    let connector: Connector;

    beforeAll(async () => {
      child = spawn(process.execPath, [program, one.twin, '--with-parent'], {
        stdio: ['pipe', 'pipe', 'inherit'],
      });
      const [line] = (await once(createInterface(child.stdout!), 'line')) as [string];
      ({ url } = JSON.parse(line) as { url: string });
      connector = createConnector({
        name: one.twin,
        connector: one.twin,
        settings: { ...at(url), callTimeoutMs: 1500, ...one.settings },
      });
    });
    afterAll(async () => {
      child.kill('SIGTERM');
      await once(child, 'exit');
    });
    beforeEach(async () => {
      await fetch(`${url}/_twin`, { method: 'DELETE' });
      await faults([]);
    });

    const at = (baseUrl: string) => ({ baseUrl, ...(one.twin === 'dataverse' ? { loginUrl: baseUrl } : {}) });
    const faults = (list: object[]) =>
      fetch(`${url}/_twin/faults`, { method: 'PUT', body: JSON.stringify({ faults: list, limits: false }) });
    const record = (n: number, fields = one.fields(n)): OutgoingRecord => {
      return { traceId: `t-${n}`, key: `person-${n}@example.com`, targetId: null, fields };
    };
    const records = (count: number) => Array.from({ length: count }, (_, n) => record(n));
    const send = (list: readonly OutgoingRecord[]) => connector.send(one.target, list, { signal });
    const read = (list: readonly Pick<OutgoingRecord, 'key' | 'targetId'>[]) =>
      connector.readBack(one.target, list, Object.keys(one.fields(0)), { signal });
    const canonical = (fields: Readonly<Record<string, unknown>>) =>
      Object.keys(one.fields(0)).map((field) => connector.canonical(one.target, field, fields[field]));

    test('a full batch is created, read back by id and by key, and updated', async () => {
      const list = records(connector.batchMax(one.target));
      const created = await send(list);
      expect(new Set(kinds(created))).toEqual(new Set(['written']));
      const ids = created.outcomes.map((outcome) => (outcome.kind === 'written' ? outcome.targetId : null));
      expect(
        created.outcomes.every((outcome) => outcome.kind === 'written' && outcome.created === true),
      ).toBe(true);

      for (const targetIds of [ids, ids.map(() => null), ids.map((id, n) => (n % 2 ? id : null))]) {
        const stored = await read(list.map(({ key }, n) => ({ key, targetId: targetIds[n]! })));
        expect(stored.failure).toBeUndefined();
        expect(stored.records.map((found) => found?.targetId)).toEqual(ids);
        expect(stored.records.map((found) => canonical(found!.fields))).toEqual(
          list.map(({ fields }) => canonical(fields)),
        );
      }
      const again = await send(list.map((given, n) => ({ ...given, targetId: ids[n]! })));
      expect(again.outcomes).toEqual(ids.map((targetId) => ({ kind: 'written', targetId, created: false })));
    });

    test('what does not stand there is read as absent, beside what does', async () => {
      await send([record(0)]);
      const stored = await read([
        { key: 'person-0@example.com', targetId: null },
        { key: 'nobody@example.com', targetId: null },
      ]);
      expect(stored.records).toEqual([
        expect.objectContaining({ targetId: expect.any(String) as string }),
        null,
      ]);
    });

    test('a bad record is rejected by name and the others are written', async () => {
      const result = await send([record(0), { ...record(1), fields: one.wrong }, record(2)]);
      expect(kinds(result)).toEqual(['written', 'rejected', 'written']);
      expect(result.outcomes[1]).toMatchObject({ reason: { code: one.wrongCode } });
      expect((await read([record(0), record(2)])).records.every((found) => found)).toBe(true);
    });

    test('a throttled call writes nothing and says until when', async () => {
      await faults([{ kind: 'throttle', rate: 1 }]);
      const result = await send(records(3));
      expect(kinds(result)).toEqual(['throttled', 'throttled', 'throttled']);
      expect((result.outcomes[0] as { untilMs: number }).untilMs).toBeGreaterThan(Date.now());
      await faults([]);
      expect((await read(records(3))).records).toEqual([null, null, null]);
    });

    test('a time-out after the commit is unanswered, and reading back finds the record', async () => {
      await send([record(9)]); // the token is had before the fault
      await faults([{ kind: 'timeoutAfterCommit', rate: 1, times: 1, delayMs: 10_000 }]);
      const result = await send([record(0)]);
      expect(kinds(result)).toEqual(['unanswered']);
      expect((await read([record(0)])).records[0]).toBeTruthy();
    });

    test('a lie is called written, and comparing finds it out', async () => {
      await faults([{ kind: 'lie', rate: 1 }]);
      const result = await send([record(0)]);
      expect(kinds(result)).toEqual(['written']);
      await faults([]);
      const targetId = result.outcomes[0]!.kind === 'written' ? result.outcomes[0]!.targetId : null;
      const { records: found } = await read([{ key: record(0).key, targetId }]);
      expect(found[0] ? canonical(found[0].fields) : null).not.toEqual(canonical(record(0).fields));
    });

    test.each([[500], [503], [429], [403], [401]])('a fault of HTTP %i writes nothing', async (status) => {
      await faults([{ kind: 'status', rate: 1, status }]);
      const result = await send(records(2));
      for (const kind of kinds(result))
        expect(['retry', 'throttled', 'unauthorised', 'rejected']).toContain(kind);
      await faults([]);
      expect((await read(records(2))).records).toEqual([null, null]);
    });

    test('it is reachable and authorised; with wrong credentials it says so', async () => {
      expect(await connector.probe({ signal })).toEqual({ ok: true });
      const wrong = Object.fromEntries(Object.keys(one.settings).map((name) => [name, 'wrong']));
      const stranger = createConnector({
        name: 'x',
        connector: one.twin,
        settings: { ...at(url), ...wrong },
      });
      expect(await stranger.probe({ signal })).toMatchObject({ ok: false });
      const result = await stranger.send(one.target, records(2), { signal });
      expect(kinds(result)).toEqual(['unauthorised', 'unauthorised']);
    });
  },
);
