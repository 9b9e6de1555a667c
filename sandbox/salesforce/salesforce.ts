import type { Answer, Call } from '../call.js';
import type { MakeVendor } from '../twin.js';
import { ApiUsage } from './api-usage.js';
import { failure, limitExceeded, refusal, sessionExpired } from './errors.js';
import { Org } from './org.js';
import { partsOf } from './parts.js';
import { Queries } from './query.js';
import { Rest, listVersions } from './rest.js';
import { type SalesforceSettings, salesforceSettings } from './settings.js';
import { Tokens } from './tokens.js';

/** Salesforce refuses longer addresses. */
const TARGET_CHARACTERS_MAX = 16_384;

type Environment = Record<string, string | undefined>;

/** The Salesforce twin: one org, one connected app. */
export function salesforce(env: Environment = {}, overrides: Partial<SalesforceSettings> = {}): MakeVendor {
  const settings = { ...salesforceSettings(env), ...overrides };
  return (store, url) => {
    const org = new Org(store, settings.sobjects);
    const tokens = new Tokens(settings);
    const usage = new ApiUsage(settings.dailyMax);
    const rest = new Rest(org, usage, new Queries(org));
    const withUsage = (answer: Answer): Answer => ({
      ...answer,
      headers: { ...answer.headers, 'Sforce-Limit-Info': usage.header() },
    });
    const answer = (call: Call): Answer => {
      if (call.path === '/services/oauth2/token') return tokens.issue(call, url());
      if (/^\/services\/data\/?$/.test(call.path)) return listVersions();
      if (call.target.length > TARGET_CHARACTERS_MAX)
        return failure(414, { code: 'URI_TOO_LONG', message: 'URI Too Long' });
      if (!tokens.admit(call)) return withUsage(sessionExpired());
      if (!usage.admit(call.at)) return withUsage(limitExceeded());
      return withUsage(rest.answer(call));
    };
    return {
      name: 'salesforce',
      store,
      answer,
      refusal: (_call, status) => withUsage(refusal(status)),
      throttling: () => withUsage(limitExceeded()),
      parts: partsOf,
      newRecord: (object, fields, at) => org.byHand(object, fields, at),
      merge: (object, loser, winner, at) => org.merge(org.sobject(object)!, loser, winner, at),
      enforceLimits: (isOn) => {
        usage.isOn = isOn;
      },
      areLimitsOn: () => usage.isOn,
      control: (method, path) =>
        method === 'DELETE' && path === '/tokens' ? { revoked: tokens.revoke() } : undefined,
      empty: () => store.empty(),
    };
  };
}
