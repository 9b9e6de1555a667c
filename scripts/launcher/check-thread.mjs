import { fileURLToPath } from 'node:url';
import { parentPort, workerData } from 'node:worker_threads';
import { CachedScript } from './cached-script.mjs';

/** A thread that takes a share of the files of `foyer check`. */
const bundle = fileURLToPath(new URL('../../dist/cli/check.bundle.cjs', import.meta.url));
parentPort.postMessage(new CachedScript(bundle).exports().checkShare(workerData));
