import { parentPort, workerData } from 'node:worker_threads';
import { checkScript } from './check-script.mjs';

/** A thread that takes a share of the files of `foyer check`. */
parentPort.postMessage(checkScript().exports().checkShare(workerData));
