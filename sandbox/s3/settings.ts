/** What can be set about the S3 twin, with Amazon's own figures as defaults. */
export interface S3Settings {
  region: string;
  accessKeyId: string;
  secretAccessKey: string;
  buckets: string[];
  /** In each second, for each prefix of a bucket. */
  writesPerSecondMax: number;
  readsPerSecondMax: number;
}

export function s3Settings(env: Record<string, string | undefined>): S3Settings {
  return {
    region: env.TWIN_S3_REGION ?? 'eu-central-1',
    accessKeyId: env.TWIN_S3_ACCESS_KEY_ID ?? 'TWINACCESSKEY00000001',
    secretAccessKey: env.TWIN_S3_SECRET_ACCESS_KEY ?? 'twin-secret-access-key',
    buckets: (env.TWIN_S3_BUCKETS ?? 'foyer-drops').split(','),
    writesPerSecondMax: Number(env.TWIN_S3_WRITES_PER_SECOND_MAX ?? 3500),
    readsPerSecondMax: Number(env.TWIN_S3_READS_PER_SECOND_MAX ?? 5500),
  };
}
