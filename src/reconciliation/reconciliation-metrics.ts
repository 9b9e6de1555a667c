import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import type pg from 'pg';
import { Gauge, register } from 'prom-client';
import { PG_POOL } from '../platform/database/database.module.js';
import { DISCREPANCY_KINDS, type DiscrepancyKind, NEEDS_LIST } from './discrepancy.js';

const NAMES = ['foyer_discrepancies', 'foyer_reconciled_timestamp_seconds'] as const;

interface Row {
  readonly mapping: string;
  readonly seconds: number;
  readonly kind: DiscrepancyKind;
  readonly found: number;
}

// Of each mapping the newest run that came to its end, with the kinds that it could look for.
const NEWEST = `
  select r.mapping, extract(epoch from r.finished_at)::float8 as seconds, k.kind,
         (select count(*)::int from discrepancies d
           where d.run = r.id and d.kind = k.kind and d.repaired_at is null) as found
    from mappings m
    join lateral (select id, mapping, finished_at, certificate ->> 'coverage' as coverage from reconciliations
                   where mapping = m.name and state = 'done' order by created_at desc limit 1) r on true
   cross join unnest($1::text[]) as k (kind)
   where r.coverage = 'list' or k.kind <> all($2::text[])`;

/** What the newest run of each mapping found, for whoever watches the whole: read from the database at a scrape. */
@Injectable()
export class ReconciliationMetrics implements OnModuleDestroy {
  private readonly gauges: readonly [discrepancies: Gauge, reconciledAt: Gauge];
  private reading: Promise<void> | undefined;

  constructor(@Inject(PG_POOL) private readonly pool: pg.Pool) {
    this.gauges = [
      this.gauge(
        'foyer_discrepancies',
        'What the newest reconciliation of a mapping found and nobody repaired since, by kind',
        ['mapping', 'kind'],
      ),
      this.gauge(
        'foyer_reconciled_timestamp_seconds',
        'When the newest reconciliation of a mapping ended, in seconds since 1970',
        ['mapping'],
      ),
    ];
  }

  onModuleDestroy(): void {
    for (const name of NAMES) register.removeSingleMetric(name);
  }

  // A scrape asks all gauges at once: each waits for the one reading, or it would show that of the scrape before.
  private gauge(name: (typeof NAMES)[number], help: string, labelNames: string[]): Gauge {
    register.removeSingleMetric(name);
    const collect = (): Promise<void> =>
      (this.reading ??= this.read().finally(() => (this.reading = undefined)));
    return new Gauge({ name, help, labelNames, collect });
  }

  private async read(): Promise<void> {
    // Where it cannot be read now, /health/ready says so; what is known stands.
    const { rows } = await this.pool
      .query<Row>(NEWEST, [DISCREPANCY_KINDS, NEEDS_LIST])
      .catch(() => ({ rows: [] }));
    const [discrepancies, reconciledAt] = this.gauges;
    // What could be looked for once, and cannot any more, has no number.
    if (rows.length > 0) discrepancies.reset();
    for (const { mapping, kind, found, seconds } of rows) {
      discrepancies.set({ mapping, kind }, found);
      reconciledAt.set({ mapping }, seconds);
    }
  }
}
