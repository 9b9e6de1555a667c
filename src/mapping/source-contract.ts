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

export interface ConsentSnapshot {
  readonly purpose: string;
  /** False after a withdrawal: the latest per purpose decides. */
  readonly granted: boolean;
  readonly textVersion?: string | null;
  readonly at: IsoTime;
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

export interface PersonSnapshot {
  readonly person: AttendeeSnapshot & { readonly id: string; readonly createdAt: IsoTime };
  readonly registrations: readonly {
    readonly id: string;
    readonly event: EventSnapshot;
    readonly status: RegistrationStatus;
    readonly answers: Readonly<Record<string, unknown>>;
    readonly sessions: readonly string[];
    readonly source: Readonly<Record<string, string>>;
    readonly createdAt: IsoTime;
    readonly updatedAt: IsoTime;
  }[];
  readonly consents: readonly ConsentSnapshot[];
  readonly attendance: readonly unknown[];
}

export interface RegistrationSnapshot {
  readonly id: string;
  readonly personId: string;
  readonly event: EventSnapshot;
  readonly status: RegistrationStatus;
  /** The place on the waitlist; only while waitlisted. */
  readonly position?: number | null;
  readonly version: number;
  readonly attendee: AttendeeSnapshot;
  readonly answers: Readonly<Record<string, unknown>>;
  readonly consents: readonly ConsentSnapshot[];
  readonly sessions: readonly string[];
  readonly source: Readonly<Record<string, string>>;
  readonly createdAt: IsoTime;
  readonly updatedAt: IsoTime;
}
