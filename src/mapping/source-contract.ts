/**
 * The source side of every mapping: what a snapshot of each stream looks like. The types describe the JSON that the
 * change log carries; the contracts describe the same to the type checker of expressions.
 */

/** The streams that a mapping can read. */
export const streams = ['event', 'session', 'person', 'registration', 'attendance', 'interaction'] as const;
export type Stream = (typeof streams)[number];

export const registrationStatuses = [
  'pending',
  'confirmed',
  'waitlisted',
  'offered',
  'cancelled',
  'erased',
] as const;
export type RegistrationStatus = (typeof registrationStatuses)[number];

export const eventStates = ['draft', 'open', 'closed'] as const;
export type EventState = (typeof eventStates)[number];

export const sessionKinds = ['talk', 'lab', 'networking', 'other'] as const;
export type SessionKind = (typeof sessionKinds)[number];

export const attendanceStatuses = ['attended', 'no-show'] as const;
export type AttendanceStatus = (typeof attendanceStatuses)[number];

export const attendanceModes = ['live', 'onDemand'] as const;
export type AttendanceMode = (typeof attendanceModes)[number];

/** ISO 8601 in UTC with milliseconds (`2026-03-01T09:00:00.000Z`), so that text order is time order. */
export type IsoTime = string;

export interface EventSnapshot {
  readonly id: string;
  readonly slug: string;
  readonly name: string;
  readonly startsAt: IsoTime;
  readonly endsAt: IsoTime;
  readonly timeZone: string;
}

export interface SessionSummary {
  readonly id: string;
  readonly code: string;
  readonly title: string;
  readonly startsAt: IsoTime;
  readonly endsAt: IsoTime;
  readonly room?: string | null;
  readonly kind: SessionKind;
  readonly speakers: readonly { readonly name: string }[];
}

export interface ConsentSnapshot {
  readonly purpose: string;
  /** False after a withdrawal: the latest per purpose decides. */
  readonly granted: boolean;
  readonly textVersion?: string | null;
  readonly at: IsoTime;
}

/** What is known of somebody's presence. */
export interface Seen {
  readonly status: AttendanceStatus;
  /** Absent for a no-show. */
  readonly mode?: AttendanceMode | null;
  /** Whole minutes of the union of all times of presence. */
  readonly minutes: number;
  readonly firstSeenAt?: IsoTime | null;
  readonly lastSeenAt?: IsoTime | null;
}

export interface AttendeeSnapshot {
  readonly email: string;
  readonly firstName: string;
  readonly lastName: string;
  readonly company?: string | null;
  readonly jobTitle?: string | null;
  readonly country?: string | null;
  readonly phone?: string | null;
  readonly locale?: string | null;
}

/** Of an erased person the names and the e-mail are empty texts, and the rest is absent. */
type PersonDetails = AttendeeSnapshot & {
  readonly id: string;
  readonly createdAt: IsoTime;
  readonly erasedAt?: IsoTime | null;
};

export interface PersonSnapshot {
  readonly person: PersonDetails;
  readonly registrations: readonly {
    readonly id: string;
    readonly event: EventSnapshot;
    readonly status: RegistrationStatus;
    readonly answers: Readonly<Record<string, unknown>>;
    readonly sessions: readonly string[];
    readonly source: Readonly<Record<string, string>>;
    /** Of the event as a whole; absent until something is known. */
    readonly attendance?: Seen;
    readonly createdAt: IsoTime;
    readonly updatedAt: IsoTime;
  }[];
  readonly consents: readonly ConsentSnapshot[];
  /** One for each session; what is known of an event as a whole stands in its registration, so that sums are right. */
  readonly attendance: readonly (Seen & {
    readonly id: string;
    readonly registrationId: string;
    readonly eventId: string;
    readonly eventSlug: string;
    readonly eventName: string;
    readonly sessionId: string;
    readonly sessionCode: string;
    readonly sessionTitle: string;
    readonly sessionKind: SessionKind;
  })[];
}

export interface RegistrationSnapshot {
  readonly id: string;
  readonly personId: string;
  readonly event: EventSnapshot;
  readonly status: RegistrationStatus;
  /** The place on the waitlist; only while waitlisted. */
  readonly position?: number | null;
  readonly version: number;
  /** Empty where the person was erased: that is decided before the record is mapped. */
  readonly attendee: AttendeeSnapshot;
  readonly answers: Readonly<Record<string, unknown>>;
  readonly consents: readonly ConsentSnapshot[];
  readonly sessions: readonly string[];
  readonly source: Readonly<Record<string, string>>;
  readonly createdAt: IsoTime;
  readonly updatedAt: IsoTime;
}

/** Stream `event`: appended when an operator makes or changes it; how many have registered is no part of it. */
export interface EventStreamSnapshot {
  readonly event: EventSnapshot & {
    readonly state: EventState;
    /** Absent: without limit. */
    readonly capacity?: number | null;
    /** Absent until the event is over and whoever was not seen is a no-show. */
    readonly attendanceClosedAt?: IsoTime | null;
    readonly version: number;
    readonly createdAt: IsoTime;
    readonly updatedAt: IsoTime;
  };
}

/** Stream `session`: appended when the agenda is made or changed. */
export interface SessionStreamSnapshot {
  readonly session: SessionSummary & {
    readonly capacity?: number | null;
    readonly version: number;
    readonly createdAt: IsoTime;
    readonly updatedAt: IsoTime;
  };
  readonly event: EventSnapshot;
}

/** Whose it is and where it happened, whole enough that a mapping needs no other record. */
interface Belongs {
  readonly person: PersonDetails;
  readonly registration: {
    readonly id: string;
    readonly status: RegistrationStatus;
    readonly answers: Readonly<Record<string, unknown>>;
    readonly source: Readonly<Record<string, string>>;
    readonly createdAt: IsoTime;
  };
  readonly event: EventSnapshot;
  /** Absent where it is about the event as a whole. */
  readonly session?: SessionSummary | null;
  /** The person's latest word on each purpose. */
  readonly consents: readonly ConsentSnapshot[];
}

/** Stream `attendance`: one record for a registration and a session, and one for the event as a whole. */
export interface AttendanceSnapshot extends Belongs {
  readonly attendance: Seen & {
    readonly id: string;
    readonly version: number;
    readonly createdAt: IsoTime;
    readonly updatedAt: IsoTime;
  };
}

/** Stream `interaction`: one thing that somebody did; never changed, so each has one version. */
export interface InteractionSnapshot extends Belongs {
  readonly interaction: {
    readonly id: string;
    /** `watched`, `asked`, `downloaded`, `met`, … */
    readonly type: string;
    readonly at: IsoTime;
    readonly until?: IsoTime | null;
    /** The platform that reported it. */
    readonly platform: string;
    readonly data: Readonly<Record<string, unknown>>;
    readonly createdAt: IsoTime;
  };
}
