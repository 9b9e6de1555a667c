import { type Clock, systemClock } from '../platform/clock.js';
import type { DestinationSettings } from '../platform/config/destinations.js';
import type { Connector } from './connector.js';
import { hubspot } from './hubspot.js';
import { marketo } from './marketo.js';
import { salesforce } from './salesforce.js';
import { type ConnectorMaker, DestinationSettingsError } from './settings.js';

/** Every backend Foyer speaks to. A new one is a file of its own and a line here. */
const connectors: Readonly<Record<string, ConnectorMaker>> = { hubspot, marketo, salesforce };

export const connectorNames: readonly string[] = Object.keys(connectors);

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
