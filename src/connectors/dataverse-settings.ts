import { Transform } from 'class-transformer';
import { IsNumber, IsString, IsUrl, Matches, Max, Min, MinLength } from 'class-validator';
import { asNumber, CallSettings, withoutTrailingSlash } from './settings.js';

/** Dataverse's own limit of requests in a batch. */
const BATCH_MAX = 1000;

export class DataverseSettings extends CallSettings {
  @Transform(withoutTrailingSlash)
  @IsUrl(
    { require_tld: false, require_protocol: true, protocols: ['http', 'https'] },
    { message: 'baseUrl must be a URL: set DATAVERSE_BASE_URL to https://<org>.crm<n>.dynamics.com' },
  )
  baseUrl: string = '';

  /** Where tokens are had; another one in national clouds. */
  @Transform(withoutTrailingSlash)
  @IsUrl({ require_tld: false, require_protocol: true, protocols: ['http', 'https'] })
  loginUrl: string = 'https://login.microsoftonline.com';

  @Matches(/^[\w.-]+$/, {
    message: 'tenantId is missing: set DATAVERSE_TENANT_ID to the id of the directory',
  })
  tenantId: string = '';

  @IsString()
  @MinLength(1, { message: 'clientId is missing: set DATAVERSE_CLIENT_ID to the id of the app registration' })
  clientId: string = '';

  @IsString()
  @MinLength(1, { message: 'clientSecret is missing: set DATAVERSE_CLIENT_SECRET' })
  clientSecret: string = '';

  @Matches(/^v\d{1,2}\.\d{1,2}$/)
  apiVersion: string = 'v9.2';

  /** Records in a call. A batch runs one record after the other: smaller ones with more calls at once are faster. */
  @Transform(asNumber)
  @IsNumber()
  @Min(1)
  @Max(BATCH_MAX)
  batchSize: number = 100;
}
