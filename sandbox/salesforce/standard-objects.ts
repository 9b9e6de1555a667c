import { type Field, type SObject, field, sobject } from './sobject.js';

const REQUIRED: Partial<Field> = { isRequired: true, isNillable: false };
const SOURCES = ['Web', 'Phone Inquiry', 'Partner Referral', 'Purchased List', 'Event', 'Other'];
const LEAD_STATUSES = [
  'Open',
  'Working',
  'Nurturing',
  'Withdrawn',
  'Closed - Converted',
  'Closed - Not Converted',
];

/** The objects of the org, with the fields that Foyer's mappings and the usual clients touch. */
export function standardObjects(): SObject[] {
  return [
    lead(),
    contact(),
    account(),
    task(),
    opportunity(),
    campaign(),
    campaignMember(),
    campaignMemberStatus(),
    foyerInteraction(),
  ];
}

function lead(): SObject {
  return sobject('Lead', '00Q', [
    mergedInto('Lead'),
    ...personName(),
    field('Title', 'Title', 'string', { length: 128 }),
    field('Company', 'Company', 'string', REQUIRED),
    ...address('', ''),
    ...phones(),
    field('Email', 'Email', 'email', { isIdLookup: true }),
    field('Website', 'Website', 'url'),
    field('Description', 'Description', 'textarea'),
    field('LeadSource', 'Lead Source', 'picklist', { picklist: SOURCES }),
    field('Status', 'Status', 'picklist', {
      picklist: LEAD_STATUSES,
      isRestricted: true,
      isNillable: false,
      defaultValue: 'Open',
    }),
    field('Industry', 'Industry', 'picklist', {
      picklist: ['Technology', 'Consulting', 'Education', 'Finance', 'Other'],
    }),
    field('Rating', 'Rating', 'picklist', { picklist: ['Hot', 'Warm', 'Cold'] }),
    field('AnnualRevenue', 'Annual Revenue', 'currency'),
    field('NumberOfEmployees', 'Employees', 'int'),
    field('HasOptedOutOfEmail', 'Email Opt Out', 'boolean', { isNillable: false, defaultValue: false }),
    field('IsConverted', 'Converted', 'boolean', {
      isNillable: false,
      isUpdateable: false,
      defaultValue: false,
    }),
    ...foyerPerson(),
  ]);
}

function contact(): SObject {
  return sobject('Contact', '003', [
    mergedInto('Contact'),
    field('AccountId', 'Account ID', 'reference', { referenceTo: ['Account'], relationshipName: 'Account' }),
    ...personName(),
    field('Title', 'Title', 'string', { length: 128 }),
    field('Department', 'Department', 'string', { length: 80 }),
    ...address('Mailing', 'Mailing '),
    ...phones(),
    field('Email', 'Email', 'email', { isIdLookup: true }),
    field('Birthdate', 'Birthdate', 'date'),
    field('Description', 'Contact Description', 'textarea'),
    field('LeadSource', 'Lead Source', 'picklist', { picklist: SOURCES }),
    field('HasOptedOutOfEmail', 'Email Opt Out', 'boolean', { isNillable: false, defaultValue: false }),
    ...foyerPerson(),
  ]);
}

function account(): SObject {
  return sobject('Account', '001', [
    field('Name', 'Account Name', 'string', { ...REQUIRED, isNameField: true }),
    field('AccountNumber', 'Account Number', 'string', { length: 40 }),
    field('Type', 'Account Type', 'picklist', {
      length: 40,
      picklist: ['Prospect', 'Customer', 'Partner', 'Other'],
    }),
    ...address('Billing', 'Billing '),
    field('Phone', 'Account Phone', 'phone'),
    field('Website', 'Website', 'url'),
    field('Industry', 'Industry', 'picklist', {
      length: 40,
      picklist: ['Technology', 'Consulting', 'Education', 'Finance', 'Other'],
    }),
    field('AnnualRevenue', 'Annual Revenue', 'currency'),
    field('NumberOfEmployees', 'Employees', 'int'),
    field('Description', 'Account Description', 'textarea'),
  ]);
}

function task(): SObject {
  return sobject('Task', '00T', [
    field('WhoId', 'Name ID', 'reference', { referenceTo: ['Contact', 'Lead'], relationshipName: 'Who' }),
    field('WhatId', 'Related To ID', 'reference', {
      referenceTo: ['Account', 'Campaign', 'Opportunity'],
      relationshipName: 'What',
    }),
    field('Subject', 'Subject', 'string', { isNameField: true }),
    field('ActivityDate', 'Due Date Only', 'date'),
    field('Status', 'Status', 'picklist', {
      picklist: ['Not Started', 'In Progress', 'Completed'],
      isNillable: false,
      defaultValue: 'Not Started',
    }),
    field('Priority', 'Priority', 'picklist', {
      picklist: ['High', 'Normal', 'Low'],
      isNillable: false,
      defaultValue: 'Normal',
    }),
    field('Description', 'Description', 'textarea'),
    foyerKey('Foyer_Interaction_Id__c', 'Foyer interaction'),
  ]);
}

function opportunity(): SObject {
  const fields = [
    field('AccountId', 'Account ID', 'reference', { referenceTo: ['Account'], relationshipName: 'Account' }),
    field('ContactId', 'Contact ID', 'reference', {
      referenceTo: ['Contact'],
      relationshipName: 'Contact',
      isUpdateable: false,
    }),
    field('Name', 'Name', 'string', { ...REQUIRED, length: 120, isNameField: true }),
    field('StageName', 'Stage', 'picklist', {
      ...REQUIRED,
      picklist: ['Prospecting', 'Closed Won', 'Closed Lost'],
    }),
    field('CloseDate', 'Close Date', 'date', REQUIRED),
    field('Amount', 'Amount', 'currency', { scale: 2 }),
    field('Description', 'Description', 'textarea'),
  ];
  return sobject('Opportunity', '006', fields, 'Opportunity', 'Opportunities');
}

function campaign(): SObject {
  return sobject('Campaign', '701', [
    field('Name', 'Name', 'string', { ...REQUIRED, length: 80, isNameField: true }),
    field('Type', 'Type', 'picklist', { picklist: ['Conference', 'Webinar', 'Trade Show', 'Other'] }),
    field('Status', 'Status', 'picklist', { picklist: ['Planned', 'In Progress', 'Completed', 'Aborted'] }),
    field('StartDate', 'Start Date', 'date'),
    field('EndDate', 'End Date', 'date'),
    field('IsActive', 'Active', 'boolean', { isNillable: false, defaultValue: false }),
    field('Description', 'Description', 'textarea'),
    foyerKey('Foyer_Event_Id__c', 'Foyer event'),
    field('Foyer_Url__c', 'Foyer page', 'url'),
  ]);
}

function campaignMember(): SObject {
  const person: Partial<Field> = { isUpdateable: false };
  const fields = [
    field('CampaignId', 'Campaign ID', 'reference', {
      ...REQUIRED,
      referenceTo: ['Campaign'],
      relationshipName: 'Campaign',
      isUpdateable: false,
    }),
    field('LeadId', 'Lead ID', 'reference', { ...person, referenceTo: ['Lead'], relationshipName: 'Lead' }),
    field('ContactId', 'Contact ID', 'reference', {
      ...person,
      referenceTo: ['Contact'],
      relationshipName: 'Contact',
    }),
    field('Status', 'Status', 'picklist', {
      length: 40,
      picklist: ['Sent', 'Responded'],
    }),
    field('HasResponded', 'Responded', 'boolean', { ...KEPT_BY_THE_ORG, isNillable: false }),
    field('FirstRespondedDate', 'First Responded Date', 'date', KEPT_BY_THE_ORG),
    foyerKey('Foyer_Member_Id__c', 'Foyer member', 80),
    field('Foyer_Attended__c', 'Attended', 'boolean', { isNillable: false, defaultValue: false }),
    field('Foyer_Minutes__c', 'Minutes attended', 'double'),
    field('Foyer_First_Seen__c', 'First seen', 'datetime'),
    field('Foyer_Last_Seen__c', 'Last seen', 'datetime'),
  ];
  return sobject('CampaignMember', '00v', fields, 'Campaign Member');
}

/** The statuses that a campaign's members may have: rows of their own, for each campaign others. */
function campaignMemberStatus(): SObject {
  const fields = [
    field('CampaignId', 'Campaign ID', 'reference', {
      ...REQUIRED,
      referenceTo: ['Campaign'],
      relationshipName: 'Campaign',
      isUpdateable: false,
    }),
    field('Label', 'Member Status', 'string', { ...REQUIRED, length: 765, isNameField: true }),
    field('SortOrder', 'Sort Order', 'int'),
    field('IsDefault', 'Is Default', 'boolean', { isNillable: false, defaultValue: false }),
    field('HasResponded', 'Responded', 'boolean', { isNillable: false, defaultValue: false }),
  ];
  return sobject('CampaignMemberStatus', '01Y', fields, 'Campaign Member Status', 'Campaign Member Statuses');
}

/** A custom object, for those who keep interactions apart from tasks. */
function foyerInteraction(): SObject {
  const to = (name: string, target: string) =>
    field(`${name}__c`, name, 'reference', { referenceTo: [target], relationshipName: `${name}__r` });
  const fields = [
    field('Name', 'Foyer Interaction Name', 'string', { length: 80, isNameField: true }),
    foyerKey('Foyer_Interaction_Id__c', 'Foyer interaction'),
    to('Lead', 'Lead'),
    to('Contact', 'Contact'),
    to('Campaign', 'Campaign'),
    field('Kind__c', 'Kind'),
    field('Session__c', 'Session'),
    field('Detail__c', 'Detail', 'textarea'),
    field('Happened_At__c', 'Happened at', 'datetime'),
  ];
  return sobject('Foyer_Interaction__c', 'a0F', fields, 'Foyer Interaction');
}

const KEPT_BY_THE_ORG: Partial<Field> = { isCreateable: false, isUpdateable: false };

function foyerKey(name: string, label: string, length: number = 64): Field {
  return field(name, label, 'string', { length, isExternalId: true, isUnique: true });
}

function foyerPerson(): Field[] {
  return [
    field('Foyer_Person_Id__c', 'Foyer person', 'string', { length: 36, isExternalId: true, isUnique: true }),
    field('Foyer_Events__c', 'Foyer events'),
    field('Foyer_Event_Count__c', 'Foyer event count', 'double'),
    field('Foyer_Registered_At__c', 'Foyer registered at', 'datetime'),
  ];
}

/** The record that this one was merged into. */
function mergedInto(name: string): Field {
  const more = { ...KEPT_BY_THE_ORG, referenceTo: [name], relationshipName: 'MasterRecord' };
  return field('MasterRecordId', 'Master Record ID', 'reference', more);
}

function personName(): Field[] {
  return [
    field('LastName', 'Last Name', 'string', { ...REQUIRED, length: 80 }),
    field('FirstName', 'First Name', 'string', { length: 40 }),
    field('Salutation', 'Salutation', 'picklist', {
      length: 40,
      picklist: ['Mr.', 'Ms.', 'Mrs.', 'Dr.', 'Prof.', 'Mx.'],
    }),
    field('Name', 'Full Name', 'string', {
      length: 121,
      isNameField: true,
      isCreateable: false,
      isUpdateable: false,
      isNillable: false,
    }),
  ];
}

function address(prefix: string, label: string): Field[] {
  return [
    field(`${prefix}Street`, `${label}Street`, 'textarea', { length: 255 }),
    field(`${prefix}City`, `${label}City`, 'string', { length: 40 }),
    field(`${prefix}State`, `${label}State/Province`, 'string', { length: 80 }),
    field(`${prefix}PostalCode`, `${label}Zip/Postal Code`, 'string', { length: 20 }),
    field(`${prefix}Country`, `${label}Country`, 'string', { length: 80 }),
  ];
}

function phones(): Field[] {
  return [
    field('Phone', 'Phone', 'phone'),
    field('MobilePhone', 'Mobile Phone', 'phone'),
    field('Fax', 'Fax', 'phone'),
  ];
}
