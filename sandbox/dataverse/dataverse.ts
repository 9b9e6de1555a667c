import type { Answer, Call } from '../call.js';
import type { MakeVendor } from '../twin.js';
import type { Part } from '../vendor.js';
import { answerBatch, stepsOf } from './batch.js';
import { CODES, failure, refusable, Refused, refusal, throttled, unauthorised } from './errors.js';
import { Limits } from './limits.js';
import { Organisation } from './organisation.js';
import { partsOf, recordsOf } from './parts.js';
import { type DataverseSettings, dataverseSettings } from './settings.js';
import { Tokens } from './tokens.js';
import { API, notAllowed, WebApi } from './web-api.js';

/** Longer addresses are refused; inside a batch twice as much is taken. */
const TARGET_CHARACTERS_MAX = 32_768;

/** The Dataverse twin: one environment, and the tenant that gives tokens for it. */
export function dataverse(
  env: Record<string, string | undefined> = {},
  overrides: Partial<DataverseSettings> = {},
): MakeVendor {
  const settings = { ...dataverseSettings(env), ...overrides };
  return (store, url) => {
    const organisation = new Organisation(store);
    const webApi = new WebApi(organisation, () => `${url()}/api/data/v9.2`);
    const tokens = new Tokens(settings);
    const limits = new Limits(settings);
    const withHeaders = (answer: Answer): Answer => ({
      ...answer,
      headers: { ...answer.headers, ...limits.headers() },
    });
    const refusedBefore = (call: Call): Answer | undefined =>
      notAuthorised(tokens, call, `${url()}/${settings.tenant}`, url()) ??
      limits.admit(call.at, call.inFlight, recordsOf(call));
    return {
      name: 'dataverse',
      store,
      answer: (call) => {
        const tenant = Tokens.tenantOf(call.path);
        if (tenant !== undefined) return tokens.issue(call, tenant, url());
        if (call.target.length > TARGET_CHARACTERS_MAX)
          return failure(414, '', 'The request URI is too long.');
        return withHeaders(
          refusedBefore(call) ?? (isBatch(call) ? batch(call, webApi, organisation) : webApi.answer(call)),
        );
      },
      refusal: (_call, status, code) => withHeaders(refusal(status, code)),
      throttling: (_call, retryAfterSeconds = 1) => withHeaders(throttled(CODES.requests, retryAfterSeconds)),
      parts: partsOfAll,
      enforceLimits: (isOn) => {
        limits.isOn = isOn;
      },
      areLimitsOn: () => limits.isOn,
      newRecord: (object, fields) => organisation.byHand(object, fields),
      merge: (object, loser, winner, at) => organisation.merge(object, loser, winner, at),
      control: (method, path) =>
        method === 'DELETE' && path === '/tokens' ? { revoked: tokens.revoke() } : undefined,
      empty: () => organisation.empty(),
    };
  };
}

function isBatch(call: Call): boolean {
  return API.exec(call.path)?.[1] === '$batch';
}

function batch(call: Call, webApi: WebApi, { store }: Organisation): Answer {
  return refusable(() => {
    if (call.method !== 'POST') throw notAllowed(call);
    return answerBatch(call, store, (inner) => webApi.answer(inner));
  });
}

function notAuthorised(tokens: Tokens, call: Call, loginUrl: string, resource: string): Answer | undefined {
  switch (tokens.standing(call)) {
    case 'absent':
      return unauthorised(loginUrl, resource);
    case 'unknown':
      return unauthorised(loginUrl, resource, 'The signature is invalid.');
    case 'expired':
      return unauthorised(loginUrl, resource, 'The token is expired.');
    case 'stranger':
      return failure(403, CODES.notMember, 'The user is not a member of the organization.');
    case 'good':
      return undefined;
  }
}

/** Every record that a call carried, those of a batch too. */
function partsOfAll(call: Call): Part[] {
  if (!isBatch(call)) return partsOf(call);
  try {
    return stepsOf(call).flatMap(({ operations }) => operations.flatMap((each) => partsOf(each.call)));
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return [{ object: 'unknown', key: null, request: call.body.toString('utf8').slice(0, 1000) }];
  }
}
