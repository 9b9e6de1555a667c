/** A receiver of messages, as its owner set it up. */
export interface Endpoint {
  readonly id: string;
  readonly url: string;
  /** `registration.confirmed`, …, or `*`. */
  readonly topics: readonly string[];
  readonly eventId: string | null;
  /** `thin` carries ids only, to be fetched by the receiver. */
  readonly payload: 'full' | 'thin';
  /** By dotted path into the record: the value it must have, or those it may have. */
  readonly filter: Filter | null;
  readonly state: EndpointState;
  readonly secret: string;
  /** Null once its time is over. */
  readonly previousSecret: string | null;
  readonly previousSecretUntil: Date | null;
  readonly privateKey: string;
  readonly createdAt: Date;
}

export type Filter = Readonly<Record<string, FilterValue | readonly FilterValue[]>>;
export type FilterValue = string | number | boolean | null;

/** What an endpoint reads of the log, as one stream: so a person’s messages keep their order over all of it. */
export const MESSAGE_STREAMS = 'registration+attendance+interaction';

export type EndpointState = 'active' | 'paused' | 'failing' | 'disabled';

export const TOPICS = [
  'registration.confirmed',
  'registration.waitlisted',
  'registration.promoted',
  'registration.updated',
  'registration.cancelled',
  'registration.transferred',
  'registration.erased',
  'attendance.changed',
  'interaction.recorded',
] as const;

/** Its name among the readers of the change log. */
export function laneName(endpointId: string): string {
  return `webhook.${endpointId}`;
}
