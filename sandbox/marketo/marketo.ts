import { randomUUID } from 'node:crypto';
import { type Answer, type Call, isObject, jsonOf, textOf } from '../call.js';
import type { MakeVendor } from '../twin.js';
import type { Part } from '../vendor.js';
import { addActivities } from './activities.js';
import { failure, plain, result } from './envelope.js';
import { Leads } from './leads.js';
import { Limits } from './limits.js';
import { Members } from './members.js';
import { type MarketoSettings, marketoSettings } from './settings.js';

const PROGRAM = /^\/rest\/v1\/programs\/(\d+)\/members(?:\/(status|delete))?\.json$/;
const TARGET_CHARACTERS_MAX = 8192;
const BODY_BYTES_MAX = 1024 * 1024;

interface Token {
  text: string;
  endsAt: number;
}

/** The Marketo twin: nearly every answer is HTTP 200, and the truth stands inside. */
export function marketo(
  env: Record<string, string | undefined> = {},
  overrides: Partial<MarketoSettings> = {},
): MakeVendor {
  const settings = { ...marketoSettings(env), ...overrides };
  return (store) => {
    const leads = new Leads(store);
    const members = new Members(store, leads, settings.programs);
    for (const object of ['leads', 'members', 'activities']) store.table(object);
    const limits = new Limits(settings);
    let token: Token | undefined;

    /** Asked again before its end, the same token comes with the life that is left. */
    const issue = (call: Call): Answer => {
      const form = new URLSearchParams(call.method === 'POST' ? call.body.toString('utf8') : '');
      const given = (name: string) => call.query.get(name) ?? form.get(name);
      if (given('grant_type') !== 'client_credentials')
        return plain(400, { error: 'unsupported_grant_type', error_description: 'Unsupported grant type' });
      if (given('client_id') !== settings.clientId || given('client_secret') !== settings.clientSecret)
        return plain(401, { error: 'invalid_client', error_description: 'Bad client credentials' });
      if (token === undefined || token.endsAt <= call.at)
        token = { text: `${randomUUID()}:int`, endsAt: call.at + settings.tokenSeconds * 1000 };
      const expires_in = Math.max(0, Math.floor((token.endsAt - call.at) / 1000));
      return plain(200, {
        access_token: token.text,
        token_type: 'bearer',
        expires_in,
        scope: 'api@example.com',
      });
    };
    const unauthorised = (call: Call): Answer | undefined => {
      const given =
        /^bearer (.*)$/i.exec(call.headers.authorization ?? '')?.[1] ?? call.query.get('access_token');
      if (given === null || given === '') return failure('600');
      if (given !== token?.text) return failure('601');
      return token.endsAt <= call.at ? failure('602') : undefined;
    };
    const route = (call: Call): Answer => {
      const query = queryOf(call);
      const isRead = call.method === 'GET' || call.query.get('_method') === 'GET';
      if (!isRead && !(call.headers['content-type'] ?? '').includes('json')) return failure('612');
      const program = PROGRAM.exec(call.path);
      if (program !== null) {
        const [, id = '', verb] = program;
        if (verb === 'status') return members.sync(call, id);
        if (verb === 'delete') return members.remove(call, id);
        return isRead ? members.read(query, id) : members.update(call, id);
      }
      switch (call.path) {
        case '/rest/v1/leads.json':
          return isRead ? leads.read(query) : leads.sync(call);
        case '/rest/v1/leads/delete.json':
          return leads.remove(call);
        case '/rest/v1/leads/describe.json':
          return leads.describe();
        case '/rest/v1/activities/external.json':
          return addActivities(store, leads, settings.activityTypes, call);
        case '/rest/v1/activities/external/types.json':
          return result(
            Object.entries(settings.activityTypes).map(([id, names]) => ({
              id: Number(id),
              apiName: `foyer${id}`,
              status: 'approved',
              attributes: names.map((apiName) => ({ apiName, dataType: 'string' })),
            })),
          );
        default:
          return failure('610');
      }
    };
    return {
      name: 'marketo',
      store,
      answer: (call) => {
        if (call.path === '/identity/oauth/token') return issue(call);
        if (call.target.length > TARGET_CHARACTERS_MAX) return plain(414, {});
        if (call.body.length > BODY_BYTES_MAX) return plain(413, {});
        return unauthorised(call) ?? limits.admit(call.at, call.inFlight) ?? route(call);
      },
      refusal: (call, status, code) => {
        if (call.path === '/identity/oauth/token' || code === undefined) return plain(status, {});
        return failure(code);
      },
      throttling: () => failure('606'),
      parts: partsOf,
      enforceLimits: (isOn) => {
        limits.isOn = isOn;
      },
      areLimitsOn: () => limits.isOn,
      newRecord: (_object, fields) => ({ id: leads.nextId(), fields }),
      control: (method, path) => {
        if (method !== 'DELETE' || path !== '/tokens') return undefined;
        const revoked = token === undefined ? 0 : 1;
        token = undefined;
        return { revoked };
      },
      empty: () => store.empty(),
    };
  };
}

/** A read whose address would be too long comes as POST with `_method=GET` and its query in the body. */
function queryOf(call: Call): URLSearchParams {
  const isPosted = call.method === 'POST' && call.query.get('_method') === 'GET';
  return isPosted ? new URLSearchParams(call.body.toString('utf8')) : call.query;
}

/** The records that a write carried, for a call that is refused as a whole. */
function partsOf(call: Call): Part[] {
  if (call.method === 'GET' || call.query.get('_method') === 'GET' || !call.path.startsWith('/rest/'))
    return [];
  const object = call.path.includes('/members')
    ? 'members'
    : call.path.includes('activities')
      ? 'activities'
      : 'leads';
  const body = jsonOf(call);
  const input = isObject(body) && Array.isArray(body.input) ? (body.input as unknown[]) : [body ?? null];
  return input.map((request) => ({
    object,
    key: isObject(request)
      ? textOf(request.leadId ?? request.email ?? request.foyerPersonId ?? request.id) || null
      : null,
    request,
  }));
}
