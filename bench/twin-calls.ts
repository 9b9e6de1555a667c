import http from 'node:http';
import { HUBSPOT_TOKEN, SALESFORCE_CLIENT, type Stage } from './stage.js';

export type Mapping = 'hubspot.contact' | 'salesforce.lead';

/** A person as the change log has them. */
export interface Person {
  readonly key: string;
  readonly person: Readonly<Record<string, string>>;
}

/** The calls of a loop that maps nothing: every name and value is known beforehand. */
export interface TwinCalls {
  /** @returns the ids */
  readonly write: (batch: readonly Person[]) => Promise<string[]>;
  readonly readBack: (ids: readonly string[]) => Promise<void>;
}

/** The greatest batch of each backend. */
export const BATCH_MAX: Record<Mapping, number> = { 'hubspot.contact': 100, 'salesforce.lead': 200 };

export async function twinCalls(stage: Stage, mapping: Mapping): Promise<TwinCalls> {
  return mapping === 'hubspot.contact'
    ? hubspot(stage.twins.hubspot)
    : salesforce(stage.twins.salesforce, await salesforceToken(stage.twins.salesforce));
}

/** Their whole side, page by page, read and parsed and nothing else. */
export async function readAll(stage: Stage, mapping: Mapping): Promise<void> {
  if (mapping === 'hubspot.contact') {
    const call = caller(`${stage.twins.hubspot}/crm/v3/objects/contacts`, HUBSPOT_TOKEN);
    const fields = ['foyer_person_id', ...Object.keys(hubspotFields({}))].join();
    for (let after: string | undefined = ''; after !== undefined;) {
      const page = (await call(
        'GET',
        `?limit=100&properties=${fields}${after && `&after=${after}`}`,
      )) as HubspotPage;
      after = page.paging?.next?.after;
    }
    return;
  }
  const call = caller(stage.twins.salesforce, await salesforceToken(stage.twins.salesforce));
  const fields = ['Id', 'Foyer_Person_Id__c', ...Object.keys(salesforceFields({}))].join();
  const query = `SELECT ${fields} FROM Lead WHERE Foyer_Person_Id__c != null`;
  for (
    let path: string | undefined = `/services/data/v60.0/query?q=${encodeURIComponent(query)}`;
    path !== undefined;
  ) {
    path = ((await call('GET', path)) as { nextRecordsUrl?: string }).nextRecordsUrl;
  }
}

interface HubspotPage {
  readonly paging?: { readonly next?: { readonly after: string } };
}

function hubspot(url: string): TwinCalls {
  const call = caller(`${url}/crm/v3/objects/contacts/batch`, HUBSPOT_TOKEN);
  return {
    async write(batch) {
      const inputs = batch.map(({ key, person }) => {
        const properties = { foyer_person_id: key, ...hubspotFields(person) };
        return { id: key, idProperty: 'foyer_person_id', objectWriteTraceId: key, properties };
      });
      const { results } = (await call('POST', '/upsert', { inputs })) as { results: { id: string }[] };
      return results.map(({ id }) => id);
    },
    async readBack(ids) {
      const properties = ['foyer_person_id', ...Object.keys(hubspotFields({}))];
      await call('POST', '/read', { inputs: ids.map((id) => ({ id })), properties });
    },
  };
}

function hubspotFields(person: Person['person']): Record<string, unknown> {
  return {
    email: person.email,
    firstname: person.firstName,
    lastname: person.lastName,
    company: person.company,
    jobtitle: person.jobTitle,
    country: person.country,
    foyer_status: 'registered',
    foyer_events: 'bench',
    foyer_event_count: '1',
    foyer_registered_at: person.createdAt,
  };
}

function salesforce(url: string, token: string): TwinCalls {
  const call = caller(`${url}/services/data/v60.0/composite/sobjects/Lead`, token);
  return {
    async write(batch) {
      const records = batch.map(({ key, person }) => ({
        attributes: { type: 'Lead' },
        Foyer_Person_Id__c: key,
        ...salesforceFields(person),
      }));
      const answer = await call('PATCH', '/Foyer_Person_Id__c', { allOrNone: false, records });
      return (answer as { id: string }[]).map(({ id }) => id);
    },
    async readBack(ids) {
      const fields = ['Id', 'Foyer_Person_Id__c', ...Object.keys(salesforceFields({}))];
      await call('POST', '', { ids, fields });
    },
  };
}

function salesforceFields(person: Person['person']): Record<string, unknown> {
  return {
    Email: person.email,
    FirstName: person.firstName,
    LastName: person.lastName,
    Company: person.company,
    Title: person.jobTitle,
    Country: person.country,
    LeadSource: 'Foyer',
    Status: 'Open',
    Foyer_Events__c: 'bench',
    Foyer_Event_Count__c: 1,
    Foyer_Registered_At__c: person.createdAt,
  };
}

async function salesforceToken(url: string): Promise<string> {
  const { id, secret } = SALESFORCE_CLIENT;
  const body = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: id,
    client_secret: secret,
  });
  const answer = await fetch(`${url}/services/oauth2/token`, { method: 'POST', body });
  return ((await answer.json()) as { access_token: string }).access_token;
}

type Caller = (method: string, path: string, body?: object) => Promise<unknown>;

/** node:http over connections that stay open: the least a call can cost. */
function caller(base: string, token: string): Caller {
  const agent = new http.Agent({ keepAlive: true });
  return (method, path, body) =>
    new Promise((resolve, reject) => {
      const text = body ? JSON.stringify(body) : '';
      const headers = {
        ...(body
          ? { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }
          : undefined),
        authorization: `Bearer ${token}`,
      };
      const request = http.request(`${base}${path}`, { method, agent, headers }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => {
          const answer = Buffer.concat(chunks).toString();
          if (response.statusCode === 200) resolve(JSON.parse(answer));
          else reject(new Error(`the twin answered ${response.statusCode}: ${answer.slice(0, 300)}`));
        });
      });
      request.on('error', reject);
      request.end(text);
    });
}
