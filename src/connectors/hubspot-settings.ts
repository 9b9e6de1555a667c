import { Transform } from 'class-transformer';
import { IsString, IsTimeZone, IsUrl, Matches, MinLength, ValidateIf } from 'class-validator';
import { CallSettings, withoutTrailingSlash } from './settings.js';

export class HubspotSettings extends CallSettings {
  @Transform(withoutTrailingSlash)
  @IsUrl({ require_tld: false, require_protocol: true, protocols: ['http', 'https'] })
  baseUrl: string = 'https://api.hubapi.com';

  /** Of a private app; not needed where a refresh token is given. */
  @ValidateIf(({ refreshToken }: HubspotSettings) => refreshToken === '')
  @IsString()
  @MinLength(1, { message: 'token is missing: set HUBSPOT_TOKEN to the token of a private app' })
  token: string = '';

  /** OAuth: what the app was given when the account installed it; access tokens of half an hour are had with it. */
  @IsString()
  refreshToken: string = '';

  @ValidateIf(({ refreshToken }: HubspotSettings) => refreshToken !== '')
  @IsString()
  @MinLength(1, { message: 'clientId is missing: set HUBSPOT_CLIENT_ID to the id of the app' })
  clientId: string = '';

  @ValidateIf(({ refreshToken }: HubspotSettings) => refreshToken !== '')
  @IsString()
  @MinLength(1, { message: 'clientSecret is missing: set HUBSPOT_CLIENT_SECRET to the secret of the app' })
  clientSecret: string = '';

  @Matches(/^\/[\w./-]+$/)
  tokenPath: string = '/oauth/v1/token';

  /** Where the object API lives: `/crm/v3/objects`, or a dated one such as `/crm/objects/2026-03`. */
  @Transform(withoutTrailingSlash)
  @Matches(/^\/[\w./-]+$/)
  objectsPath: string = '/crm/v3/objects';

  @Transform(withoutTrailingSlash)
  @Matches(/^\/[\w./-]+$/)
  propertiesPath: string = '/crm/v3/properties';

  /** `/marketing/v3/marketing-events`, or a dated one such as `/marketing/marketing-events/2026-03`. */
  @Transform(withoutTrailingSlash)
  @Matches(/^\/[\w./-]+$/)
  marketingEventsPath: string = '/marketing/v3/marketing-events';

  /** Whose the marketing events are, in words of ours: HubSpot knows an event by this and our event's id. */
  @Matches(/^[\w.-]{1,64}$/)
  externalAccountId: string = 'foyer';

  /** The account's own time zone: its daily allowance is renewed at midnight there. */
  @IsTimeZone()
  accountTimeZone: string = 'UTC';
}
