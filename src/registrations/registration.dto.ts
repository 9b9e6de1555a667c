import {
  Choice,
  Codes,
  Country,
  Email,
  Flag,
  JsonObject,
  Line,
  ListOf,
  Locale,
  Nested,
  Phone,
  Slug,
} from '../platform/http/fields.js';
import { PageQuery } from '../platform/http/page.js';

const STATUSES = ['pending', 'confirmed', 'waitlisted', 'offered', 'cancelled', 'erased'] as const;
const SESSIONS_MAX = 100;

export class AttendeeDto {
  @Email({ example: 'ada@example.org' }) email!: string;
  @Line({ max: 100, example: 'Ada' }) firstName!: string;
  @Line({ max: 100, example: 'Lovelace' }) lastName!: string;
  @Line({ max: 200, optional: true, example: 'Analytical Engines' }) company?: string;
  @Line({ max: 200, optional: true, example: 'Engineer' }) jobTitle?: string;
  @Country({ optional: true, example: 'GB' }) country?: string;
  @Phone({ optional: true, example: '+442071234567' }) phone?: string;
  @Locale({ optional: true, example: 'en' }) locale?: string;
}

export class ConsentDto {
  @Slug({ example: 'marketing' }) purpose!: string;
  @Flag({ example: true }) granted!: boolean;
}

export class RegisterDto {
  @Nested(() => AttendeeDto) attendee!: AttendeeDto;
  @JsonObject({ optional: true, description: 'By the form of the event', example: {} })
  answers?: Record<string, unknown>;
  @ListOf(() => ConsentDto, {
    max: 20,
    optional: true,
    example: [
      { purpose: 'terms', granted: true },
      { purpose: 'marketing', granted: false },
    ],
  })
  consents?: ConsentDto[];
  @Codes({ max: SESSIONS_MAX, optional: true, description: 'Codes of sessions', example: [] })
  sessions?: string[];
  @JsonObject({ optional: true, description: 'Where they came from', example: { utm_source: 'newsletter' } })
  source?: Record<string, unknown>;
  @Line({ max: 100, optional: true, description: 'An invitation’s code' }) code?: string;
}

export class TransferDto {
  @Nested(() => AttendeeDto) attendee!: AttendeeDto;
}

export class LinkRegistrationDto {
  @Line({
    max: 200,
    description: 'Given with the registration',
    example: 'fm_kxNSe6fXvIBtrfO5nNrJhlxZS3ePpAa-M45z4NrdxHY',
  })
  manageToken!: string;
}

/** A merge patch (RFC 7396): absent stays, null takes away; a consent that is given here is given anew. */
export class AmendRegistrationDto {
  @JsonObject({ optional: true, example: { jobTitle: 'Chief Engineer', phone: null } })
  attendee?: Record<string, unknown>;
  @JsonObject({ optional: true, example: {} }) answers?: Record<string, unknown>;
  @ListOf(() => ConsentDto, { max: 20, optional: true }) consents?: ConsentDto[];
  @Codes({ max: SESSIONS_MAX, optional: true }) sessions?: string[];
}

export class RegistrationsQuery extends PageQuery {
  @Choice(STATUSES, { optional: true }) status?: (typeof STATUSES)[number];
  @Line({ max: 254, optional: true, example: 'ada@example.org' }) email?: string;
}
