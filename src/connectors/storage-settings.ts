import { Transform } from 'class-transformer';
import {
  IsBoolean,
  IsIn,
  IsNumber,
  IsString,
  IsUrl,
  Matches,
  Max,
  Min,
  MinLength,
  ValidateIf,
} from 'class-validator';
import type { DropFormat } from './drop-rows.js';
import { asNumber, CallSettings, withoutTrailingSlash } from './settings.js';

/** More are never in one call (`pipelines.batchMax`). */
const BATCH_MAX = 10_000;

const inBucket = ({ folder }: StorageSettings): boolean => folder === '';

export class StorageSettings extends CallSettings {
  /** A folder that is there; empty: a bucket. */
  @IsString()
  folder: string = '';

  /** Where the S3 API is; the bucket is named in the path. */
  @ValidateIf(inBucket)
  @Transform(withoutTrailingSlash)
  @IsUrl(
    { require_tld: false, require_protocol: true, protocols: ['http', 'https'] },
    {
      message:
        'endpoint must be a URL: set S3_ENDPOINT to where the S3 API is, such as https://s3.eu-central-1.amazonaws.com, or STORAGE_FOLDER to a folder',
    },
  )
  endpoint: string = '';

  @ValidateIf(inBucket)
  @Matches(/^[a-z0-9-]+$/, { message: 'region must be a name such as eu-central-1: set S3_REGION' })
  region: string = 'us-east-1';

  @ValidateIf(inBucket)
  @Matches(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, {
    message: 'bucket must be the name of a bucket: set S3_BUCKET',
  })
  bucket: string = '';

  @ValidateIf(inBucket)
  @IsString()
  @MinLength(1, { message: 'accessKeyId is missing: set S3_ACCESS_KEY_ID' })
  accessKeyId: string = '';

  @ValidateIf(inBucket)
  @IsString()
  @MinLength(1, { message: 'secretAccessKey is missing: set S3_SECRET_ACCESS_KEY' })
  secretAccessKey: string = '';

  /** Of credentials that end. */
  @IsString()
  sessionToken: string = '';

  /** What all names begin with. */
  @Matches(/^(?:[\w-][\w.-]*(?:\/[\w-][\w.-]*)*\/?)?$/, {
    message: 'prefix must be folders with / between them: letters, digits, _ - and .',
  })
  prefix: string = '';

  @IsIn(['csv', 'ndjson'])
  format: DropFormat = 'csv';

  @Transform(({ value }: { value: unknown }) => (value === 'true' ? true : value === 'false' ? false : value))
  @IsBoolean({ message: 'formulaGuard must be true or false' })
  formulaGuard: boolean = true;

  /** Most records in a drop. */
  @Transform(asNumber)
  @IsNumber()
  @Min(1)
  @Max(BATCH_MAX)
  batchSize: number = 1000;
}
