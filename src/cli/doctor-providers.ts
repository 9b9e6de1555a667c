import { examineProvider, type ExaminedProvider } from '../identity/examine-provider.js';
import { findPublicUrl } from '../platform/config/connection.js';
import { findProvidersFile, loadIdentityProviders } from '../platform/config/identity-providers.js';
import { type Invocation, UsageError } from './command.js';
import type { Output } from './output.js';

const TIMEOUT_MS = 10_000;

/** Each provider that is switched on, or those that are named. */
export async function examineProviders({ positionals, options }: Invocation): Promise<ExaminedProvider[]> {
  const file = typeof options.providers === 'string' ? options.providers : findProvidersFile();
  const given = options['public-url'];
  const publicUrl = typeof given === 'string' ? given : findPublicUrl();
  if (publicUrl !== null && !URL.canParse(publicUrl))
    throw new UsageError(`${publicUrl} is no address, such as https://events.example.org`);
  let providers;
  try {
    providers = loadIdentityProviders(file);
  } catch (error) {
    const message = `${(error as Error).message}\nFoyer does not start with it.`;
    return [unread(file, message)];
  }
  const wanted = providers.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
  return Promise.all(wanted.map((provider) => examineProvider(provider, publicUrl, TIMEOUT_MS)));
}

export function printProvider(one: ExaminedProvider, { colour, line }: Output): void {
  const { provider, ok, keys, redirectUri, findings, notes } = one;
  line(ok ? colour.good(`✓ ${provider} (logins)`) : colour.error(`✗ ${provider} (logins)`));
  if (ok)
    line(`  ${keys} ${keys === 1 ? 'key' : 'keys'}, leads back to ${redirectUri ?? 'where it is not known'}`);
  for (const { code, message } of findings) line(`  ${colour.error(code)}: ${message}`);
  for (const note of notes) line(`  ${colour.faint(note)}`);
}

function unread(file: string, message: string): ExaminedProvider {
  const findings = [{ code: 'provider-settings', message }];
  return { provider: file, ok: false, redirectUri: null, keys: 0, findings, notes: [] };
}
