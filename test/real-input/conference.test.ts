import { cpSync, existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { hubspot } from '../../sandbox/hubspot/hubspot.js';
import { salesforce } from '../../sandbox/salesforce/salesforce.js';
import { startTwin, type Twin } from '../../sandbox/twin.js';
import { runCli } from '../../src/cli/run-cli.js';
import { freshDatabase } from '../support/database.js';
import { type RunningProgram, startProgram } from '../support/program.js';
import { freshRedis } from '../support/redis.js';
import { waitFor } from '../support/wait-for.js';
import { recordingProxy, type RecordingProxy } from './recording-proxy.js';

const DATA = path.resolve(import.meta.dirname, '../../../shared/data');
const AGENDA = path.join(DATA, 'agenda/pretalx-rc3.json');
const UPSERTS = path.join(DATA, 'recorded/cumulusci-bsd3/TestUpsert.test_upsert__rest.yaml');
const CREATES = path.join(DATA, 'recorded/ruby_hubspot_api-mit/lifecycle/contacts/batches/search.yml');
const isDataHere = [AGENDA, UPSERTS, CREATES].every((file) => existsSync(file));
const KEY = 'fk_real-input-real-input-real-input-real';

interface Person {
  readonly email: string;
  readonly firstName: string;
  readonly lastName: string;
}

type Contact = Record<'Email' | 'FirstName' | 'LastName', string>;

describe.skipIf(!isDataHere)(
  'A real conference and recorded people (skipped where ../shared/data is absent)',
  () => {
    let twins: { hubspot: Twin; salesforce: Twin };
    let proxies: { hubspot: RecordingProxy; salesforce: RecordingProxy };
    let api: RunningProgram;
    let worker: RunningProgram;

    beforeAll(async () => {
      twins = { hubspot: await startTwin(hubspot({})), salesforce: await startTwin(salesforce({})) };
      for (const { url } of Object.values(twins)) await withoutLimits(url);
      proxies = {
        hubspot: await recordingProxy(() => twins.hubspot.url),
        salesforce: await recordingProxy(() => twins.salesforce.url),
      };
      const env = {
        FOYER_OPERATOR_KEY: KEY,
        FOYER_PIPELINES_MAPPINGS_DIR: mappingsWithContacts(),
        HUBSPOT_BASE_URL: proxies.hubspot.url,
        HUBSPOT_TOKEN: 'pat-twin-0000',
        HUBSPOT_CALLS_PER_SECOND: '',
        SALESFORCE_BASE_URL: proxies.salesforce.url,
        SALESFORCE_CLIENT_ID: 'twin-client',
        SALESFORCE_CLIENT_SECRET: 'twin-secret',
      };
      const servers = { databaseUrl: await freshDatabase(), redisUrl: await freshRedis(), env };
      api = await startProgram({ role: 'api', ...servers });
      worker = await startProgram({ role: 'worker', ...servers });
    });

    afterAll(async () => {
      for (const program of [api, worker]) program.kill();
      await Promise.all([api.stopped, worker.stopped]);
      for (const proxy of Object.values(proxies)) proxy.stop();
      await Promise.all(Object.values(twins).map((twin) => twin.stop()));
    });

    it('the agenda becomes an event with all its sessions, again changes nothing', async () => {
      for (const _time of ['first', 'again']) expect(await importAgenda()).toBe(0);
      const talks = talksIn(AGENDA);
      const sessions = await everySession();
      expect(sessions).toHaveLength(talks.length);
      const first = talks[0]!;
      const found = sessions.find(({ code }) => code === first.slug)!;
      expect(found).toMatchObject({ title: first.title, room: first.room });
      expect(found.speakers.map(({ name }) => name)).toEqual(first.persons.map((p) => p.public_name));
      expect(Date.parse(found.endsAt) - Date.parse(found.startsAt)).toBe(minutes(first.duration) * 60_000);
    });

    it('the people of the recorded upserts register for it, and each contact goes out byte for byte as recorded', async () => {
      const recorded = upsertsIn(UPSERTS);
      expect(recorded.length).toBeGreaterThan(15);
      await registerAll(
        recorded.map(({ Email, FirstName, LastName }) => ({
          email: Email,
          firstName: FirstName,
          lastName: LastName,
        })),
      );
      const sent = await waitFor(
        () => contactsSent(proxies.salesforce),
        (contacts) => recorded.every(({ Email }) => contacts.has(Email)),
      );
      for (const contact of recorded) expect(sent.get(contact.Email)).toBe(sorted(contact));
    });

    it('the people of the recorded batch/create reach HubSpot with the recorded properties', async () => {
      const recorded = createsIn(CREATES);
      expect(recorded.length).toBe(10);
      await registerAll(
        recorded.map(({ email, firstname, lastname }) => ({
          email,
          firstName: firstname,
          lastName: lastname,
        })),
      );
      const sent = await waitFor(
        () => propertiesSent(proxies.hubspot),
        (all) => recorded.every(({ email }) => all.has(email)),
      );
      for (const properties of recorded) expect(sent.get(properties.email)).toMatchObject(properties);
    });

    it('and the ledger of every mapping balances', async () => {
      for (const mapping of ['hubspot.contact', 'salesforce.lead', 'salesforce.contact']) {
        const ledger = await waitFor(
          () => get(`/v1/mappings/${mapping}/ledger`) as Promise<LedgerBody>,
          ({ changes, states }) => changes.waiting === 0 && states.sent === 0 && states.sending === 0,
        );
        expect(ledger.unaccounted).toBe(0);
        expect(ledger.states.verified).toBe(ledger.records);
        expect(ledger.changes.total).toBe(ledger.changes.settled + ledger.changes.superseded);
      }
    });

    interface LedgerBody {
      records: number;
      unaccounted: number;
      states: Record<string, number>;
      changes: Record<'total' | 'settled' | 'superseded' | 'waiting', number>;
    }

    async function importAgenda(): Promise<number> {
      const said: string[] = [];
      const stream = { write: (line: string) => said.push(line) };
      const next = `${new Date().getUTCFullYear() + 1}-03-01`;
      const args = [
        'import',
        'agenda',
        AGENDA,
        '--open',
        '--shift-to',
        next,
        '--slug',
        'rc3',
        '--api',
        api.url,
        '--key',
        KEY,
      ];
      const code = await runCli(args, { stdout: stream, stderr: stream });
      expect(said.join('')).toContain('48 sessions imported');
      return code;
    }

    async function everySession(): Promise<Session[]> {
      const page = (await get('/v1/events/rc3/sessions?limit=200')) as {
        items: Session[];
        next: string | null;
      };
      expect(page.next).toBeNull();
      return page.items;
    }

    async function registerAll(people: readonly Person[]): Promise<void> {
      for (const attendee of people) {
        const answer = await fetch(`${api.url}/v1/events/rc3/registrations`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({
            attendee,
            answers: {},
            consents: [{ purpose: 'marketing', granted: true }],
          }),
        });
        expect(answer.status, await answer.clone().text()).toBe(201);
      }
    }

    async function get(where: string): Promise<unknown> {
      const answer = await fetch(`${api.url}${where}`, { headers: { authorization: `Bearer ${KEY}` } });
      expect(answer.status).toBe(200);
      return answer.json();
    }
  },
);

interface Session {
  code: string;
  title: string;
  room: string;
  startsAt: string;
  endsAt: string;
  speakers: { name: string }[];
}

interface Talk {
  slug: string;
  title: string;
  room: string;
  duration: string;
  persons: { public_name: string }[];
}

function talksIn(file: string): Talk[] {
  const { schedule } = JSON.parse(readFileSync(file, 'utf8')) as {
    schedule: { conference: { days: { rooms: Record<string, Talk[]> }[] } };
  };
  return schedule.conference.days.flatMap(({ rooms }) => Object.values(rooms).flat());
}

function minutes(duration: string): number {
  const [hours, rest] = duration.split(':').map(Number);
  return hours! * 60 + rest!;
}

function upsertsIn(file: string): Contact[] {
  const { interactions } = parse(readFileSync(file, 'utf8'), { maxAliasCount: -1 }) as {
    interactions: { request?: { uri: string; body: string } }[];
  };
  const records = interactions
    .filter(({ request }) => request?.uri.endsWith('/composite/sobjects/Contact/Email'))
    .flatMap(({ request }) => (JSON.parse(request!.body) as { records: Contact[] }).records);
  return [...new Map(records.map((record) => [record.Email.toLowerCase(), record])).values()];
}

function createsIn(file: string): Record<'email' | 'firstname' | 'lastname', string>[] {
  const { http_interactions: interactions } = parse(readFileSync(file, 'utf8')) as {
    http_interactions: { request: { uri: string; body: { string: string } } }[];
  };
  const create = interactions.find(({ request }) => request.uri.endsWith('/contacts/batch/create'))!;
  type Inputs = { inputs: { properties: Record<'email' | 'firstname' | 'lastname', string> }[] };
  return (JSON.parse(create.request.body.string) as Inputs).inputs.map(({ properties }) => properties);
}

/** What was last sent for each e-mail, keys sorted. */
function contactsSent(proxy: RecordingProxy): Map<string, string> {
  const calls = proxy.seen.filter(({ path: where }) => where.endsWith('/composite/sobjects/Contact/Email'));
  const records = calls.flatMap(({ body }) => (JSON.parse(body) as { records: Contact[] }).records);
  return new Map(records.map((record) => [record.Email, sorted(record)]));
}

function propertiesSent(proxy: RecordingProxy): Map<string, Record<string, string>> {
  const calls = proxy.seen.filter(({ path: where }) => where.endsWith('/contacts/batch/upsert'));
  type Inputs = { inputs: { properties: Record<string, string> }[] };
  const inputs = calls.flatMap(({ body }) => (JSON.parse(body) as Inputs).inputs);
  return new Map(inputs.map(({ properties }) => [properties.email!, properties]));
}

function sorted(record: object): string {
  return JSON.stringify(Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1))));
}

/** The product's mappings, and the one that makes contacts. */
function mappingsWithContacts(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'foyer-mappings-'));
  cpSync('mappings', folder, { recursive: true });
  cpSync('test/fixtures/mappings', folder, { recursive: true });
  return folder;
}

async function withoutLimits(url: string): Promise<void> {
  await fetch(`${url}/_twin/faults`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ faults: [], limits: false }),
  });
}
