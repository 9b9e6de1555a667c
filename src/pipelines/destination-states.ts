import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import type pg from 'pg';
import { Gauge, register } from 'prom-client';
import { PG_POOL } from '../platform/database/database.module.js';
import { Destinations } from './destinations.js';

/** How a destination stands: what was called, what is left of the day, and how it will end at this pace. */
export interface DestinationState {
  readonly destination: string;
  readonly connector: string;
  readonly enabled: boolean;
  /** Why nothing, or nothing of the kind that it names, is sent there until somebody acts; null where nothing speaks against it. */
  readonly trouble: string | null;
  readonly troubleSince: string | null;
  /** No call is made there before: the backend asked for the pause, or the day's calls are used up or spaced. */
  readonly heldUntil: string | null;
  readonly callsToday: number;
  readonly callsLastHour: number;
  readonly quota: Quota | null;
}

export interface Quota {
  readonly used: number;
  readonly max: number;
  readonly endsAt: string;
  /** Used at the end of the day, should it go on as in the last hour. */
  readonly forecast: number;
  readonly isEnough: boolean;
}

interface Row {
  destination: string;
  trouble: string | null;
  trouble_at: Date | null;
  held_until: Date | null;
  used: string | null;
  told_max: string | null;
  today: string;
  last_hour: string;
}

const STATES = `
  select n.destination, coalesce(b.trouble, t.trouble) as trouble,
         case when b.trouble is null then t.trouble_at else b.trouble_at end as trouble_at,
         case when b.next_at > clock_timestamp() + interval '1 second' then b.next_at end as held_until,
         case when b.told_at >= d.begins then b.told_max end as told_max,
         greatest(case when b.day = d.begins::date then b.day_used end,
                  case when b.told_at >= d.begins then b.told_used end, c.today) as used,
         c.today, c.last_hour
    from unnest($1::text[]) as n (destination)
    cross join (select date_trunc('day', clock_timestamp(), 'UTC') as begins) d
    left join call_budgets b on b.destination = n.destination
    left join lateral (
      select string_agg(kind || ': ' || trouble, ' ' order by kind) as trouble, min(trouble_at) as trouble_at
        from destination_troubles where destination = n.destination) t on true
    cross join lateral (
      select coalesce(sum(calls) filter (where hour >= d.begins), 0)::bigint as today,
             coalesce(sum(calls) filter (where hour >= clock_timestamp() - interval '1 hour'), 0)::bigint as last_hour
        from call_counts where destination = n.destination and hour >= d.begins - interval '1 hour') c
   order by n.destination`;

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

const METRICS = {
  foyer_quota_used: 'Calls used of the day’s allowance',
  foyer_quota_max: 'The day’s allowance of calls',
  foyer_quota_forecast: 'Calls used at the end of the day, as it goes now',
  foyer_destination_trouble: '1 where credentials are not accepted',
};

@Injectable()
export class DestinationStates implements OnModuleDestroy {
  private readonly gauges: readonly Gauge<'destination'>[];

  constructor(
    @Inject(PG_POOL) private readonly pool: pg.Pool,
    private readonly destinations: Destinations,
  ) {
    this.gauges = this.metrics();
  }

  onModuleDestroy(): void {
    for (const gauge of this.gauges) gauge.reset();
  }

  async all(now: Date): Promise<DestinationState[]> {
    const entries = this.destinations.all();
    const { rows } = await this.pool.query<Row>({
      name: 'destination-states',
      text: STATES,
      values: [entries.map(({ name }) => name)],
    });
    return rows.map((row) => {
      const { connector, isEnabled } = entries.find(({ name }) => name === row.destination)!;
      return {
        destination: row.destination,
        connector,
        enabled: isEnabled,
        trouble: row.trouble,
        troubleSince: row.trouble === null ? null : (row.trouble_at?.toISOString() ?? null),
        heldUntil: row.held_until?.toISOString() ?? null,
        callsToday: Number(row.today),
        callsLastHour: Number(row.last_hour),
        quota: this.quota(row, isEnabled, now),
      };
    });
  }

  private quota(row: Row, isEnabled: boolean, now: Date): Quota | null {
    const max = smallest(row.told_max === null ? null : Number(row.told_max), this.ownMax(row, isEnabled));
    if (max === null) return null;
    const used = Number(row.used ?? 0);
    const leftMs = DAY_MS - (now.getTime() % DAY_MS);
    const forecast = Math.round(used + (Number(row.last_hour) * leftMs) / HOUR_MS);
    const endsAt = new Date(now.getTime() + leftMs).toISOString();
    return { used, max, endsAt, forecast, isEnough: forecast <= max };
  }

  private ownMax({ destination }: Row, isEnabled: boolean): number | null {
    if (!isEnabled) return null;
    try {
      return this.destinations.connector(destination).limits?.callsPerDay ?? null;
    } catch {
      // Settings that do not hold are named where it is used; here there is simply no limit known.
      return null;
    }
  }

  /** A scrape asks all gauges at once: each waits for the one reading, or it would show that of the scrape before. */
  private metrics(): Gauge<'destination'>[] {
    let reading: Promise<void> | undefined;
    const collect = (): Promise<void> => (reading ??= this.read(gauges).finally(() => (reading = undefined)));
    const gauges = Object.entries(METRICS).map(([name, help]) => {
      register.removeSingleMetric(name);
      return new Gauge({ name, help, labelNames: ['destination'] as const, collect });
    });
    return gauges;
  }

  private async read([used, max, forecast, trouble]: readonly Gauge<'destination'>[]): Promise<void> {
    // Where it cannot be read now, /health/ready says so; what is known stands.
    for (const { destination, quota, trouble: why } of await this.all(new Date()).catch(() => [])) {
      trouble!.set({ destination }, why === null ? 0 : 1);
      if (!quota) continue;
      used!.set({ destination }, quota.used);
      max!.set({ destination }, quota.max);
      forecast!.set({ destination }, quota.forecast);
    }
  }
}

function smallest(a: number | null, b: number | null): number | null {
  if (a === null || b === null) return a ?? b;
  return Math.min(a, b);
}
