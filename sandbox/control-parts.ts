import type { CallLog } from './call-log.js';
import type { Faults } from './faults/faults.js';
import type { JournalFile } from './journal-file.js';
import type { Journal } from './journal.js';
import type { Vendor } from './vendor.js';

/** What the control routes answer. */
export interface Reply {
  status: number;
  body: unknown;
}

/** What the control routes look at and change. */
export interface ControlParts {
  vendor: Vendor;
  journal: Journal;
  calls: CallLog;
  faults: Faults;
  file: JournalFile | undefined;
}
