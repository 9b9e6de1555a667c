import { Changes0004 } from './0004-changes.js';
import { Pipelines0005 } from './0005-pipelines.js';
import { Webhooks0006 } from './0006-webhooks.js';
import { Ledger0007 } from './0007-ledger.js';
import { Reports0008 } from './0008-reports.js';

/** TypeORM orders them by the thirteen digits at the end of each one's name. */
export const migrations = [Changes0004, Pipelines0005, Webhooks0006, Ledger0007, Reports0008];
