import type { Explanation } from '../mapping/compiled-mapping.js';
import type { DeliveryView } from './deliveries.js';

/** The newest change, which no lane has come to or no answer was had for. */
export interface Unread {
  readonly version: number;
  readonly isPaused: boolean;
  /** How many numbers of the log the lane is behind it; 0 where it was taken up. */
  readonly behind: number;
}

/** What an earlier version left at the backend; a later one that was refused, or waits, takes none of it away. */
export interface Stood {
  /** The newest that was written; null where no attempt tells it any more. */
  readonly version: number | null;
  /** Nothing came between that may have left something else there. */
  readonly isKnown: boolean;
}

/** Another record has its key at the target. */
const SPOKEN_FOR = 'spoken-for';
const NOT_STORED = 'not-stored';

/** @param sent whether anything was ever sent for the record, and `isKnown` whether its fields there are known */
export function stoodBefore(
  { targetId, reason }: DeliveryView,
  sent: boolean,
  isKnown: boolean,
  written: number | null,
): Stood | null {
  const isGone = reason?.code === NOT_STORED && reason.field == null;
  if (!sent || isGone || (!isKnown && targetId === undefined)) return null;
  return { version: written, isKnown };
}

/** Whether the record stands at the backend, and why, or why not, in one sentence. Names no value of a person. */
export function sentence(
  view: DeliveryView,
  explanation: Explanation | null,
  unread: Unread | null,
  stood: Stood | null,
): { isThere: boolean; sentence: string } {
  const { state, reason, version, targetId } = view;
  const says = saying(reason);
  const where = placeOf(reason);
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
    case 'erased':
      return { isThere: false, sentence: 'The person was erased.' };
    default:
      if (stood) return { isThere: true, sentence: `${standing(stood, id)}; ${unanswered(view, unread)}` };
      return { isThere: false, sentence: notThere(view, unread) };
  }
}

function notThere({ state, reason, nextAttemptAt }: DeliveryView, unread: Unread | null): string {
  const says = saying(reason);
  switch (state) {
    case 'rejected':
      return `It was rejected${says}${placeOf(reason)}.${unread ? ` ${waiting(unread)}` : ''}`;
    case 'retrying':
      return `It is tried again${at(nextAttemptAt)}${says}.`;
    case 'inDoubt':
      return `Nobody knows whether it stands there${says}. It waits for a person.`;
    default:
      return unread ? waiting(unread) : `It is under way${says}.`;
  }
}

function standing({ version, isKnown }: Stood, id: string): string {
  if (!isKnown) return `It stands there${id}, in which form is not known`;
  return `${version === null ? 'An earlier version' : `Version ${version}`} stands there${id}`;
}

/** What became of the version that does not stand there. */
function unanswered({ state, reason, version, nextAttemptAt }: DeliveryView, unread: Unread | null): string {
  const says = saying(reason);
  const newest = `version ${unread?.version ?? version}`;
  switch (state) {
    case 'rejected':
      return `version ${version} was rejected${says}${placeOf(reason)}.${unread ? ` ${waiting(unread)}` : ''}`;
    case 'retrying':
      return `${newest} is tried again${at(nextAttemptAt)}${says}.`;
    case 'inDoubt':
      return `nobody knows whether ${newest} was written${says}. It waits for a person.`;
    default:
      if (reason) return `${newest} waits${says}.`;
      return unread ? lowered(waiting(unread)) : `${newest} is under way.`;
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

function saying(reason: DeliveryView['reason']): string {
  return reason ? `: ${reason.message.replace(/\.$/, '')}` : '';
}

function placeOf(reason: DeliveryView['reason']): string {
  return reason?.file === undefined ? '' : ` (${reason.file}:${reason.line})`;
}

function lowered(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
