/** What the contract suite must know of members and activities, at Marketo and at Salesforce, by the protocol sheets. */
import { made, withToken } from './dialect-connector.js';
import type { Dialect } from './dialects.js';
import { json, type Seen } from './scripted-server.js';

type Json = Record<string, unknown>;

const marketo = made('marketo', () => ({ clientId: 'id', clientSecret: 'secret' }));
const aroundMarketo = withToken('/identity/oauth/token', () => ({
  token_type: 'bearer',
  expires_in: 3599,
  scope: 'api',
}));
const inputOf = (write: Seen): Json[] => (JSON.parse(write.body) as { input: Json[] }).input;
const inEnvelope: Dialect['wrap'] = (result) => ({ requestId: 'e42b#14272d07d78', success: true, result });
const leadId = (n: number): number => 1_800 + n;

/** Of a success with as many results as were asked for, the one in this key's place. */
function resultOf(write: Seen, answer: unknown, place: number): Json | null {
  const { success, result } = answer as { success?: unknown; result?: unknown };
  if (success !== true || !Array.isArray(result) || result.length !== inputOf(write).length) return null;
  return (result as (Json | null)[])[place] ?? null;
}

const programMembers: Dialect = {
  name: 'marketo, program members',
  target: { object: 'program-members', operation: 'upsert', keyField: 'membership' },
  connector: marketo,
  around: aroundMarketo,
  isWrite: (seen) => seen.path === '/rest/v1/programs/1044/members/status.json',
  keysOf: (write) => inputOf(write).map((member) => `1044/${String(member.leadId)}`),
  success: (write) => inputOf(write).map(({ leadId: id }, seq) => ({ seq, leadId: id, status: 'updated' })),
  wrap: inEnvelope,
  written: (key) => ({ kind: 'written', targetId: key, created: false }),
  record: (n) => ({
    traceId: `trace-${n}`,
    key: `1044/${leadId(n)}`,
    targetId: null,
    fields: { statusName: 'Registered' },
  }),
  confirms(write, answer, key, id) {
    const own = key.split('/')[1]!;
    const place = inputOf(write).findIndex((member) => String(member.leadId) === own);
    const { leadId: named = own, status } = resultOf(write, answer, place) ?? {};
    return id === key && String(named) === own && (status === 'updated' || status === 'created');
  },
};

const activities: Dialect = {
  name: 'marketo, activities',
  target: { object: 'activity-100001', operation: 'append', keyField: 'id' },
  connector: marketo,
  around: aroundMarketo,
  isWrite: (seen) => seen.path === '/rest/v1/activities/external.json',
  keysOf: (write) => inputOf(write).map((activity) => `of-${String(activity.leadId)}`),
  success: (write) =>
    inputOf(write).map(({ leadId: of }) => ({ id: 7, marketoGUID: `id-of-${String(of)}`, status: 'added' })),
  wrap: inEnvelope,
  record: (n) => ({
    traceId: `trace-${n}`,
    key: `of-${leadId(n)}`,
    targetId: null,
    fields: {
      leadId: leadId(n),
      activityDate: '2026-01-05T09:00:00Z',
      primaryAttributeValue: 'Summit',
      role: 'asked',
    },
  }),
  confirms(write, answer, key, id) {
    const place = inputOf(write).findIndex((activity) => `of-${String(activity.leadId)}` === key);
    const { marketoGUID: guid, id: number, status } = resultOf(write, answer, place) ?? {};
    const named = (guid ?? number ?? null) as string | number | null;
    return status === 'added' && (named === null ? null : String(named)) === id;
  },
};

const CAMPAIGN = '7014x000000AAAA';
const membersOf = (write: Seen): Json[] => (JSON.parse(write.body) as { records: Json[] }).records;
const token = withToken('/services/oauth2/token', (host) => ({
  instance_url: `http://${host}`,
  token_type: 'Bearer',
}));

const campaignMembers: Dialect = {
  name: 'salesforce, campaign members',
  target: { object: 'CampaignMember', operation: 'upsert', keyField: 'Foyer_Member_Id__c' },
  connector: made('salesforce', () => ({ clientId: 'id', clientSecret: 'secret' })),
  // The campaign has the status already: nothing has to be made first.
  around: (script) =>
    token((request, response, socket) => {
      if (!request.path.startsWith('/services/data/v60.0/query')) script(request, response, socket);
      else
        json(response, 200, {
          done: true,
          records: [{ CampaignId: CAMPAIGN, Label: 'Registered', SortOrder: 1 }],
        });
    }),
  isWrite: (seen) => seen.method === 'PATCH',
  keysOf: (write) => membersOf(write).map((member) => String(member.Foyer_Member_Id__c)),
  success: (write) =>
    membersOf(write).map((member) => ({
      id: `id-${String(member.Foyer_Member_Id__c)}`,
      success: true,
      errors: [],
      created: true,
    })),
  wrap: (results) => results,
  record: (n) => ({
    traceId: `trace-${n}`,
    key: `e-1:p-${n}`,
    targetId: null,
    fields: { CampaignId: CAMPAIGN, LeadId: `00Q4x00000000${10 + n}`, Status: 'Registered' },
  }),
  confirms(write, answer, key, id) {
    const members = membersOf(write);
    if (!Array.isArray(answer) || answer.length !== members.length) return false;
    const place = members.findIndex((member) => member.Foyer_Member_Id__c === key);
    const result = answer[place] as Json | null;
    return result?.success === true && result.id === id;
  },
};

export const memberDialects: readonly Dialect[] = [programMembers, activities, campaignMembers];
