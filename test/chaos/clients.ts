import type { ApiClient, Answer } from './api-client.js';

/** Where a place is to be had; `club` is small and has a waitlist. */
export const EVENTS = { hall: null, fair: null, club: 40 } as const;
export type EventSlug = keyof typeof EVENTS;

export interface LoggedRegistration {
  readonly id: string;
  readonly event: EventSlug;
  readonly token: string;
  readonly key: string;
  /** The name in the request that made it: a repetition has to say the same. */
  readonly sentName: string;
  /** As the first 201 said. */
  readonly status: string;
  /** Monotonic milliseconds: when it was first asked for, and when the 201 came. */
  readonly askedAt: number;
  readonly answeredAt: number;
  /** The newest acknowledged name. */
  firstName: string;
  isCancelled: boolean;
}

/** What one person was told: every entry stands for an acknowledgement. */
export interface LoggedPerson {
  readonly email: string;
  readonly hasConsent: boolean;
  /** The newest acknowledged name over all registrations. */
  firstName: string;
  readonly registrations: LoggedRegistration[];
}

/** One client after the other of its own people: what it knows is what it was told. */
export class Client {
  readonly people: LoggedPerson[] = [];
  /** What must never be answered, and was. */
  readonly violations: string[] = [];
  readonly counts = { registered: 0, amended: 0, cancelled: 0, repeated: 0, refused: 0, asked: 0 };
  private names = 0;

  constructor(
    private readonly name: string,
    private readonly api: ApiClient,
    private readonly random: () => number,
  ) {}

  /** Does one thing after the other until told to stop; what was begun is finished. */
  async work(isOver: () => boolean, pauseMs: number, peopleMax: number): Promise<void> {
    while (!isOver()) {
      await this.doOne(peopleMax);
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }

  private async doOne(peopleMax: number): Promise<void> {
    const dice = this.random();
    const living = this.people.flatMap((person) =>
      person.registrations
        .filter(({ isCancelled }) => !isCancelled)
        .map((registration) => ({ person, registration })),
    );
    const one = living[Math.floor(this.random() * living.length)];
    if (one === undefined || (dice < 0.45 && this.people.length < peopleMax)) return this.registerSomeone();
    if (dice < 0.72) return this.amend(one.person, one.registration);
    if (dice < 0.8) return this.cancel(one.registration);
    if (dice < 0.88) return this.repeat(one.person, one.registration);
    if (dice < 0.93) return this.registerAgain(one.person, one.registration);
    if (one.person.registrations.some(({ event }) => event === 'fair')) return;
    await this.register(one.person, 'fair');
  }

  private async registerSomeone(): Promise<void> {
    const n = this.people.length;
    const person = {
      email: `${this.name}.${n}@example.com`,
      hasConsent: this.random() < 0.9,
      firstName: '',
      registrations: [],
    };
    await this.register(person, this.random() < 0.35 ? 'club' : 'hall');
    this.people.push(person);
  }

  private async register(person: LoggedPerson, event: EventSlug): Promise<void> {
    const firstName = this.newName();
    const key = `${person.email} ${event}`;
    const askedAt = performance.now();
    const answer = await this.post(person, event, firstName, key);
    if (answer.status !== 201) {
      this.violated(`registering ${key} was answered`, answer);
      return;
    }
    const { id, status, manageToken } = answer.body as { id: string; status: string; manageToken: string };
    person.firstName = firstName;
    person.registrations.push({
      id,
      event,
      token: manageToken,
      key,
      sentName: firstName,
      status,
      askedAt,
      answeredAt: performance.now(),
      firstName,
      isCancelled: false,
    });
    this.counts.registered += 1;
  }

  /** The same request again, as after a lost answer: the same registration, and nothing new. */
  private async repeat(
    person: LoggedPerson,
    { event, key, id, sentName }: LoggedRegistration,
  ): Promise<void> {
    const answer = await this.post(person, event, sentName, key);
    const sameId = (answer.body as { id?: string }).id === id;
    if (answer.status !== 201 || !sameId || answer.headers.get('idempotent-replayed') !== 'true') {
      this.violated(`repeating ${key} was answered`, answer);
    }
    this.counts.repeated += 1;
  }

  /** The same person once more under another key: refused. */
  private async registerAgain(person: LoggedPerson, { event }: LoggedRegistration): Promise<void> {
    const answer = await this.post(person, event, 'Nobody', `${this.name} again ${this.counts.asked}`);
    if (answer.status !== 409) this.violated(`a second registration of ${person.email} was answered`, answer);
    this.counts.refused += 1;
  }

  /** Reads, changes, and where the answer is lost reads again. */
  private async amend(person: LoggedPerson, registration: LoggedRegistration): Promise<void> {
    const firstName = this.newName();
    const path = `/v1/registrations/${registration.id}`;
    const { token } = registration;
    for (;;) {
      const read = await this.ask({ method: 'GET', path, token });
      if (read.status !== 200) {
        this.violated(`reading ${path} was answered`, read);
        return;
      }
      const { attendee } = read.body as { attendee: { firstName: string } };
      if (attendee.firstName === firstName) break;
      if (attendee.firstName !== registration.firstName) {
        this.violated(`${path} has lost an acknowledged amendment and was answered`, read);
        return;
      }
      const headers = { 'if-match': read.headers.get('etag')! };
      const patch = { method: 'PATCH', path, token, headers, body: { attendee: { firstName } } } as const;
      this.counts.asked += 1;
      const answer = await this.api.once(patch);
      if (answer?.status === 200) break;
      if (answer !== undefined && answer.status !== 412) {
        this.violated(`amending ${path} was answered`, answer);
        return;
      }
    }
    registration.firstName = firstName;
    person.firstName = firstName;
    this.counts.amended += 1;
  }

  private async cancel(registration: LoggedRegistration): Promise<void> {
    const path = `/v1/registrations/${registration.id}`;
    const answer = await this.ask({ method: 'DELETE', path, token: registration.token });
    if (answer.status !== 200 || (answer.body as { status?: string }).status !== 'cancelled') {
      this.violated(`cancelling ${path} was answered`, answer);
      return;
    }
    registration.isCancelled = true;
    this.counts.cancelled += 1;
  }

  private post(person: LoggedPerson, event: EventSlug, firstName: string, key: string): Promise<Answer> {
    return this.ask({
      method: 'POST',
      path: `/v1/events/${event}/registrations`,
      headers: { 'idempotency-key': key },
      body: {
        attendee: { email: person.email, firstName, lastName: 'Ruiz' },
        answers: {},
        consents: [{ purpose: 'marketing', granted: person.hasConsent }],
      },
    });
  }

  private ask(request: Parameters<ApiClient['until']>[0]): Promise<Answer> {
    this.counts.asked += 1;
    return this.api.until(request);
  }

  private newName(): string {
    return `N${++this.names}`;
  }

  private violated(what: string, { status, body }: Answer): void {
    this.violations.push(`${what} ${status} ${JSON.stringify(body)}`);
  }
}
