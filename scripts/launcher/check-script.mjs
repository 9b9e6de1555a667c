import { setFlagsFromString } from 'node:v8';
import { CHECK_BUNDLE } from './bundles.mjs';
import { CachedScript } from './cached-script.mjs';

/**
 * A process of half a second ends before optimised code has earned what it costs, a third of all it computes. Set
 * before any code is read: V8 refuses what was made under other flags.
 */
setFlagsFromString('--no-opt');

/** @returns {CachedScript} `foyer check` as the build bundled it */
export const checkScript = () => new CachedScript(CHECK_BUNDLE);
