import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import type { Connector } from '../connectors/connector.js';
import { createConnector } from '../connectors/registry.js';
import { CLOCK, type Clock } from '../platform/clock.js';
import { type Destination, isLeaving, loadDestinations } from '../platform/config/destinations.js';
import { Settings } from '../platform/config/settings.js';
import { LOGGER, type Logger } from '../platform/logger.js';
import { Holds } from './holds.js';

/** The configured backends, one connector each, made at first use. */
@Injectable()
export class Destinations implements OnApplicationBootstrap {
  readonly holds = new Holds();
  private readonly connectors = new Map<string, Connector>();
  private entries: readonly Destination[] | undefined;

  constructor(
    private readonly settings: Settings,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** What is wrong is said at the start, not at the first record; the other backends go on. */
  onApplicationBootstrap(): void {
    for (const { name, isEnabled } of this.all()) {
      if (!isEnabled) continue;
      try {
        this.connector(name);
      } catch (error) {
        this.logger.error({ destination: name }, error instanceof Error ? error.message : String(error));
      }
    }
  }

  /** @throws Error where config/destinations.yaml has no such entry, or its settings do not hold */
  connector(name: string): Connector {
    const known = this.connectors.get(name);
    if (known) return known;
    const entry = this.all().find((d) => d.name === name);
    if (!entry) {
      throw new Error(
        `${this.settings.pipelines.destinationsFile} has no destination called ${name}; add it there.`,
      );
    }
    const connector = createConnector(entry, this.clock);
    this.connectors.set(name, connector);
    return connector;
  }

  /** As config/destinations.yaml has them, read once. */
  all(): readonly Destination[] {
    this.entries ??= loadDestinations(this.settings.pipelines.destinationsFile);
    return this.entries;
  }

  /** Whether records of this mapping leave: its destination is described, enabled, and does not leave it out. */
  isLeaving(mapping: { readonly name: string; readonly destination: string }): boolean {
    return isLeaving(mapping, this.all());
  }
}
