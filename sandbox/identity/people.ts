/** Someone who can be picked at the sandbox's login page. */
export interface Person {
  /** Also the `sub` of their tokens. */
  readonly id: string;
  /** What they are here to show. */
  readonly part: string;
  readonly claims: Readonly<Record<string, unknown>>;
}

const HOST = { company: 'Open Door Events', locale: 'en', email_verified: true };

/** The demo people: one who attends, and one for each role of those who run it. */
export const PEOPLE: readonly Person[] = [
  person('iris', 'Iris', 'Vega', 'Attendee', {
    email: 'iris.vega@northwind.example',
    company: 'Northwind Robotics',
    job_title: 'Product Manager',
    groups: ['customers'],
  }),
  person('vincent', 'Vincent', 'Okafor', 'Viewer: reads figures and reports', {
    job_title: 'Analyst',
    groups: ['staff', 'foyer-viewers'],
  }),
  person('elena', 'Elena', 'Brandt', 'Integration engineer: edits mappings', {
    job_title: 'Integration Engineer',
    groups: ['staff', 'foyer-engineers'],
  }),
  person('omar', 'Omar', 'Lindqvist', 'Operator: runs the event', {
    job_title: 'Event Operations',
    groups: ['staff', 'foyer-operators'],
  }),
  person('agnes', 'Agnes', 'Novak', 'Administrator: may do everything', {
    job_title: 'Head of Platform',
    groups: ['staff', 'foyer-admins'],
  }),
];

export function personById(id: unknown): Person | undefined {
  return PEOPLE.find((one) => one.id === id);
}

function person(id: string, first: string, last: string, part: string, more: Person['claims']): Person {
  const own = { name: `${first} ${last}`, given_name: first, family_name: last };
  const email = `${first}.${last}@opendoor.example`.toLowerCase();
  return { id, part, claims: { ...HOST, email, ...own, ...more } };
}
