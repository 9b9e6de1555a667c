import type { Explanation } from '../mapping/compiled-mapping.js';
import type { DeliveryView } from './deliveries.js';

/** The newest change, which no lane has come to or no answer was had for. */
export interface Unread {
  readonly version: number;
  readonly isPaused: boolean;
  /** How many numbers of the log the lane is behind it; 0 where it was taken up. */
  readonly behind: number;
}

/** Another record has its key at the target. */
const SPOKEN_FOR = 'spoken-for';

/** Whether the record stands at the backend, and why, or why not, in one sentence. Names no value of a person. */
export function sentence(
  { state, reason, version, nextAttemptAt, targetId }: DeliveryView,
  explanation: Explanation | null,
  unread: Unread | null,
): { isThere: boolean; sentence: string } {
  const says = reason ? `: ${reason.message}` : '';
  const where = reason?.file === undefined ? '' : ` (${reason.file}:${reason.line})`;
  const id = targetId === undefined ? '' : ` as ${targetId}`;
  const later = unread ? ` ${waiting(unread)}` : '';
  switch (state) {
    case 'verified':
      return { isThere: true, sentence: `It stands there${id} as of version ${version}, read back.${later}` };
    case 'sent':
      return { isThere: true, sentence: `It was written${id} as of version ${version}${says}.${later}` };
    case 'retained':
      if (reason?.code === SPOKEN_FOR)
        return { isThere: false, sentence: `It was sent before${id}. ${reason.message}${later}` };
      return {
        isThere: true,
        sentence: `It was sent before and stays there${id}, though when does not hold any more${where}.${later}`,
      };
    case 'suppressed':
      if (reason?.code === SPOKEN_FOR)
        return { isThere: false, sentence: `It was not sent. ${reason.message}${later}` };
      return {
        isThere: false,
        sentence: `It was never sent: when does not hold${where}${asked(explanation)}.${later}`,
      };
    case 'rejected':
      return { isThere: false, sentence: `It was rejected${says}${where}.${later}` };
    case 'retrying':
      return { isThere: false, sentence: `It is tried again${at(nextAttemptAt)}${says}.` };
    case 'inDoubt':
      return {
        isThere: false,
        sentence: `Nobody knows whether it stands there${says}. It waits for a person.`,
      };
    case 'erased':
      return { isThere: false, sentence: 'The person was erased.' };
    default:
      return { isThere: false, sentence: unread ? waiting(unread) : `It is under way${says}.` };
  }
}

function waiting({ version, isPaused, behind }: Unread): string {
  if (isPaused) return `Version ${version} waits: the mapping is paused.`;
  if (behind > 0)
    return `Version ${version} waits ${behind} changes further on in the log than its lane has come.`;
  return `Version ${version} was taken up and has no answer yet.`;
}

function asked(explanation: Explanation | null): string {
  const paths = explanation?.when?.sources().map(({ path }) => path) ?? [];
  return paths.length === 0 ? '' : `, which asks ${paths.join(', ')}`;
}

function at(time: string | undefined): string {
  return time === undefined ? '' : ` at ${time}`;
}
