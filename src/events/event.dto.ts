import {
  Choice,
  Count,
  JsonObject,
  Line,
  ListOf,
  Flag,
  Nested,
  Slug,
  Text,
  Time,
  TimeZone,
} from '../platform/http/fields.js';

const STATES = ['draft', 'open', 'closed'] as const;
const PRIVACY = ['open', 'strict'] as const;
const SSO = ['none', 'optional', 'required'] as const;
export const KINDS = ['talk', 'lab', 'networking', 'other'] as const;

const PRIVACY_TEXT = 'strict: registering answers 202 whoever is registered, and the rest goes out by mail';

export class WaitlistDto {
  @Count({ nullable: true, description: 'null: without limit; 0: no waitlist', example: 100 })
  capacity!: number | null;
}

export class CreateEventDto {
  @Slug({ example: 'summit-2027' }) slug!: string;
  @Line({ max: 200, example: 'Summit 2027' }) name!: string;
  @Time({ example: '2027-06-01T08:00:00Z' }) startsAt!: string;
  @Time({ example: '2027-06-02T17:00:00Z' }) endsAt!: string;
  @TimeZone({ example: 'Europe/Berlin' }) timeZone!: string;
  @Count({ nullable: true, description: 'null: without limit', example: 500 }) capacity!: number | null;
  @Nested(() => WaitlistDto) waitlist!: WaitlistDto;
  @Time({ optional: true, nullable: true }) registrationOpensAt?: string | null;
  @Time({ optional: true, nullable: true }) registrationClosesAt?: string | null;
  @Choice(SSO, { optional: true }) sso?: (typeof SSO)[number];
  @Choice(PRIVACY, { optional: true, description: PRIVACY_TEXT }) privacy?: (typeof PRIVACY)[number];
}

/** A merge patch: what is absent stays, null takes a time away. */
export class AmendEventDto {
  @Slug({ optional: true }) slug?: string;
  @Line({ max: 200, optional: true }) name?: string;
  @Time({ optional: true }) startsAt?: string;
  @Time({ optional: true }) endsAt?: string;
  @TimeZone({ optional: true }) timeZone?: string;
  @Count({ optional: true, nullable: true }) capacity?: number | null;
  @Nested(() => WaitlistDto, { optional: true }) waitlist?: WaitlistDto;
  @Time({ optional: true, nullable: true }) registrationOpensAt?: string | null;
  @Time({ optional: true, nullable: true }) registrationClosesAt?: string | null;
  @Choice(SSO, { optional: true }) sso?: (typeof SSO)[number];
  @Choice(PRIVACY, { optional: true, description: PRIVACY_TEXT }) privacy?: (typeof PRIVACY)[number];
  @Choice(STATES, { optional: true, example: 'open' }) state?: (typeof STATES)[number];
}

export class SpeakerDto {
  @Line({ max: 200, example: 'Ada Lovelace' }) name!: string;
}

export class PutSessionDto {
  @Line({ max: 300, example: 'Opening' }) title!: string;
  @Time({ example: '2027-06-01T09:00:00Z' }) startsAt!: string;
  @Time({ example: '2027-06-01T09:45:00Z' }) endsAt!: string;
  @Line({ max: 100, optional: true, nullable: true, example: 'Hall 1' }) room?: string | null;
  @Choice(KINDS, { example: 'talk' }) kind!: (typeof KINDS)[number];
  @ListOf(() => SpeakerDto, { max: 50 }) speakers!: SpeakerDto[];
  @Count({ optional: true, nullable: true, description: 'Seats; null: without limit' }) capacity?:
    number | null;
}

export class ConsentTextDto {
  @Slug({ example: 'marketing' }) purpose!: string;
  @Text({ max: 5_000, example: 'You may write to me about future events.' }) text!: string;
  @Line({ max: 50, example: '2027-01' }) textVersion!: string;
  @Flag({ example: false }) required!: boolean;
}

export class PutFormDto {
  @JsonObject({
    description:
      'JSON Schema 2020-12 of the answers; `x-showIf` on a question: { "<other question>": <value> }',
    example: { type: 'object', properties: { diet: { type: 'string', enum: ['any', 'vegan'] } } },
  })
  schema!: Record<string, unknown>;
  @ListOf(() => ConsentTextDto, { max: 20 }) consents!: ConsentTextDto[];
}
