import { type Connection, findConnection } from '../platform/config/connection.js';
import { type Invocation, UsageError } from './command.js';

/** Where the API is and who we are, by `--api` and `--key` or what is known otherwise. @throws UsageError */
export function connectionOf({ options }: Invocation): Connection {
  const { api, key } = findConnection({ api: optional(options.api), key: optional(options.key) });
  if (api === undefined)
    throw new UsageError('no API to speak to: run npm start here, or give --api or FOYER_API_URL');
  if (!/^https?:\/\/[^/]/.test(api) || !URL.canParse(api))
    throw new UsageError(`${api} is no address of an API, such as http://127.0.0.1:3000`);
  if (key === undefined)
    throw new UsageError(`no key for ${api}: give an operator's by --key or FOYER_OPERATOR_KEY`);
  return { api, key };
}

function optional(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
