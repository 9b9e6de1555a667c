import { describe, expect, it } from 'vitest';
import { dataverseAccount } from './dataverse-account.js';
import { call, records, type Reply } from './twins.js';

const account = dataverseAccount();
const { ask } = account;

describe('Dataverse, read,', () => {
  it('reads by filter, in pages, with labels on request', async () => {
    for (const n of [1, 2, 3, 4, 5])
      await ask('PATCH', `contacts(foyer_personid='p-${n}')`, {
        lastname: `L${n}`,
        foyer_eventcount: n,
        preferredcontactmethodcode: 2,
      });
    const keys = async (filter: string, more = '') => {
      const reply = await ask<{ value: { foyer_personid: string }[] }>(
        'GET',
        `contacts?$select=foyer_personid&$filter=${encodeURIComponent(filter)}${more}`,
      );
      return reply.body.value.map((each) => each.foyer_personid);
    };
    expect(
      await keys("Microsoft.Dynamics.CRM.In(PropertyName='foyer_personid',PropertyValues=['p-4','P-2','x'])"),
    ).toEqual(['p-4', 'p-2']);
    expect(await keys("foyer_personid eq 'p-3' or foyer_personid eq 'p-1'")).toEqual(['p-3', 'p-1']);
    expect(await keys("not (foyer_eventcount lt 4) and contains(lastname,'l')")).toEqual(['p-4', 'p-5']);
    expect(await keys('jobtitle eq null', '&$orderby=foyer_eventcount desc&$top=2')).toEqual(['p-5', 'p-4']);
    for (const wrong of [
      "lastname eq 'open",
      'shoesize eq 1',
      'lastname is 3',
      "lastname eq 'a' and",
      `${'('.repeat(200)}lastname eq null`,
    ])
      expect((await ask('GET', `contacts?$filter=${encodeURIComponent(wrong)}`)).body.error.code).toBe(
        '0x80060888',
      );

    const seen: string[] = [];
    let next: string | undefined =
      `${account.twin.url}/api/data/v9.2/contacts?$select=foyer_personid,preferredcontactmethodcode&$count=true`;
    while (next !== undefined) {
      const page: Reply<{
        value: Record<string, string>[];
        '@odata.count': number;
        '@odata.nextLink'?: string;
      }> = await call('GET', next, undefined, {
        Authorization: `Bearer ${account.token}`,
        Prefer: 'odata.maxpagesize=2,odata.include-annotations="OData.Community.Display.V1.FormattedValue"',
      });
      expect(page.body['@odata.count']).toBe(5);
      for (const each of page.body.value) {
        seen.push(each.foyer_personid!);
        expect(each['preferredcontactmethodcode@OData.Community.Display.V1.FormattedValue']).toBe('Email');
      }
      next = page.body['@odata.nextLink'];
    }
    expect(seen).toEqual(['p-1', 'p-2', 'p-3', 'p-4', 'p-5']);
  });

  it('binds lookups by key and shows them as values', async () => {
    await ask('PATCH', "contacts(foyer_personid='p-1')", { lastname: 'A' });
    await ask('PATCH', "campaigns(foyer_eventid='e-1')", { name: 'Launch', typecode: 3 });
    const made = await ask<Record<string, string>>(
      'PATCH',
      "foyer_eventregistrations(foyer_registrationid='r-1')",
      {
        foyer_name: 'A at Launch',
        foyer_status: 100000003,
        'foyer_ContactId@odata.bind': "/contacts(foyer_personid='p-1')",
        'foyer_CampaignId@odata.bind': `${account.twin.url}/api/data/v9.2/campaigns(foyer_eventid='e-1')`,
      },
      { Prefer: 'return=representation,odata.include-annotations="*"' },
    );
    const [contact] = await records(account.twin, 'contacts');
    expect(made.body).toMatchObject({
      _foyer_contactid_value: contact!.id,
      '_foyer_contactid_value@Microsoft.Dynamics.CRM.lookuplogicalname': 'contact',
      'foyer_status@OData.Community.Display.V1.FormattedValue': 'Attended',
    });
  });

  it('describes its tables, columns by their kind, options and keys', async () => {
    const contact = "EntityDefinitions(LogicalName='contact')";
    const { body: entity } = await ask<Record<string, unknown>>(
      'GET',
      `${contact}?$select=EntitySetName,PrimaryIdAttribute`,
    );
    expect(entity).toMatchObject({ EntitySetName: 'contacts', PrimaryIdAttribute: 'contactid' });
    for (const filter of ["EntitySetName eq 'contacts'", "LogicalName eq 'contact'"]) {
      const path = `EntityDefinitions?$select=EntitySetName&$filter=${encodeURIComponent(filter)}`;
      const { body: found } = await ask<{ value: { EntitySetName: string }[] }>('GET', path);
      expect(found.value.map(({ EntitySetName: name }) => name)).toEqual(['contacts']);
    }
    const { body: texts } = await ask<{ value: Record<string, unknown>[] }>(
      'GET',
      `${contact}/Attributes/Microsoft.Dynamics.CRM.StringAttributeMetadata?$select=LogicalName,MaxLength`,
    );
    expect(texts.value).toContainEqual({
      LogicalName: 'firstname',
      MaxLength: 50,
      MetadataId: expect.any(String) as string,
    });
    const { body: choices } = await ask<{
      value: { LogicalName: string; OptionSet: { Options: { Value: number }[] } }[];
    }>(
      'GET',
      `${contact}/Attributes/Microsoft.Dynamics.CRM.PicklistAttributeMetadata?$select=LogicalName&$expand=OptionSet`,
    );
    expect(choices.value[0]!.OptionSet.Options.map(({ Value }) => Value)).toEqual([1, 2, 3, 4, 5]);
    const base = await ask('GET', `${contact}/Attributes?$select=LogicalName,MaxLength`);
    expect(base.body.error.message).toContain(
      "named 'MaxLength' on type 'Microsoft.Dynamics.CRM.AttributeMetadata'",
    );
    const { body: keys } = await ask<{ value: object[] }>('GET', `${contact}/Keys`);
    expect(keys.value).toMatchObject([{ KeyAttributes: ['foyer_personid'], EntityKeyIndexStatus: 'Active' }]);
    const { body: lookups } = await ask<{ value: Record<string, unknown>[] }>(
      'GET',
      `${contact}/ManyToOneRelationships?$select=ReferencingAttribute,ReferencingEntityNavigationPropertyName`,
    );
    expect(lookups.value).toMatchObject([
      {
        ReferencingAttribute: 'parentcustomerid',
        ReferencingEntityNavigationPropertyName: 'parentcustomerid_account',
      },
      {
        ReferencingAttribute: 'parentcustomerid',
        ReferencingEntityNavigationPropertyName: 'parentcustomerid_contact',
      },
      { ReferencingAttribute: 'masterid', ReferencingEntityNavigationPropertyName: 'masterid' },
    ]);
    expect((await ask('GET', "EntityDefinitions(LogicalName='martian')")).status).toBe(404);
    expect((await ask('GET', 'martians')).body.error.message).toBe(
      "Resource not found for the segment 'martians'.",
    );
  });
});
