import { expect, it } from 'vitest';
import { dataverse } from '../../sandbox/dataverse/dataverse.js';
import { readName } from '../../src/connectors/dataverse-canonical.js';
import { createConnector } from '../../src/connectors/registry.js';
import { started } from '../sandbox/twins.js';

it.each([
  ['foyer_Contact@odata.bind', '_foyer_contact_value'],
  ['foyer_ContactId@odata.bind', '_foyer_contactid_value'],
  ['foyer_Referring_Account@odata.bind', '_foyer_referring_account_value'],
  ['parentcustomerid_account@odata.bind', '_parentcustomerid_value'],
  ['parentcustomerid_contact@odata.bind', '_parentcustomerid_value'],
  ['firstname', 'firstname'],
])('%s is read as %s', (field, expected) => {
  expect(readName(field)).toBe(expected);
});

it('a lookup that leads to several tables is described by each name that it can be written by', async () => {
  const twin = await started(dataverse({}, {}));
  const connector = createConnector({
    name: 'dynamics',
    connector: 'dataverse',
    isEnabled: true,
    settings: {
      baseUrl: twin.url,
      loginUrl: twin.url,
      tenantId: 'twin-tenant',
      clientId: 'twin-client',
      clientSecret: 'twin-secret',
    },
  } as never);
  const described = await connector.describe!('contacts', { signal: AbortSignal.timeout(10_000) });
  const fields = described.ok ? Object.keys(described.fields) : [described.reason.message];
  expect(fields.filter((name) => name.includes('@'))).toEqual([
    'parentcustomerid_account@odata.bind',
    'parentcustomerid_contact@odata.bind',
    'masterid@odata.bind',
  ]);
});
