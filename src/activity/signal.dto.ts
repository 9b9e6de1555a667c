import { Choice, JsonObject, Line, Nested, Time } from '../platform/http/fields.js';

/** Where somebody was, or is. `watched` is on demand unless `data.live` is true. */
const PRESENCE = ['joined', 'left', 'checkedIn', 'watched'] as const;

/** What somebody did; each becomes an interaction, and so does `watched`. */
const DEEDS = [
  'answered',
  'asked',
  'bookmarked',
  'chatted',
  'clicked',
  'completed',
  'downloaded',
  'met',
  'rated',
  'reacted',
  'scanned',
  'shared',
  'viewed',
  'visited',
  'voted',
] as const;

export const SIGNAL_TYPES = [...PRESENCE, ...DEEDS] as const;
export type SignalType = (typeof SIGNAL_TYPES)[number];

/** Whose it is, by the first of these that is given. */
export class SignalPersonDto {
  @Line({ max: 100, optional: true, description: 'The registration’s id' }) registration?: string;
  @Line({ max: 100, optional: true, description: 'What the badge’s QR code says' }) badge?: string;
  @Line({ max: 200, optional: true, description: 'The platform’s own id of the person' }) externalId?: string;
  @Line({ max: 254, optional: true, example: 'ada@example.org' }) email?: string;
}

/** A raw report from a platform. */
export class SignalDto {
  @Line({ max: 100, example: 'zoom' }) source!: string;
  @Line({
    max: 300,
    description: 'Unique within the source: the same again is a duplicate',
    example: 'join-4711',
  })
  sourceId!: string;
  @Choice(SIGNAL_TYPES, { example: 'joined' }) type!: SignalType;
  @Nested(() => SignalPersonDto) person!: SignalPersonDto;
  @Line({
    max: 80,
    optional: true,
    nullable: true,
    description: 'A session’s code; absent: the event itself',
  })
  session?: string | null;
  @Time({ example: '2027-06-01T09:00:00Z' }) at!: string;
  @Time({ optional: true, nullable: true }) until?: string | null;
  @JsonObject({
    optional: true,
    description: '`connection` tells the devices of one person apart, `live` what was watched as it happened',
  })
  data?: Record<string, unknown>;
}
