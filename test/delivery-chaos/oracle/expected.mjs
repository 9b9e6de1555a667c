/**
 * What has to stand at each backend for one person, written by hand from the mappings' own words. It shares nothing
 * with the program: no mapping language, no snapshot, no connector.
 */

/** How each destination shows a record: where it stands, by which field it is known, and which tells its age. */
export const DESTINATIONS = {
  hubspot: {
    mapping: 'hubspot.contact',
    object: 'contacts',
    key: (person) => person.id,
    age: (request) => (request.properties ?? request).jobtitle,
    fields: (person) => ({
      foyer_person_id: person.id,
      email: person.email,
      firstname: 'Ana',
      lastname: 'Ruiz',
      company: person.company,
      jobtitle: person.jobTitle,
      country: person.country,
      foyer_status: isGoing(person) ? 'registered' : 'cancelled',
      foyer_events: names(person),
      foyer_event_count: String(slugs(person).length),
      foyer_registered_at: first(person).replace('.000Z', 'Z'),
    }),
  },
  salesforce: {
    mapping: 'salesforce.lead',
    object: 'Lead',
    key: (person) => person.id,
    age: (request) => request.Title,
    fields: (person) => ({
      Foyer_Person_Id__c: person.id,
      Email: person.email,
      FirstName: 'Ana',
      LastName: 'Ruiz',
      // Ours at the first write only; what a person says later is not laid over what sales made of it.
      Company: null,
      Title: person.jobTitle,
      Country: person.country,
      LeadSource: 'Foyer',
      Status: isGoing(person) ? 'Open' : 'Withdrawn',
      Foyer_Events__c: names(person),
      Foyer_Event_Count__c: slugs(person).length,
      Foyer_Registered_At__c: first(person).slice(0, 19),
    }),
  },
  marketo: {
    mapping: 'marketo.lead',
    object: 'leads',
    key: (person) => person.email,
    age: (request) => request.title,
    fields: (person) => ({
      email: person.email,
      foyerPersonId: person.id,
      firstName: 'Ana',
      lastName: 'Ruiz',
      company: person.company,
      title: person.jobTitle,
      country: person.country,
      foyerStatus: isGoing(person) ? 'registered' : 'cancelled',
      foyerEvents: names(person),
      foyerEventCount: slugs(person).length,
      foyerRegisteredAt: `${first(person).slice(0, 19)}Z`,
    }),
  },
};

/** A value as two sides may write it: empty and absent are one, an instant has whole seconds and no zone. */
export function plain(value) {
  if (value === undefined || value === null || value === '') return '';
  const text = String(value);
  const instant = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?(Z|\+0000|\+00:00)?$/.exec(text);
  return instant ? instant[1] : text;
}

const isGoing = ({ registrations }) => registrations.some(({ isCancelled }) => !isCancelled);

const slugs = ({ registrations }) => {
  const living = registrations.filter(({ isCancelled }) => !isCancelled).map(({ slug }) => slug);
  return [...new Set(living)].sort();
};

/** An event is named as its slug. */
const names = (person) => slugs(person).join('; ');

const first = ({ registrations }) => registrations.map(({ createdAt }) => createdAt).sort()[0];
