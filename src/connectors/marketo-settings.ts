import { Transform } from 'class-transformer';
import { IsNumber, IsOptional, IsString, IsUrl, Matches, Min, MinLength } from 'class-validator';
import { asList, asNumber, CallSettings, withoutTrailingSlash } from './settings.js';

export class MarketoSettings extends CallSettings {
  /** The instance's own host: Admin, Integration, Web Services, REST endpoint without its /rest. */
  @Transform(withoutTrailingSlash)
  @IsUrl(
    { require_tld: false, require_protocol: true, protocols: ['http', 'https'] },
    { message: 'baseUrl must be a URL: set MARKETO_BASE_URL to https://<munchkin id>.mktorest.com' },
  )
  baseUrl: string = '';

  @IsString()
  @MinLength(1, { message: 'clientId is missing: set MARKETO_CLIENT_ID to the id of the custom service' })
  clientId: string = '';

  @IsString()
  @MinLength(1, {
    message: 'clientSecret is missing: set MARKETO_CLIENT_SECRET to the secret of the custom service',
  })
  clientSecret: string = '';

  @Matches(/^\/[\w./-]+$/)
  tokenPath: string = '/identity/oauth/token';

  /** The statuses of the programs' channel in the order of their steps: a member only goes forward along them. */
  @Transform(asList)
  @IsString({ each: true })
  statusSteps: string[] = [
    'Invited',
    'Registered',
    'Waitlisted',
    'No Show',
    'Attended',
    'Attended On-demand',
  ];

  /** In any 20 seconds. Marketo allows 100 to all that call the instance, and advises 50 to each of them. */
  @Transform(asNumber)
  @IsOptional()
  @IsNumber()
  @Min(1)
  callsPerWindow: number | null = 50;
}
