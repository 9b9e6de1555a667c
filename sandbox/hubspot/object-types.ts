import type { Property, PropertyOption, PropertyType } from './property.js';

/** A CRM object of the portal and its properties. */
export interface ObjectType {
  /** The word in addresses and in the journal. */
  name: string;
  /** The word in messages, such as CONTACT. */
  singular: string;
  aliases: string[];
  /** What a read returns when it does not say. */
  defaults: string[];
  /** The properties that a read returns whatever it says. */
  always: string[];
  modified: 'lastmodifieddate' | 'hs_lastmodifieddate';
  pipeline: string;
  properties: Map<string, Property>;
}

/** The standard properties existed long before the twin did. */
const STANDARD_AT = Date.UTC(2020, 0, 1);
const CUSTOM_AT = Date.UTC(2026, 0, 5, 9);

export function objectTypes(): ObjectType[] {
  return [
    {
      name: 'contacts',
      singular: 'CONTACT',
      aliases: ['contacts', 'contact', '0-1'],
      defaults: ['createdate', 'email', 'firstname', 'hs_object_id', 'lastmodifieddate', 'lastname'],
      always: ['createdate', 'hs_object_id', 'lastmodifieddate'],
      modified: 'lastmodifieddate',
      pipeline: 'contacts-lifecycle-pipeline',
      properties: named([...contactProperties(), ...foyerProperties()]),
    },
    {
      name: 'companies',
      singular: 'COMPANY',
      aliases: ['companies', 'company', '0-2'],
      defaults: ['createdate', 'domain', 'hs_lastmodifieddate', 'hs_object_id', 'name'],
      always: ['createdate', 'hs_lastmodifieddate', 'hs_object_id'],
      modified: 'hs_lastmodifieddate',
      pipeline: 'companies-lifecycle-pipeline',
      properties: named(companyProperties()),
    },
  ];
}

function contactProperties(): Property[] {
  return [
    standard('email', 'Email', { hasUniqueValue: true }),
    standard('firstname', 'First Name'),
    standard('lastname', 'Last Name'),
    standard('company', 'Company Name'),
    standard('jobtitle', 'Job Title'),
    standard('phone', 'Phone Number', { type: 'string', fieldType: 'phonenumber' }),
    standard('mobilephone', 'Mobile Phone Number', { fieldType: 'phonenumber' }),
    standard('salutation', 'Salutation'),
    standard('address', 'Street Address'),
    standard('city', 'City'),
    standard('state', 'State/Region'),
    standard('zip', 'Postal Code'),
    standard('country', 'Country/Region'),
    standard('website', 'Website URL'),
    standard('industry', 'Industry'),
    standard('hs_language', 'Preferred language'),
    standard('message', 'Message', { fieldType: 'textarea' }),
    lifecycleStage(),
    ...systemProperties('lastmodifieddate'),
  ];
}

function foyerProperties(): Property[] {
  const statuses = ['registered', 'waitlisted', 'cancelled', 'withdrawn'];
  return [
    custom('foyer_person_id', 'Foyer person', { hasUniqueValue: true }),
    custom('foyer_status', 'Foyer status', {
      type: 'enumeration',
      fieldType: 'select',
      options: options(statuses),
    }),
    custom('foyer_events', 'Foyer events'),
    custom('foyer_event_count', 'Foyer event count', { type: 'number', fieldType: 'number' }),
    custom('foyer_registered_at', 'Foyer registered at', { type: 'datetime', fieldType: 'date' }),
  ];
}

function companyProperties(): Property[] {
  return [
    standard('name', 'Company name'),
    standard('domain', 'Company Domain Name'),
    standard('website', 'Website URL'),
    standard('phone', 'Phone Number', { fieldType: 'phonenumber' }),
    standard('city', 'City'),
    standard('country', 'Country/Region'),
    standard('industry', 'Industry'),
    lifecycleStage(),
    ...systemProperties('hs_lastmodifieddate'),
  ];
}

function lifecycleStage(): Property {
  const stages = ['subscriber', 'lead', 'marketingqualifiedlead', 'salesqualifiedlead'];
  const later = ['opportunity', 'customer', 'evangelist', 'other'];
  return standard('lifecyclestage', 'Lifecycle Stage', {
    type: 'enumeration',
    fieldType: 'radio',
    options: options([...stages, ...later]),
  });
}

/** What HubSpot sets itself and nobody may write. */
function systemProperties(modified: string): Property[] {
  const when: Partial<Property> = { type: 'datetime', fieldType: 'date', isReadOnly: true };
  return [
    standard('createdate', 'Create Date', when),
    standard(modified, 'Last Modified Date', when),
    standard('hs_object_id', 'Record ID', { type: 'number', fieldType: 'number', isReadOnly: true }),
  ];
}

function standard(name: string, label: string, more: Partial<Property> = {}): Property {
  return property(name, label, {
    groupName: 'contactinformation',
    isStandard: true,
    createdAt: STANDARD_AT,
    ...more,
  });
}

function custom(name: string, label: string, more: Partial<Property> = {}): Property {
  return property(name, label, { groupName: 'foyer', isStandard: false, createdAt: CUSTOM_AT, ...more });
}

function property(name: string, label: string, more: Partial<Property>): Property {
  const type: PropertyType = 'string';
  const plain = { groupName: '', description: '', options: [], hasUniqueValue: false, isReadOnly: false };
  return { name, label, type, fieldType: 'text', isStandard: false, createdAt: CUSTOM_AT, ...plain, ...more };
}

function options(values: string[]): PropertyOption[] {
  return values.map((value) => ({ label: value.charAt(0).toUpperCase() + value.slice(1), value }));
}

function named(properties: Property[]): Map<string, Property> {
  return new Map(properties.map((each) => [each.name, each]));
}
