import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

export const SECRET = 'secret-of-the-tests';

/** The entry that ships in config/identity.yaml, for a sandbox that runs there. */
export function sandboxConfig(url: string): Record<string, unknown> {
  const { sandbox } = parse(readFileSync('config/identity.yaml', 'utf8')) as {
    sandbox: Record<string, unknown>;
  };
  return { ...sandbox, enabled: true, issuer: url, clientSecret: SECRET };
}
