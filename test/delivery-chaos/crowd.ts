import { createHash } from 'node:crypto';
import type pg from 'pg';
import { uuidv7 } from 'uuidv7';

/** Where people register; no event of it is ever full. */
export const EVENT_SLUGS = ['alpine', 'beacon', 'cinder', 'delta', 'ember', 'fjord', 'garden', 'harbor'];

const COUNTRIES = ['ES', 'DE', 'FR', 'PT'];
/** So many of a hundred never said that they may be written to. */
const WITHOUT_CONSENT = 4;
/** What one person does next: of a hundred times so often another event, and so often one less. */
const REGISTERS = 35;
const CANCELS = 8;

interface MadeRegistration {
  readonly id: string;
  readonly slug: string;
  readonly createdAt: string;
  version: number;
  isCancelled: boolean;
}

/** One person as their last change left them; `changes` counts those that were committed. */
export interface MadePerson {
  readonly id: string;
  readonly email: string;
  readonly hasConsent: boolean;
  changes: number;
  /** Carries the number of the change, so that whoever reads a write knows how old it is. */
  jobTitle: string;
  company: string;
  country: string;
  readonly registrations: MadeRegistration[];
}

const REGISTER = `
  select outcome from register_batch($18, interval '30 days', $1::uuid[], $2, $3, $4, $4, $5, $6, $7, $8, $9, $10::text[],
    $10::text[], $11::json[], array_fill('{}'::json, array[cardinality($1::uuid[])]), $10::text[]::json[], $12, $13, $14, $15,
    $16::integer[], array_fill('marketing'::text, array[cardinality($16::integer[])]), $17, array_fill('1'::text, array[cardinality($16::integer[])]),
    '{}'::integer[], '{}'::uuid[])`;
const AMEND = `
  select amend_registration(u.id, u.version, $4, u.attendee::json, '{}', 1, '{}', '{}', '{}', null) as outcome
    from unnest($1::uuid[], $2::integer[], $3::text[]) as u (id, version, attendee)`;
const CANCEL = `
  select case when cancel_registration(u.id, $2) then 'cancelled' end as outcome from unnest($1::uuid[]) as u (id)`;
const SCOPE = '01890000-0000-7000-8000-00000000c0de';

/** Makes changes by the functions that the API calls, many in one transaction as its group commit does. */
export class Crowd {
  private readonly all: MadePerson[];
  private events = new Map<string, string>();

  constructor(
    private readonly pool: pg.Pool,
    people: number,
    private readonly random: () => number,
  ) {
    this.all = Array.from({ length: people }, (_, n) => ({
      id: uuidv7(),
      email: `person${n}@example.com`,
      hasConsent: n % 100 >= WITHOUT_CONSENT,
      changes: 0,
      jobTitle: '',
      company: '',
      country: '',
      registrations: [],
    }));
  }

  async findEvents(): Promise<void> {
    const { rows } = await this.pool.query<{ slug: string; id: string }>('select slug, id from events');
    this.events = new Map(rows.map(({ slug, id }) => [slug, id]));
  }

  /** Those of whom anything is known. */
  get people(): readonly MadePerson[] {
    return this.all.filter(({ changes }) => changes > 0);
  }

  /** One change of each of so many different people. */
  async change(many: number): Promise<void> {
    const registering: MadePerson[] = [];
    const amending: MadePerson[] = [];
    const cancelling: MadePerson[] = [];
    for (const person of this.some(many)) {
      const living = person.registrations.filter(({ isCancelled }) => !isCancelled).length;
      const dice = this.random() * 100;
      if (living === 0 || (dice < REGISTERS && living < EVENT_SLUGS.length)) registering.push(person);
      else if (dice > 100 - CANCELS) cancelling.push(person);
      else amending.push(person);
    }
    if (registering.length > 0) await this.register(registering);
    if (amending.length > 0) await this.amend(amending);
    if (cancelling.length > 0) await this.cancel(cancelling);
  }

  private some(many: number): Set<MadePerson> {
    const chosen = new Set<MadePerson>();
    while (chosen.size < Math.min(many, this.all.length)) chosen.add(this.pick(this.all));
    return chosen;
  }

  private pick<T>(from: readonly T[]): T {
    return from[Math.floor(this.random() * from.length)]!;
  }

  private async register(people: readonly MadePerson[]): Promise<void> {
    const at = new Date();
    const made = people.map((person) => {
      const taken = new Set(person.registrations.filter((one) => !one.isCancelled).map(({ slug }) => slug));
      const slug = this.pick(EVENT_SLUGS.filter((one) => !taken.has(one)));
      return { id: uuidv7(), slug, createdAt: at.toISOString(), version: 1, isCancelled: false };
    });
    const attendees = people.map((person) => this.anew(person));
    const none = people.map(() => null);
    await this.demand('confirmed', people, REGISTER, [
      made.map(({ id }) => id),
      made.map(({ slug }) => this.events.get(slug)),
      people.map(({ id }) => id),
      people.map(({ email }) => email),
      attendees.map(({ firstName }) => firstName),
      attendees.map(({ lastName }) => lastName),
      attendees.map(({ company }) => company),
      attendees.map(({ jobTitle }) => jobTitle),
      attendees.map(({ country }) => country),
      none,
      attendees.map((attendee) => JSON.stringify(attendee)),
      people.map(() => 1),
      people.map(() => SCOPE),
      made.map(({ id }) => id),
      made.map(({ id }) => createHash('sha256').update(id).digest()),
      people.map((_, i) => i + 1),
      people.map(({ hasConsent }) => hasConsent),
      at,
    ]);
    people.forEach((person, i) => {
      person.registrations.push(made[i]!);
      Object.assign(person, pickOf(attendees[i]!), { changes: person.changes + 1 });
    });
  }

  private async amend(people: readonly MadePerson[]): Promise<void> {
    const which = people.map((person) => this.pick(person.registrations.filter((one) => !one.isCancelled)));
    const attendees = people.map((person) => this.anew(person));
    await this.demand('amended', people, AMEND, [
      which.map(({ id }) => id),
      which.map(({ version }) => version),
      attendees.map((attendee) => JSON.stringify(attendee)),
      new Date(),
    ]);
    people.forEach((person, i) => {
      which[i]!.version += 1;
      Object.assign(person, pickOf(attendees[i]!), { changes: person.changes + 1 });
    });
  }

  private async cancel(people: readonly MadePerson[]): Promise<void> {
    const which = people.map((person) => this.pick(person.registrations.filter((one) => !one.isCancelled)));
    await this.demand('cancelled', people, CANCEL, [which.map(({ id }) => id), new Date()]);
    people.forEach((person, i) => {
      which[i]!.version += 1;
      which[i]!.isCancelled = true;
      person.changes += 1;
    });
  }

  /** What a person says of themselves from their next change on. */
  private anew({ email, changes }: MadePerson): Record<string, string> {
    return {
      email,
      firstName: 'Ana',
      lastName: 'Ruiz',
      company: `Company ${this.pick(COUNTRIES)} ${changes % 7}`,
      jobTitle: `Change ${changes + 1}`,
      country: this.pick(COUNTRIES),
    };
  }

  private async demand(
    outcome: string,
    people: readonly MadePerson[],
    sql: string,
    values: unknown[],
  ): Promise<void> {
    const { rows } = await this.pool.query<{ outcome: string }>(sql, values);
    const other = rows.find((row) => row.outcome !== outcome);
    if (rows.length !== people.length || other)
      throw new Error(`a change was not ${outcome} but ${other?.outcome ?? 'missing'}`);
  }
}

function pickOf({ company, jobTitle, country }: Record<string, string>): object {
  return { company, jobTitle, country };
}
