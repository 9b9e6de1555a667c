import { Type } from 'class-transformer';
import {
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsNumber,
  IsString,
  Max,
  Min,
  MinLength,
  ValidateNested,
} from 'class-validator';

/** The process itself. */
export class ProcessSettings {
  @IsIn(['api', 'worker', 'all']) role!: 'api' | 'worker' | 'all';
  @IsIn(['fatal', 'error', 'warn', 'info', 'debug']) logLevel!: string;
  @IsString() failPoints!: string;
  @IsString() failPointsFile!: string;
}

export class HttpSettings {
  @IsString() host!: string;
  @IsInt() @Min(0) @Max(65535) port!: number;
  @IsString() publicUrl!: string;
  @IsInt() @Min(1024) bodyBytesMax!: number;
  @IsInt() @Min(1024) headerBytesMax!: number;
  @IsInt() @Min(1000) requestTimeoutMs!: number;
  @IsInt() @Min(0) @Max(65535) workerHealthPort!: number;
  @IsBoolean() trustProxy!: boolean;
  @IsInt() @Min(0) publicPostsPerMinute!: number;
}

export class DatabaseSettings {
  @MinLength(1, {
    message: 'database.url is needed: give DATABASE_URL=postgres://user:password@host:5432/name',
  })
  @IsString()
  url!: string;
  @IsInt() @Min(4) @Max(500) poolMax!: number;
  @IsInt() @Min(1000) statementTimeoutMs!: number;
}

export class RedisSettings {
  @MinLength(1, { message: 'redis.url is needed: give REDIS_URL=redis://host:6379' })
  @IsString()
  url!: string;
  @IsString() @MinLength(1) prefix!: string;
}

export class IdentitySettings {
  @MinLength(32, { message: 'identity.secret needs 32 characters or more: give FOYER_SECRET' })
  @IsString()
  secret!: string;
  @IsString() operatorKey!: string;
  @IsString() previousSecret!: string;
  @IsString() providersFile!: string;
  @IsInt() @Min(100) @Max(60_000) providerTimeoutMs!: number;
  @IsInt() @Min(10_000) attemptMs!: number;
  @IsInt() @Min(60_000) loginIdleMs!: number;
  @IsInt() @Min(60_000) loginMaxMs!: number;
  @IsInt() @Min(10_000) stepUpMs!: number;
  @IsInt() @Min(1) sealingKeyDays!: number;
}

export class RegistrationSettings {
  @IsInt() @Min(1) @Max(1024) batchMax!: number;
  @IsInt() @Min(0) @Max(60_000) idempotencyWaitMs!: number;
  @IsInt() @Min(1) idempotencyDays!: number;
}

export class ActivitySettings {
  @IsInt() @Min(1) @Max(5_000) batchMax!: number;
  @IsInt() @Min(0) noShowAfterMs!: number;
  @IsInt() @Min(1) unresolvedDays!: number;
  @IsString() zoomSecretToken!: string;
  @IsInt() @Min(1) hookDays!: number;
}

export class LobbySettings {
  @IsString() keys!: string;
}

export class PipelineSettings {
  @IsString() mappingsDir!: string;
  @IsString() destinationsFile!: string;
  @IsBoolean() autoApply!: boolean;
  @IsInt() @Min(500) leaseMs!: number;
  @IsInt() @Min(100) @Max(2000) sweepMs!: number;
  @IsInt() @Min(0) @Max(1000) lingerMs!: number;
  @IsInt() @Min(1) @Max(20_000) roundMax!: number;
  @IsInt() @Min(1) @Max(10_000) batchMax!: number;
  @IsInt() @Min(1) @Max(64) callsInFlight!: number;
  @IsInt() @Min(100) callTimeoutMs!: number;
  @IsInt() @Min(0) lateWriteMs!: number;
  @IsInt() @Min(1) retryFirstMs!: number;
  @IsInt() @Min(1) retryMaxMs!: number;
  @IsInt() @Min(0) giveUpAfterMs!: number;
  @IsArray() @IsNumber({}, { each: true }) verifyDelaysMs!: number[];
  @IsInt() @Min(0) resendMax!: number;
}

export class WebhookSettings {
  @IsInt() @Min(100) timeoutMs!: number;
  @IsInt() @Min(1) retryFirstMs!: number;
  @IsInt() @Min(1) retryMaxMs!: number;
  @IsInt() @Min(1000) giveUpAfterMs!: number;
  @IsInt() @Min(0) rotationMs!: number;
  @IsBoolean() allowPrivateHosts!: boolean;
  @IsInt() @Min(1) @Max(256) callsInFlight!: number;
}

export class MailSettings {
  @IsString() smtpUrl!: string;
  @IsString() @MinLength(3) from!: string;
}

export class ReconciliationSettings {
  @IsInt() @Min(1) fullEvery!: number;
}

export class ReportSettings {
  @IsBoolean() scheduler!: boolean;
}

/** Everything that can be set, as read once at start from config/default.yaml and the environment. */
export class Settings {
  @ValidateNested() @Type(() => ProcessSettings) process!: ProcessSettings;
  @ValidateNested() @Type(() => HttpSettings) http!: HttpSettings;
  @ValidateNested() @Type(() => DatabaseSettings) database!: DatabaseSettings;
  @ValidateNested() @Type(() => RedisSettings) redis!: RedisSettings;
  @ValidateNested() @Type(() => IdentitySettings) identity!: IdentitySettings;
  @ValidateNested() @Type(() => RegistrationSettings) registrations!: RegistrationSettings;
  @ValidateNested() @Type(() => ActivitySettings) activity!: ActivitySettings;
  @ValidateNested() @Type(() => LobbySettings) lobby!: LobbySettings;
  @ValidateNested() @Type(() => PipelineSettings) pipelines!: PipelineSettings;
  @ValidateNested() @Type(() => WebhookSettings) webhooks!: WebhookSettings;
  @ValidateNested() @Type(() => MailSettings) mail!: MailSettings;
  @ValidateNested() @Type(() => ReconciliationSettings) reconciliation!: ReconciliationSettings;
  @ValidateNested() @Type(() => ReportSettings) reports!: ReportSettings;
}
