import { afterAll } from 'vitest';
import { hubspot } from '../../sandbox/hubspot/hubspot.js';
import type { HubspotSettings } from '../../sandbox/hubspot/settings.js';
import { salesforce } from '../../sandbox/salesforce/salesforce.js';
import type { SalesforceSettings } from '../../sandbox/salesforce/settings.js';
import { type MakeVendor, startTwin, type Twin } from '../../sandbox/twin.js';

export const TOKEN = 'pat-twin-0000';
export const CLIENT = { clientId: 'twin-client', clientSecret: 'twin-secret' };

const running: Twin[] = [];
afterAll(() => Promise.all(running.splice(0).map((twin) => twin.stop())));

/** A HubSpot twin of this test file; rate limits are off unless the test is about them. */
export async function hubspotTwin(settings: Partial<HubspotSettings> = {}, limits = false): Promise<Twin> {
  return start(await startTwin(hubspot({}, settings)), limits);
}

export async function salesforceTwin(
  settings: Partial<SalesforceSettings> = {},
  limits = false,
): Promise<Twin> {
  return start(await startTwin(salesforce({}, settings)), limits);
}

/** A twin of this test file, its limits on. */
export async function started(makeVendor: MakeVendor): Promise<Twin> {
  return start(await startTwin(makeVendor), true);
}

async function start(twin: Twin, limits: boolean): Promise<Twin> {
  running.push(twin);
  await control(twin, 'PUT', '/faults', { faults: [], limits });
  return twin;
}

export interface Reply<Body> {
  status: number;
  headers: Headers;
  body: Body;
  text: string;
}

/** One call; the body of the answer is parsed where it is JSON. */
export async function call<Body = unknown>(
  method: string,
  url: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Reply<Body>> {
  const answer = await fetch(url, {
    method,
    headers: body === undefined ? headers : { 'Content-Type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await answer.text();
  let parsed: unknown = text;
  try {
    parsed = JSON.parse(text);
  } catch {
    // Some answers are not JSON: the text stands for itself.
  }
  return { status: answer.status, headers: answer.headers, body: parsed as Body, text };
}

export function hubspotCall<Body = unknown>(
  twin: Twin,
  method: string,
  path: string,
  body?: unknown,
): Promise<Reply<Body>> {
  return call<Body>(method, `${twin.url}${path}`, body, { Authorization: `Bearer ${TOKEN}` });
}

export async function accessToken(twin: Twin): Promise<string> {
  const form = `grant_type=client_credentials&client_id=${CLIENT.clientId}&client_secret=${CLIENT.clientSecret}`;
  const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
  const { body } = await call<{ access_token: string }>(
    'POST',
    `${twin.url}/services/oauth2/token`,
    form,
    headers,
  );
  return body.access_token;
}

/** Calls of one session below /services/data/v60.0. */
export async function salesforceSession(
  twin: Twin,
): Promise<<Body = unknown>(method: string, path: string, body?: unknown) => Promise<Reply<Body>>> {
  const headers = { Authorization: `Bearer ${await accessToken(twin)}` };
  return (method, path, body) => call(method, `${twin.url}/services/data/v60.0${path}`, body, headers);
}

export function control<Body = unknown>(
  twin: Twin,
  method: string,
  path: string,
  body?: unknown,
): Promise<Reply<Body>> {
  return call<Body>(method, `${twin.url}/_twin${path}`, body);
}

export interface Item {
  n: number;
  at: string;
  method: string;
  path: string;
  status: number;
  object: string;
  key: string | null;
  id: string | null;
  outcome: string;
  request: Record<string, unknown>;
  response: Record<string, unknown>;
}

export async function journal(twin: Twin): Promise<Item[]> {
  return (await control<{ items: Item[] }>(twin, 'GET', '/journal?limit=10000')).body.items;
}

export interface StoredItem {
  id: string;
  key: string | null;
  fields: Record<string, unknown>;
  writes: number;
}

export async function records(twin: Twin, object: string): Promise<StoredItem[]> {
  return (await control<{ items: StoredItem[] }>(twin, 'GET', `/records/${object}?limit=10000`)).body.items;
}
