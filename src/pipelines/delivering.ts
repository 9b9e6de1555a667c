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
