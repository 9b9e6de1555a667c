import type { MergeField } from './merge-fields.js';

/** What can be set about the Mailchimp twin, with Mailchimp's own figures as defaults. */
export interface MailchimpSettings {
  /** The part behind the dash names the data centre. */
  apiKey: string;
  listId: string;
  /** Calls at once for one key. */
  concurrencyMax: number;
  /** Addresses there "look fake or invalid"; Mailchimp has a list of its own. */
  fakeDomains: string[];
  mergeFields: Record<string, MergeField>;
}

export function mailchimpSettings(env: Record<string, string | undefined>): MailchimpSettings {
  return {
    apiKey: env.TWIN_MAILCHIMP_API_KEY ?? 'twin-key-us1',
    listId: env.TWIN_MAILCHIMP_LIST_ID ?? 'twin-list',
    concurrencyMax: Number(env.TWIN_MAILCHIMP_CONCURRENCY_MAX ?? 10),
    fakeDomains: (env.TWIN_MAILCHIMP_FAKE_DOMAINS ?? 'mailinator.net').split(','),
    mergeFields: {
      FNAME: { name: 'First Name', type: 'text' },
      LNAME: { name: 'Last Name', type: 'text' },
      PHONE: { name: 'Phone Number', type: 'phone' },
      COMPANY: { name: 'Company', type: 'text' },
      JOBTITLE: { name: 'Job title', type: 'text' },
      CITY: { name: 'City', type: 'text' },
      COUNTRY: { name: 'Country', type: 'text' },
      FOYERID: { name: 'Foyer person', type: 'text' },
      FOYERSTAT: {
        name: 'Foyer status',
        type: 'dropdown',
        choices: ['registered', 'waitlisted', 'cancelled', 'attended', 'no-show'],
      },
      FOYEREVTS: { name: 'Foyer events', type: 'number' },
      FOYERREG: { name: 'Foyer registered on', type: 'date' },
    },
  };
}
