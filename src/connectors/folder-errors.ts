import type { Failure } from './call-outcome.js';
import type { Reason } from './connector.js';

const NOT_THERE = 'The folder is not there: make it, or mount what belongs there.';
const MAY_NOT = 'Foyer may not write in the folder: give the user that it runs as the right to.';
const FULL = 'There is no room left for the folder: make some, or raise its quota; it is tried again later.';

/** Errors of the file system that somebody has to put right: nothing else is written there meanwhile. */
const TO_PUT_RIGHT: Readonly<Record<string, readonly [code: string, message: string]>> = {
  ENOENT: ['no-folder', NOT_THERE],
  ENOTDIR: ['no-folder', 'Where the folder should be stands something else: set folder to a folder.'],
  EACCES: ['not-writable', MAY_NOT],
  EPERM: ['not-writable', MAY_NOT],
  EROFS: ['not-writable', 'The folder can only be read: mount it so that it can be written.'],
  ELOOP: ['no-folder', 'Links lead from the folder back to it: set folder to a real one.'],
};

const FULL_CODES = new Set(['ENOSPC', 'EDQUOT']);

/** @param errno the code of the error, or `aborted`: the call was ended before anything was done */
export function folderFailure(errno: string): Failure {
  const reason = (code: string, message: string, owner: Reason['owner'] = 'backend'): Reason => {
    return { code, message, owner };
  };
  const toPutRight = Object.hasOwn(TO_PUT_RIGHT, errno) ? TO_PUT_RIGHT[errno] : undefined;
  if (toPutRight) return { kind: 'unauthorised', reason: reason(...toPutRight) };
  if (errno === 'aborted')
    return later(reason('aborted', 'The call was ended before anything was written.', 'foyer'));
  if (FULL_CODES.has(errno)) return later(reason('storage-full', FULL));
  return later(reason(errno, `The file system answers with ${errno}; it is tried again later.`));
}

function later(reason: Reason): Failure {
  return { kind: 'retry', afterMs: null, reason };
}
