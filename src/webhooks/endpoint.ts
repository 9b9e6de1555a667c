/** A receiver of messages, as its owner set it up. */
export interface Endpoint {
  readonly id: string;
  readonly url: string;
  /** `registration.confirmed`, …, or `*`. */
  readonly topics: readonly string[];
  readonly eventId: string | null;
  /** `thin` carries ids only, to be fetched by the receiver. */
  readonly payload: 'full' | 'thin';
  readonly state: EndpointState;
  readonly secret: string;
  readonly privateKey: string;
  readonly createdAt: Date;
}

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
