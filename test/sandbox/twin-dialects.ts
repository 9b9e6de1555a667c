import { createHash } from 'node:crypto';
import { AwsClient } from 'aws4fetch';
import { VENDORS } from '../../sandbox/vendors.js';
import type { MakeVendor } from '../../sandbox/twin.js';
import type { TwinName } from '../../sandbox/vendor.js';
import { call, type Reply, TOKEN } from './twins.js';

/** How one record is written to each twin, in its vendor's own way; `name` is kept in the field `field`. */
export interface TwinDialect {
  make: MakeVendor;
  object: string;
  field: string;
  /** What the vendor's rate limit answers. */
  throttle: number;
  /** A session at the twin: writes a record, or hands back the vendor's refusal. */
  login: (url: string) => Promise<(key: string, name: string) => Promise<Reply<unknown>>>;
  /** A record as a colleague would make it. */
  byHand: (key: string, name: string) => Record<string, string>;
}

const FORM = { 'Content-Type': 'application/x-www-form-urlencoded' };
const CLIENT = 'grant_type=client_credentials&client_id=twin-client&client_secret=twin-secret';

async function bearer(url: string, path: string, form = CLIENT): Promise<Record<string, string>> {
  const { body } = await call<{ access_token: string }>('POST', `${url}${path}`, form, FORM);
  return { Authorization: `Bearer ${body.access_token}` };
}

export const TWIN_DIALECTS: Record<TwinName, TwinDialect> = {
  hubspot: {
    make: VENDORS.hubspot({}),
    object: 'contacts',
    field: 'firstname',
    throttle: 429,
    login: (url) =>
      Promise.resolve((id, firstname) => {
        const inputs = [{ id, idProperty: 'email', objectWriteTraceId: id, properties: { firstname } }];
        const headers = { Authorization: `Bearer ${TOKEN}` };
        return call('POST', `${url}/crm/v3/objects/contacts/batch/upsert`, { inputs }, headers);
      }),
    byHand: (email, firstname) => ({ email, firstname }),
  },
  salesforce: {
    make: VENDORS.salesforce({}),
    object: 'Lead',
    field: 'LastName',
    throttle: 403,
    login: async (url) => {
      const headers = await bearer(url, '/services/oauth2/token');
      const path = `${url}/services/data/v60.0/sobjects/Lead/Foyer_Person_Id__c`;
      return (key, LastName) =>
        call('PATCH', `${path}/${encodeURIComponent(key)}`, { LastName, Company: 'C' }, headers);
    },
    byHand: (key, LastName) => ({ Foyer_Person_Id__c: key, LastName, Company: 'C' }),
  },
  marketo: {
    make: VENDORS.marketo({}),
    object: 'leads',
    field: 'firstName',
    throttle: 200,
    login: async (url) => {
      const headers = await bearer(url, '/identity/oauth/token');
      return (email, firstName) =>
        call('POST', `${url}/rest/v1/leads.json`, { input: [{ email, firstName }] }, headers);
    },
    byHand: (email, firstName) => ({ email, firstName }),
  },
  dataverse: {
    make: VENDORS.dataverse({}),
    object: 'contacts',
    field: 'lastname',
    throttle: 429,
    login: async (url) => {
      const headers = await bearer(url, '/twin-tenant/oauth2/v2.0/token', `${CLIENT}&scope=${url}/.default`);
      const path = `${url}/api/data/v9.2/contacts`;
      return (key, lastname) => call('PATCH', `${path}(foyer_personid='${key}')`, { lastname }, headers);
    },
    byHand: (foyer_personid, lastname) => ({ foyer_personid, lastname }),
  },
  mailchimp: {
    make: VENDORS.mailchimp({}),
    object: 'members',
    field: 'FNAME',
    throttle: 429,
    login: (url) =>
      Promise.resolve((email_address, FNAME) => {
        const path = `${url}/3.0/lists/twin-list/members`;
        const body = { email_address, status_if_new: 'subscribed', merge_fields: { FNAME } };
        const hash = createHash('md5').update(email_address).digest('hex');
        return call('PUT', `${path}/${hash}`, body, { Authorization: 'Bearer twin-key-us1' });
      }),
    byHand: (email_address, FNAME) => ({ email_address, FNAME }),
  },
  s3: {
    make: VENDORS.s3({}),
    object: 'objects',
    field: 'text',
    throttle: 503,
    login: (url) => {
      const aws = new AwsClient({
        accessKeyId: 'TWINACCESSKEY00000001',
        secretAccessKey: 'twin-secret-access-key',
        service: 's3',
        region: 'eu-central-1',
      });
      return Promise.resolve(async (key, body) => {
        const { url: address, headers } = await aws.sign(`${url}/foyer-drops/${key}`, {
          method: 'PUT',
          body,
        });
        const answer = await fetch(address, { method: 'PUT', headers, body });
        const text = await answer.text();
        return { status: answer.status, headers: answer.headers, body: text, text };
      });
    },
    byHand: (key, text) => ({ key, text }),
  },
};
