import { type Clock, systemClock } from '../platform/clock.js';
import type { Connector } from './connector.js';
import { hubspot } from './hubspot.js';
import { salesforce } from './salesforce.js';
import { DestinationSettingsError } from './settings.js';

/** One entry of config/destinations.yaml, its `${NAME}`s already resolved. */
export interface DestinationSettings {
  /** The destination's own name, which mappings use. */
  readonly name: string;
  /** Which connector speaks to it: a name in the list below. */
  readonly connector: string;
  readonly settings: Readonly<Record<string, unknown>>;
}

/** Makes the connector of one destination; throws DestinationSettingsError naming every fault in its settings. */
export type ConnectorMaker = (destination: DestinationSettings, clock: Clock) => Connector;

/** Every backend Foyer speaks to. A new one is a file of its own and a line here. */
const connectors: Readonly<Record<string, ConnectorMaker>> = { hubspot, salesforce };

export function createConnector(destination: DestinationSettings, clock: Clock = systemClock): Connector {
  const make = Object.hasOwn(connectors, destination.connector)
    ? connectors[destination.connector]
    : undefined;
  if (!make) {
    const known = Object.keys(connectors).join(', ');
    throw new DestinationSettingsError(destination.name, [
      `connector must be one of ${known}, not ${JSON.stringify(destination.connector)}`,
    ]);
  }
  return make(destination, clock);
}
