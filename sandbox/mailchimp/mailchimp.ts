import { type Answer, type Call, decoded, isObject, jsonOf, textOf } from '../call.js';
import type { MakeVendor } from '../twin.js';
import type { Part } from '../vendor.js';
import { batchMembers } from './list-batch.js';
import { hashOf } from './member.js';
import { MemberRoutes } from './member-routes.js';
import { Members } from './members.js';
import { describeMergeField } from './merge-fields.js';
import { json, notAllowed, notFound, problem, refusal, tooMany } from './problems.js';
import { pageIn, withFields } from './selection.js';
import { type MailchimpSettings, mailchimpSettings } from './settings.js';

const LIST = /^\/3\.0\/lists\/([^/]+)(?:\/(members|merge-fields)(?:\/([^/]+)(?:\/(.+))?)?)?\/?$/;

/** The Mailchimp twin: one account with one list. */
export function mailchimp(
  env: Record<string, string | undefined> = {},
  overrides: Partial<MailchimpSettings> = {},
): MakeVendor {
  const settings = { ...mailchimpSettings(env), ...overrides };
  return (store) => {
    const members = new Members(store, settings);
    const routes = new MemberRoutes(store, members);
    let areLimitsOn = true;

    const list = (
      call: Call,
      id: string,
      part: string | undefined,
      named: string | undefined,
      action?: string,
    ): Answer => {
      if (id !== settings.listId) return notFound();
      if (part === 'members')
        return routes.answer(call, named === undefined ? undefined : decoded(named), action);
      if (part === 'merge-fields') return call.method === 'GET' ? mergeFields(settings, call) : notAllowed();
      if (call.method === 'POST') return batchMembers(members, call);
      return call.method === 'GET'
        ? json(200, { id, name: 'Foyer', stats: { member_count: members.table.liveCount() } })
        : notAllowed();
    };
    return {
      name: 'mailchimp',
      store,
      answer: (call) => {
        const refused = unauthorised(call, settings.apiKey);
        if (refused !== undefined) return refused;
        if (areLimitsOn && call.inFlight > settings.concurrencyMax) return tooMany(settings.concurrencyMax);
        if (call.path === '/3.0/ping') return json(200, { health_status: "Everything's Chimpy!" });
        const found = LIST.exec(call.path);
        return found === null ? notFound() : list(call, found[1]!, found[2], found[3], found[4]);
      },
      refusal: (_call, status) => refusal(status, settings.concurrencyMax),
      throttling: () => tooMany(settings.concurrencyMax),
      parts: partsOf,
      enforceLimits: (isOn) => {
        areLimitsOn = isOn;
      },
      areLimitsOn: () => areLimitsOn,
      newRecord: (object, fields) => {
        if (object === 'members')
          return { id: hashOf(textOf(fields.email_address)), fields: { status: 'subscribed', ...fields } };
        store.counter += 1;
        return { id: String(store.counter), fields };
      },
      empty: () => store.empty(),
    };
  };
}

/** Any user name with the key as its password, or the key as a bearer token. */
function unauthorised(call: Call, apiKey: string): Answer | undefined {
  const [scheme = '', given = ''] = (call.headers.authorization ?? '').split(' ');
  if (given === '') return problem(401, 'API Key Missing', 'Your request did not include an API key.');
  const basic = Buffer.from(given, 'base64').toString('utf8');
  const key = scheme.toLowerCase() === 'basic' ? basic.slice(basic.indexOf(':') + 1) : given;
  return key === apiKey ? undefined : refusal(401, 0);
}

function mergeFields({ mergeFields: known, listId }: MailchimpSettings, { query }: Call): Answer {
  const page = pageIn(query);
  if ('answer' in page) return page.answer;
  const all = Object.entries(known).map(([tag, field], index) =>
    describeMergeField(tag, field, index, listId),
  );
  const list = all.slice(page.offset, page.offset + page.count);
  return json(200, withFields({ merge_fields: list, list_id: listId, total_items: all.length }, query));
}

/** The records that a write carried, for a call that is refused as a whole. */
function partsOf(call: Call): Part[] {
  const found = LIST.exec(call.path);
  if (found === null || call.method === 'GET') return [];
  const body = jsonOf(call);
  if (found[2] === undefined && isObject(body) && Array.isArray(body.members))
    return (body.members as unknown[]).map((request) => ({
      object: 'members',
      key: addressIn(request),
      request,
    }));
  const object = found[4] === 'events' ? 'events' : 'members';
  const named = found[3] === undefined ? null : decoded(found[3]);
  return [{ object, key: addressIn(body) ?? named, request: body ?? null }];
}

function addressIn(record: unknown): string | null {
  return isObject(record) && typeof record.email_address === 'string' ? record.email_address : null;
}
