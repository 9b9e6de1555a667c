import { type Clock, systemClock } from '../platform/clock.js';
import type { DestinationSettings } from '../platform/config/destinations.js';
import type { Connector } from './connector.js';
import { dataverse } from './dataverse.js';
import { hubspot } from './hubspot.js';
import { marketo } from './marketo.js';
import { rest } from './rest.js';
import { restSchema } from './rest-declaration.js';
import { salesforce } from './salesforce.js';
import type { Schema } from './shape.js';
import { storage } from './storage.js';
import { type ConnectorMaker, DestinationSettingsError } from './settings.js';

/** Every backend Foyer speaks to. A new one is a file of its own and a line here. */
const connectors: Readonly<Record<string, ConnectorMaker>> = {
  dataverse,
  hubspot,
  marketo,
  rest,
  salesforce,
  storage,
};

/** What the settings of connectors that are declared may hold, for editors. */
export const connectorShapes: Readonly<Record<string, Schema>> = { rest: restSchema };

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
