import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import type pg from 'pg';
import { Gauge, register } from 'prom-client';
import { PG_POOL } from '../platform/database/database.module.js';
import type { CallLimits } from '../connectors/connector.js';
import type { Destination } from '../platform/config/destinations.js';
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
  /** Since the backend's own day began; where it counts the last 24 hours, in these. */
  readonly callsToday: number;
  readonly callsLastHour: number;
  readonly quota: Quota | null;
}

export interface Quota {
  readonly used: number;
  readonly max: number;
  /** When the backend's day ends; where it counts the last 24 hours, in 24 hours. */
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
  is_rolling: boolean;
  ends: Date;
  allowed: string | null;
  used: string;
  today: string;
  last_hour: string;
}

const STATES = `
  select n.destination, n.day = 'rolling' as is_rolling, d.ends, d.allowed, coalesce(b.trouble, t.trouble) as trouble,
         case when b.trouble is null then t.trouble_at else b.trouble_at end as trouble_at,
         case when b.next_at > clock_timestamp() + interval '1 second' then b.next_at end as held_until,
         greatest(d.used, c.today) as used, c.today, c.last_hour
    from unnest($1::text[], $2::text[], $3::bigint[]) as n (destination, day, day_max)
    left join call_budgets b on b.destination = n.destination
    cross join lateral call_day(n.destination, n.day, n.day_max, clock_timestamp()) d
    left join lateral (
      select string_agg(kind || ': ' || trouble, ' ' order by kind) as trouble, min(trouble_at) as trouble_at
        from destination_troubles where destination = n.destination) t on true
    cross join lateral (
      select coalesce(sum(calls) filter (where hour >= d.begins), 0)::bigint as today,
             coalesce(sum(calls) filter (where hour >= clock_timestamp() - interval '1 hour'), 0)::bigint as last_hour
        from call_counts where destination = n.destination and hour >= d.begins - interval '1 hour') c
   order by n.destination`;

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
    const days = entries.map((entry) => this.limitsOf(entry));
    const { rows } = await this.pool.query<Row>({
      name: 'destination-states',
      text: STATES,
      values: [entries.map(({ name }) => name), days.map((of) => of.day), days.map((of) => of.callsPerDay)],
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
        quota: quotaOf(row, now),
      };
    });
  }

  private limitsOf({ name, isEnabled }: Destination): { day: string; callsPerDay: number | null } {
    const { day = 'UTC', callsPerDay = null } = (isEnabled && this.limitsSet(name)) || {};
    return { day, callsPerDay };
  }

  private limitsSet(name: string): CallLimits | undefined {
    try {
      return this.destinations.connector(name).limits;
    } catch {
      // Settings that do not hold are named where it is used; here there is simply no limit known.
      return undefined;
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

/** Of a day that rolls, each call comes free 24 hours after it was made: what counts is what a whole day would use. */
function quotaOf(
  { allowed, used, ends, is_rolling: isRolling, last_hour: lastHour }: Row,
  now: Date,
): Quota | null {
  if (allowed === null) return null;
  const max = Number(allowed);
  const leftMs = ends.getTime() - now.getTime();
  const forecast = Math.round((isRolling ? 0 : Number(used)) + (Number(lastHour) * leftMs) / HOUR_MS);
  return { used: Number(used), max, endsAt: ends.toISOString(), forecast, isEnough: forecast <= max };
}
