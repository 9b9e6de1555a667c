import type { LimitStanding, PlanCalls, PlanCounts } from './plan-counts.js';
import type { Planned } from './plan-mapping.js';

/** What applying a proposal would do, as the API tells it. */
export interface Plan extends Omit<Planned, 'writes'> {
  readonly id: string;
  readonly mapping: string;
  /** The version in force; null where none ever was. */
  readonly from: { readonly version: number; readonly hash: string } | null;
  readonly to: { readonly hash: string; readonly file: string };
  /** The number in the log that it is pinned to. */
  readonly position: number;
  readonly counts: PlanCounts;
  /** Null where the destination is not set up here. */
  readonly calls: PlanCalls | null;
  readonly limits: readonly LimitStanding[];
  readonly createdAt: string;
}
