import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import type pg from 'pg';
import { Gauge, register } from 'prom-client';
import { PG_POOL } from '../platform/database/database.module.js';
import { DISCREPANCY_KINDS, type DiscrepancyKind } from './discrepancy.js';

interface Row {
  readonly mapping: string;
  readonly seconds: number;
  readonly kind: DiscrepancyKind;
  readonly found: number;
}

// Of each mapping the newest run that came to its end.
const NEWEST = `
  select r.mapping, extract(epoch from r.finished_at)::float8 as seconds, k.kind,
         (select count(*)::int from discrepancies d
           where d.run = r.id and d.kind = k.kind and d.repaired_at is null) as found
    from mappings m
    join lateral (select id, mapping, finished_at from reconciliations
                   where mapping = m.name and state = 'done' order by created_at desc limit 1) r on true
   cross join unnest($1::text[]) as k (kind)`;

/** What the newest run of each mapping found, for whoever watches the whole: read from the database at a scrape. */
@Injectable()
export class ReconciliationMetrics implements OnModuleDestroy {
  private readonly names = ['foyer_discrepancies', 'foyer_reconciled_timestamp_seconds'] as const;

  constructor(@Inject(PG_POOL) pool: pg.Pool) {
    const [discrepancies, reconciledAt] = this.names;
    for (const name of this.names) register.removeSingleMetric(name);
    const at = new Gauge({
      name: reconciledAt,
      help: 'When the newest reconciliation of a mapping ended, in seconds since 1970',
      labelNames: ['mapping'] as const,
    });
    new Gauge({
      name: discrepancies,
      help: 'What the newest reconciliation of a mapping found and nobody repaired since, by kind',
      labelNames: ['mapping', 'kind'] as const,
      collect: async function () {
        const { rows } = await pool.query<Row>(NEWEST, [DISCREPANCY_KINDS]).catch(() => ({ rows: [] }));
        for (const { mapping, kind, found, seconds } of rows) {
          this.set({ mapping, kind }, found);
          at.set({ mapping }, seconds);
        }
      },
    });
  }

  onModuleDestroy(): void {
    for (const name of this.names) register.removeSingleMetric(name);
  }
}
