import type { Connector, ObjectTarget } from '../connectors/connector.js';
import type { CompiledMapping } from '../mapping/compiled-mapping.js';
import type { PipelineSettings } from '../platform/config/settings.js';
import type { Calls } from './calls.js';

/** What a batch is delivered with. */
export interface Delivering {
  readonly connector: Connector;
  readonly target: ObjectTarget;
  readonly settings: PipelineSettings;
  readonly calls: Calls;
  /** Adopt what is there already, as the mapping says. */
  readonly match?: CompiledMapping['match'];
  readonly now: () => Date;
  /** Aborts when the lane is lost. */
  readonly lost: AbortSignal;
  /** Throws LeaseLostError past the lease's time, also where the process was stopped and could not hear of it. */
  readonly assertMine: () => void;
}

/** Does sending the same write twice have one effect? */
export function isRepeatable({ connector, target }: Pick<Delivering, 'connector' | 'target'>): boolean {
  return connector.isRepeatable?.(target) ?? (target.operation === 'upsert' || target.operation === 'update');
}

/** Calls that begin within so small a part of the time allowed end at the same moment. */
const SAME_MOMENT = 1 / 200;

const signals = new WeakMap<AbortSignal, { readonly signal: AbortSignal; readonly sharedUntilMs: number }>();

/** Ends a call that lasts too long, or whose lane is lost. Calls of one lane share it: each costs a timer and a listener. */
export function callSignal({ settings, lost }: Pick<Delivering, 'settings' | 'lost'>): AbortSignal {
  const now = performance.now();
  const last = signals.get(lost);
  if (last && now < last.sharedUntilMs) return last.signal;
  const signal = AbortSignal.any([AbortSignal.timeout(settings.callTimeoutMs), lost]);
  signals.set(lost, { signal, sharedUntilMs: now + settings.callTimeoutMs * SAME_MOMENT });
  return signal;
}
