import { twinsAt } from '../platform/config/connection.js';
import { isLoopbackUrl } from '../platform/config/loopback.js';
import { UsageError } from './command.js';
import type { OperatorClient } from './operator-client.js';

/**
 * To whoever runs the machine a surge looks like an attack: it goes to this machine, or where somebody said by the
 * host's own name that they operate it.
 * @throws UsageError
 */
export function demandOwnTarget(api: string, operates: string | undefined): void {
  const { hostname } = new URL(api);
  if (operates !== undefined && operates !== hostname)
    throw new UsageError(`--i-operate names ${operates}, and ${api} is ${hostname}`);
  if (operates === hostname || isLoopbackUrl(api)) return;
  throw new UsageError(
    `${hostname} is not this machine, and a surge is an attack to whoever runs it. If that is you: --i-operate ${hostname}`,
  );
}

interface Destination {
  readonly destination: string;
  readonly enabled: boolean;
}

interface Endpoint {
  readonly url: string;
  readonly state: string;
}

/**
 * Whoever registers is delivered, a test's people like all others. Twins on this machine may have them.
 * @throws UsageError naming who else would get them
 */
export async function demandHarmlessDelivery(client: OperatorClient): Promise<void> {
  const twins = twinsAt(client.api);
  const destinations = (await client.read<{ items: Destination[] }>('/v1/destinations'))?.items ?? [];
  const endpoints = await client.readAll<Endpoint>('/v1/webhooks');
  const others = [
    ...destinations
      .filter(({ enabled, destination }) => enabled && !twins.includes(destination))
      .map(({ destination }) => destination),
    ...endpoints
      .filter(({ state, url }) => state !== 'disabled' && !isLoopbackUrl(url))
      .map(({ url }) => new URL(url).host),
  ];
  if (others.length === 0) return;
  throw new UsageError(
    `the people of the surge would reach ${[...new Set(others)].join(', ')}. ` +
      'If these are sandboxes, or may have them until they are erased afterwards: --deliver',
  );
}
