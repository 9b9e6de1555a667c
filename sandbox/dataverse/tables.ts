import { choice, type Column, flag, lookup, memo, moment, text, whole } from './column.js';

/** A table (entity) of the environment. */
export interface TableDefinition {
  /** The logical name, `contact`; `set` is its entity set, `contacts`. */
  name: string;
  set: string;
  label: string;
  /** The primary key; the primary name column. */
  id: string;
  title: string;
  columns: Readonly<Record<string, Column>>;
  /** Alternate keys: name → columns. */
  keys: Readonly<Record<string, readonly string[]>>;
}

const EMAIL: Column = { type: 'String', length: 100, format: 'Email', label: 'Email' };
const PHONE: Column = { type: 'String', length: 50, format: 'Phone', label: 'Business Phone' };
const PERSON = {
  firstname: text(50, 'First Name'),
  lastname: text(50, 'Last Name'),
  fullname: { ...text(160, 'Full Name'), isReadOnly: true },
  emailaddress1: EMAIL,
  telephone1: PHONE,
  jobtitle: text(100, 'Job Title'),
  address1_city: text(80, 'City'),
  address1_country: text(80, 'Country'),
  description: memo(2000, 'Description'),
  donotemail: flag('Do not allow Emails'),
  donotbulkemail: flag('Do not allow Bulk Emails'),
  merged: { ...flag('Merged'), isReadOnly: true },
} as const satisfies Record<string, Column>;
/** What this organisation added to contacts and leads. */
const OF_FOYER = {
  foyer_personid: text(100, 'Foyer person'),
  foyer_company: text(160, 'Company as given'),
  foyer_status: text(100, 'Foyer status'),
  foyer_events: memo(4000, 'Foyer events'),
  foyer_eventcount: whole('Foyer event count'),
  foyer_registeredat: moment('Foyer registered at'),
  foyer_consent: flag('Foyer consent'),
} as const satisfies Record<string, Column>;
const PERSON_KEY = { foyer_personid_key: ['foyer_personid'] };
const REGISTRATION_STATUSES = {
  100000000: 'Registered',
  100000001: 'Waitlisted',
  100000002: 'Cancelled',
  100000003: 'Attended',
  100000004: 'No show',
};

/** What every table has. */
function table(
  definition: Omit<TableDefinition, 'columns'> & { columns: Record<string, Column> },
): TableDefinition {
  const columns: Record<string, Column> = {
    [definition.id]: { type: 'Uniqueidentifier', label: definition.label },
    ...definition.columns,
    statecode: { type: 'State', options: { 0: 'Active', 1: 'Inactive' }, label: 'Status' },
    statuscode: { type: 'Status', options: { 1: 'Active', 2: 'Inactive' }, label: 'Status Reason' },
    createdon: { ...moment('Created On'), isReadOnly: true },
    modifiedon: { ...moment('Modified On'), isReadOnly: true },
    versionnumber: { type: 'BigInt', isReadOnly: true, label: 'Version Number' },
  };
  return { ...definition, columns };
}

/** Standard tables with their real lengths, and those that an organisation makes for Foyer. */
export const TABLES: readonly TableDefinition[] = [
  table({
    name: 'account',
    set: 'accounts',
    label: 'Account',
    id: 'accountid',
    title: 'name',
    columns: {
      name: text(160, 'Account Name'),
      accountnumber: text(20, 'Account Number'),
      telephone1: PHONE,
      address1_city: text(80, 'City'),
      numberofemployees: { type: 'Integer', least: 0, most: 1_000_000_000, label: 'Number of Employees' },
      primarycontactid: lookup({ contact: 'primarycontactid' }, 'Primary Contact'),
      description: memo(2000, 'Description'),
    },
    keys: { foyer_accountnumber_key: ['accountnumber'] },
  }),
  table({
    name: 'contact',
    set: 'contacts',
    label: 'Contact',
    id: 'contactid',
    title: 'fullname',
    columns: {
      ...PERSON,
      birthdate: { type: 'DateTime', format: 'DateOnly', label: 'Birthday' },
      numberofchildren: { type: 'Integer', least: 0, most: 1_000_000_000, label: 'No. of Children' },
      preferredcontactmethodcode: choice(
        { 1: 'Any', 2: 'Email', 3: 'Phone', 4: 'Fax', 5: 'Mail' },
        'Preferred Method of Contact',
      ),
      parentcustomerid: lookup(
        { account: 'parentcustomerid_account', contact: 'parentcustomerid_contact' },
        'Company Name',
      ),
      masterid: { ...lookup({ contact: 'masterid' }, 'Master ID'), isReadOnly: true },
      ...OF_FOYER,
    },
    keys: PERSON_KEY,
  }),
  table({
    name: 'lead',
    set: 'leads',
    label: 'Lead',
    id: 'leadid',
    title: 'fullname',
    columns: {
      ...PERSON,
      subject: text(300, 'Topic'),
      companyname: text(100, 'Company Name'),
      leadsourcecode: choice(
        {
          1: 'Advertisement',
          2: 'Employee Referral',
          3: 'External Referral',
          4: 'Partner',
          5: 'Public Relations',
          6: 'Seminar',
          7: 'Trade Show',
          8: 'Web',
          9: 'Word of Mouth',
          10: 'Other',
        },
        'Lead Source',
      ),
      ...OF_FOYER,
    },
    keys: PERSON_KEY,
  }),
  table({
    name: 'campaign',
    set: 'campaigns',
    label: 'Campaign',
    id: 'campaignid',
    title: 'name',
    columns: {
      name: text(128, 'Name'),
      codename: text(32, 'Campaign Code'),
      typecode: choice(
        { 1: 'Advertisement', 2: 'Direct Marketing', 3: 'Event', 4: 'Co-branding', 5: 'Other' },
        'Campaign Type',
      ),
      proposedstart: moment('Proposed Start'),
      proposedend: moment('Proposed End'),
      description: memo(2000, 'Description'),
      foyer_eventid: text(100, 'Foyer event'),
    },
    keys: { foyer_eventid_key: ['foyer_eventid'] },
  }),
  table({
    name: 'task',
    set: 'tasks',
    label: 'Task',
    id: 'activityid',
    title: 'subject',
    columns: {
      subject: text(200, 'Subject'),
      description: memo(2000, 'Description'),
      scheduledend: moment('Due Date'),
      regardingobjectid: lookup(
        {
          account: 'regardingobjectid_account_task',
          contact: 'regardingobjectid_contact_task',
          lead: 'regardingobjectid_lead_task',
          campaign: 'regardingobjectid_campaign_task',
        },
        'Regarding',
      ),
    },
    keys: {},
  }),
  table({
    name: 'foyer_eventregistration',
    set: 'foyer_eventregistrations',
    label: 'Event registration',
    id: 'foyer_eventregistrationid',
    title: 'foyer_name',
    columns: {
      foyer_name: text(200, 'Name'),
      foyer_registrationid: text(100, 'Foyer registration'),
      foyer_contactid: lookup({ contact: 'foyer_ContactId' }, 'Contact'),
      foyer_campaignid: lookup({ campaign: 'foyer_CampaignId' }, 'Campaign'),
      foyer_status: choice(REGISTRATION_STATUSES, 'Status of the registration'),
      foyer_attended: flag('Attended'),
      foyer_minutes: { type: 'Integer', least: 0, most: 100_000, label: 'Minutes' },
      foyer_firstseen: moment('First seen'),
      foyer_lastseen: moment('Last seen'),
    },
    keys: { foyer_registrationid_key: ['foyer_registrationid'] },
  }),
  table({
    name: 'foyer_interaction',
    set: 'foyer_interactions',
    label: 'Interaction',
    id: 'foyer_interactionid',
    title: 'foyer_name',
    columns: {
      foyer_name: text(200, 'Name'),
      foyer_reference: text(100, 'Foyer interaction'),
      foyer_contactid: lookup({ contact: 'foyer_ContactId' }, 'Contact'),
      foyer_kind: text(50, 'Kind'),
      foyer_detail: memo(2000, 'Detail'),
      foyer_value: { type: 'Decimal', least: -100_000_000, most: 100_000_000, precision: 2, label: 'Value' },
      foyer_occurredat: moment('Occurred at'),
    },
    keys: { foyer_reference_key: ['foyer_reference'] },
  }),
];
