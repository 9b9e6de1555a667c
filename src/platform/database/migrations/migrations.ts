import { Changes0004 } from './0004-changes.js';
import { Pipelines0005 } from './0005-pipelines.js';
import { Webhooks0006 } from './0006-webhooks.js';

/** TypeORM orders them by the thirteen digits at the end of each one's name. */
export const migrations = [Changes0004, Pipelines0005, Webhooks0006];
