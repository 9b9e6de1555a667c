import { describe, expect, it } from 'vitest';
import { readTwinNames, TWIN_NAMES as STARTED, twinPlan } from '../../scripts/launcher/sandbox-twins.mjs';
import { TWIN_NAMES } from '../../sandbox/vendor.js';

const SECRETS = {
  hubspotToken: 'pat-1',
  mailchimpApiKey: 'key-us1',
  mailchimpList: 'list-1',
  dataverseClientSecret: 'd-1',
  s3SecretAccessKey: 's3-1',
};

describe('FOYER_TWINS', () => {
  it('knows every twin, means the usual two without a word, and names what it does not know', () => {
    expect([...STARTED].sort()).toEqual([...TWIN_NAMES].sort());
    expect(readTwinNames(undefined)).toEqual(['hubspot', 'salesforce']);
    expect(readTwinNames('s3, hubspot')).toEqual(['s3', 'hubspot']);
    expect(readTwinNames('')).toEqual([]);
    expect(() => readTwinNames('hubspot,pipedrive')).toThrow(
      'FOYER_TWINS names "pipedrive"; the twins are hubspot,',
    );
  });

  it('switches on the destination that writes to a bucket, which goes by another name than the twin', () => {
    const [s3] = twinPlan(['s3'], { S3_ACCESS_KEY_ID: 'mine' }, SECRETS).starts;
    expect(s3).toMatchObject({ env: { TWIN_S3_ACCESS_KEY_ID: 'mine', TWIN_S3_SECRET_ACCESS_KEY: 's3-1' } });
    expect(s3!.settings('http://127.0.0.1:4060')).toEqual({
      STORAGE_ENABLED: 'true',
      S3_ENDPOINT: 'http://127.0.0.1:4060',
      S3_ACCESS_KEY_ID: 'mine',
      S3_SECRET_ACCESS_KEY: 's3-1',
    });
  });

  it('tells twin and program the same, and what was given wins', () => {
    const { starts } = twinPlan(['mailchimp'], { MAILCHIMP_LIST: 'mine' }, SECRETS);
    expect(starts).toMatchObject([
      { name: 'mailchimp', env: { TWIN_MAILCHIMP_API_KEY: 'key-us1', TWIN_MAILCHIMP_LIST_ID: 'mine' } },
    ]);
    expect(starts[0]!.settings('http://127.0.0.1:4050')).toEqual({
      MAILCHIMP_ENABLED: 'true',
      MAILCHIMP_BASE_URL: 'http://127.0.0.1:4050/3.0',
      MAILCHIMP_API_KEY: 'key-us1',
      MAILCHIMP_LIST: 'mine',
    });
  });

  it('starts none for a backend that is given, and leaves a usual one out that has neither', () => {
    const env = { HUBSPOT_BASE_URL: 'https://api.hubapi.com', HUBSPOT_TOKEN: 'pat-9' };
    const { starts, known } = twinPlan(['hubspot', 'marketo'], env, SECRETS);
    expect(starts.map(({ name }) => name)).toEqual(['marketo']);
    expect(known).toEqual({ ...env, SALESFORCE_ENABLED: 'false' });
  });
});
