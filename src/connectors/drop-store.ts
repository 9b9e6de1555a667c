import type { Failure } from './call-outcome.js';
import type { CallOptions, Reason } from './connector.js';

/** Where drops are put. Names are below the prefix, with `/` between their parts. */
export interface DropStore {
  /** Puts a whole object in its place, where none or another may stand: a reader sees the one or the other. */
  put(name: string, text: string, type: string, options: CallOptions): Promise<Put>;
  get(name: string, options: CallOptions): Promise<Got>;
  /** Can objects be listed, as readers of the manifests do? Null: they can. */
  list(options: CallOptions): Promise<Failure | null>;
}

export interface Put {
  /** Null: it stands there. */
  readonly failure: Failure | null;
  readonly requestId: string | null;
  readonly status: number | null;
}

/** `text` null: nothing stands under this name. */
export type Got = { readonly text: string | null } | { readonly failure: Failure };

const PROBE = '_foyer/probe.txt';
const PROBED = 'Foyer puts this here to see whether it may.\n';

/** Writes, reads and lists. Null: all of it can be done. */
export async function probeStore(store: DropStore, options: CallOptions): Promise<Reason | null> {
  const { failure } = await store.put(PROBE, PROBED, 'text/plain', options);
  if (failure) return failure.reason;
  const got = await store.get(PROBE, options);
  if ('failure' in got) return got.failure.reason;
  if (got.text !== PROBED) return NOT_KEPT;
  return (await store.list(options))?.reason ?? null;
}

const NOT_KEPT: Reason = {
  code: 'not-kept',
  message: 'What was written a moment ago reads back as something else: look at what stands behind this.',
  owner: 'backend',
};
