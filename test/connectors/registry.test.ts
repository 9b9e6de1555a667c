import path from 'node:path';
import { expect, test } from 'vitest';
import { createConnector } from '../../src/connectors/registry.js';
import { loadDestinations } from '../../src/platform/config/destinations.js';

const file = path.resolve('config/destinations.yaml');

test('the destinations as shipped need only addresses and secrets from the environment', () => {
  const environment = {
    HUBSPOT_TOKEN: 'pat-1',
    SALESFORCE_BASE_URL: 'https://acme.my.salesforce.com/',
    SALESFORCE_CLIENT_ID: 'id',
    SALESFORCE_CLIENT_SECRET: 'secret',
    MARKETO_BASE_URL: 'https://000-AAA-000.mktorest.com/',
    MARKETO_CLIENT_ID: 'id',
    MARKETO_CLIENT_SECRET: 'secret',
    DATAVERSE_BASE_URL: 'https://acme.crm4.dynamics.com/',
    DATAVERSE_TENANT_ID: 'tenant',
    DATAVERSE_CLIENT_ID: 'id',
    DATAVERSE_CLIENT_SECRET: 'secret',
    S3_ENDPOINT: 'https://s3.eu-central-1.amazonaws.com',
    S3_ACCESS_KEY_ID: 'id',
    S3_SECRET_ACCESS_KEY: 'secret',
    MAILCHIMP_BASE_URL: 'https://us1.api.mailchimp.com/3.0',
    MAILCHIMP_API_KEY: 'key-us1',
    MAILCHIMP_LIST: 'list',
  };
  const made = loadDestinations(file, environment).map((entry) => createConnector(entry));
  expect(made.map(({ destination }) => destination)).toEqual([
    'hubspot',
    'salesforce',
    'marketo',
    'dataverse',
    'storage',
    'mailchimp',
  ]);
  const target = { object: 'Lead', operation: 'upsert' as const, keyField: 'Id__c' };
  expect(made.map((connector) => connector.batchMax(target))).toEqual([100, 200, 300, 100, 1000, 1]);
});

test('a variable that is not set is named', () => {
  const [hubspot, salesforce] = loadDestinations(file, {});
  expect(() => createConnector(hubspot!)).toThrow('HUBSPOT_TOKEN');
  expect(() => createConnector(salesforce!)).toThrow('SALESFORCE_CLIENT_SECRET');
});
