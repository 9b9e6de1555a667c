import { cpSync, existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hubspot } from '../../sandbox/hubspot/hubspot.js';
import { salesforce } from '../../sandbox/salesforce/salesforce.js';
import { startTwin, type Twin } from '../../sandbox/twin.js';
import { runCli } from '../../src/cli/run-cli.js';
import { freshDatabase } from '../support/database.js';
import { NO_DAYS_END } from '../support/no-days-end.js';
import { type RunningProgram, startProgram } from '../support/program.js';
import { freshRedis } from '../support/redis.js';
import { waitFor } from '../support/wait-for.js';
import { type Contact, createsIn, differenceOf, minutes, talksIn, upsertsIn } from './recordings.js';
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

describe.skipIf(!isDataHere)(
  'A real conference and recorded people (skipped where ../shared/data is absent)',
  () => {
    let twins: { hubspot: Twin; salesforce: Twin };
    let proxies: { hubspot: RecordingProxy; salesforce: RecordingProxy };
    let api: RunningProgram;
    let worker: RunningProgram;
    /** Of each registration made here, by e-mail. */
    const manageTokens = new Map<string, { id: string; token: string }>();

    beforeAll(async () => {
      twins = {
        hubspot: await startTwin(hubspot(NO_DAYS_END)),
        salesforce: await startTwin(salesforce(NO_DAYS_END)),
      };
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
        SALESFORCE_MAPPINGS: 'salesforce.lead, salesforce.contact',
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

    it('the agenda becomes an event with every session as the file has it', async () => {
      const changes = await importAgenda();
      expect(changes).toMatchObject({ event: 'created', sessions: { created: 48, changed: 0 } });
      const talks = talksIn(AGENDA);
      const sessions = await everySession();
      expect(sessions).toHaveLength(talks.length);
      for (const talk of talks) {
        const found = sessions.find(({ code }) => code === talk.slug)!;
        expect(found).toMatchObject({ title: talk.title, room: talk.room });
        expect(found.speakers.map(({ name }) => name)).toEqual(talk.persons.map((p) => p.public_name));
        expect(Date.parse(found.endsAt) - Date.parse(found.startsAt)).toBe(minutes(talk.duration) * 60_000);
        // The file's times stand at +01:00, which no summer time moves.
        const clock = new Date(Date.parse(found.startsAt) + 3_600_000).toISOString().slice(11, 16);
        expect(clock).toBe(talk.start);
      }
    });

    it('in the zone of its times, and open for registration', async () => {
      const event = await get('/v1/events/rc3');
      expect(event).toMatchObject({ name: 'rC3 Channels', timeZone: 'Etc/GMT-1', state: 'open' });
    });

    it('and imported again changes nothing', async () => {
      const sessions = { created: 0, changed: 0, unchanged: 48 };
      expect(await importAgenda()).toEqual({ event: 'unchanged', sessions, notInFile: [] });
    });

    it('the people of the recorded upserts register for it, and each contact goes out byte for byte as recorded', async () => {
      const [first] = upsertsIn(UPSERTS);
      expect(first!.length).toBe(16);
      await registerAll(first!.map(personOf));
      expect(await contactsSent(0, first!.length)).toEqual(first!.map(sorted).sort());
    });

    it('those whom the recording then changes amend their registration, and what it changed goes out, no more', async () => {
      const [first, second] = upsertsIn(UPSERTS);
      expect(second!.length).toBe(4);
      for (const person of second!.map(personOf)) {
        if (manageTokens.has(person.email)) await amend(person);
        else await registerAll([person]);
      }
      const changed = second!.map((contact) => sorted(differenceOf(contact, first!)));
      expect(await contactsSent(first!.length, second!.length)).toEqual(changed.sort());
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

    /** As `foyer import agenda` reports it. The conference is over: it is moved to next year. */
    async function importAgenda(): Promise<unknown> {
      const said = { out: '', err: '' };
      const streams = {
        stdout: { write: (text: string) => (said.out += text) },
        stderr: { write: (text: string) => (said.err += text) },
      };
      const day = `${new Date().getUTCFullYear() + 1}-12-27`;
      const asked = ['--open', '--shift-to', day, '--slug', 'rc3', '--json', '--api', api.url, '--key', KEY];
      expect(await runCli(['import', 'agenda', AGENDA, ...asked], streams), said.err).toBe(0);
      return (JSON.parse(said.out) as { changes: unknown }).changes;
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
        const { id, manageToken } = (await answer.json()) as { id: string; manageToken: string };
        manageTokens.set(attendee.email, { id, token: manageToken });
      }
    }

    /** By the link that came with the registration. */
    async function amend({ email, ...names }: Person): Promise<void> {
      const { id, token } = manageTokens.get(email)!;
      const answer = await fetch(`${api.url}/v1/registrations/${id}`, {
        method: 'PATCH',
        headers: {
          authorization: `Bearer ${token}`,
          'content-type': 'application/json',
          'if-match': '"1"',
        },
        body: JSON.stringify({ attendee: names }),
      });
      expect(answer.status, await answer.clone().text()).toBe(200);
    }

    /** The contacts that went out after the first `from` of them, keys sorted, in order of their bytes. */
    async function contactsSent(from: number, count: number): Promise<string[]> {
      const sent = await waitFor(
        () => {
          const calls = proxies.salesforce.seen.filter((call) =>
            call.path.endsWith('/sobjects/Contact/Email'),
          );
          const bodies = calls.map(
            ({ body }) => JSON.parse(body) as { allOrNone: boolean; records: Contact[] },
          );
          expect(bodies.every(({ allOrNone }) => !allOrNone)).toBe(true);
          return bodies.flatMap(({ records }) => records);
        },
        (records) => records.length >= from + count,
      );
      return sent.slice(from).map(sorted).sort();
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

function personOf({ Email, FirstName, LastName }: Contact): Person {
  return { email: Email, firstName: FirstName, lastName: LastName };
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
