import { parseArgs } from 'node:util';
import { startIdentityProvider } from './identity-provider.js';

const USAGE =
  'Usage: node dist/sandbox/identity/main.js [--host ADDRESS] [--port N] [--url BASE] [--foyer-url BASE] [--keys FILE] [--with-parent]';

const text = { type: 'string' } as const;
const { host, port, url, keys, ...more } = given();
const provider = await startIdentityProvider({
  clientSecret: process.env.SANDBOX_IDENTITY_CLIENT_SECRET || 'sandbox-secret',
  port: Number(port ?? 0),
  ...(host === undefined ? {} : { host }),
  ...(url === undefined ? {} : { url: url.replace(/\/+$/, '') }),
  ...(more['foyer-url'] === undefined ? {} : { foyerUrl: more['foyer-url'].replace(/\/+$/, '') }),
  ...(keys === undefined ? {} : { keysFile: keys }),
}).catch((error: unknown) => {
  process.stderr.write(
    `The identity provider did not start: ${error instanceof Error ? error.message : String(error)}\n`,
  );
  process.exit(1);
});
const end = () => void provider.stop().then(() => process.exit(0));
process.once('SIGTERM', end);
process.once('SIGINT', end);
if (more['with-parent']) {
  process.stdin.resume();
  process.stdin.once('close', end);
  process.stdin.once('end', end);
}
// Last, for whoever reads it may end us the moment after.
process.stdout.write(`${JSON.stringify({ identity: 'sandbox', url: provider.url })}\n`);

function given() {
  try {
    const options = { host: text, port: text, url: text, keys: text, 'foyer-url': text };
    return parseArgs({ options: { ...options, 'with-parent': { type: 'boolean' } } }).values;
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n${USAGE}\n`);
    process.exit(2);
  }
}
