import { randomBytes, randomUUID } from 'node:crypto';
import { readJson, writePrivate } from './private-file.mjs';

const random = (bytes) => randomBytes(bytes).toString('base64url');

/** Made once for this folder, each on its own: a later version may add one. */
const MAKERS = {
  /** Signs manage tokens and passes. */
  secret: () => random(36),
  operatorKey: () => `fk_${random(24)}`,
  postgresPassword: () => random(18),
  redisPassword: () => random(18),
  hubspotToken: () => `pat-twin-${random(18)}`,
  salesforceClientId: () => `twin-${random(9)}`,
  salesforceClientSecret: () => random(24),
  marketoClientId: () => `twin-${random(9)}`,
  marketoClientSecret: () => random(24),
  dataverseTenantId: () => randomUUID(),
  dataverseClientId: () => randomUUID(),
  dataverseClientSecret: () => random(24),
  mailchimpApiKey: () => `${randomBytes(16).toString('hex')}-us1`,
  mailchimpList: () => randomBytes(5).toString('hex'),
  s3AccessKeyId: () => `TWIN${randomBytes(8).toString('hex').toUpperCase()}`,
  s3SecretAccessKey: () => random(30),
  identityClientSecret: () => random(24),
};

/** @returns {Record<keyof typeof MAKERS, string>} the secrets of this installation, the same at every start */
export function loadSecrets(file) {
  const known = readJson(file) ?? {};
  const missing = Object.keys(MAKERS).filter((name) => !known[name]);
  if (missing.length === 0) return known;
  const secrets = { ...known, ...Object.fromEntries(missing.map((name) => [name, MAKERS[name]()])) };
  writePrivate(file, secrets);
  return secrets;
}
