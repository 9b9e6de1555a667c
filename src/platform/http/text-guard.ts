import type { ProblemFault } from './problem.js';

const DEPTH_MAX = 32;
const FAULTS_MAX = 20;
// NUL and control characters except tab, line feed and carriage return. (Half of a surrogate pair is found apart.)

const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/;

/**
 * Texts that PostgreSQL or a backend would refuse or mangle are refused at the door, wherever they stand in the body,
 * keys included. Depth is bounded, so that what comes after may recurse.
 */
export function textFaults(value: unknown): ProblemFault[] {
  return isClean(value, 0) ? [] : collect(value, '', 0, []);
}

/** The common case, without a thought for where a fault would be. */
function isClean(value: unknown, depth: number): boolean {
  if (typeof value === 'string') return textFault(value) === null;
  if (typeof value !== 'object' || value === null) return true;
  if (depth > DEPTH_MAX) return false;
  if (Array.isArray(value)) return value.every((item) => isClean(item, depth + 1));
  const members = value as Record<string, unknown>;
  return Object.keys(members).every((key) => textFault(key) === null && isClean(members[key], depth + 1));
}

function collect(value: unknown, pointer: string, depth: number, faults: ProblemFault[]): ProblemFault[] {
  if (faults.length >= FAULTS_MAX) return faults;
  if (depth > DEPTH_MAX) {
    faults.push({ pointer, code: 'too-deep', message: `is nested more than ${DEPTH_MAX} levels deep.` });
  } else if (typeof value === 'string') {
    const fault = textFault(value);
    if (fault) faults.push({ pointer, ...fault });
  } else if (Array.isArray(value)) {
    value.forEach((item, i) => collect(item, `${pointer}/${i}`, depth + 1, faults));
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, item] of Object.entries(value)) {
      const place = `${pointer}/${escapePointer(key)}`;
      const fault = textFault(key);
      if (fault) faults.push({ pointer, code: fault.code, message: `has a key that ${fault.message}` });
      else collect(item, place, depth + 1, faults);
    }
  }
  return faults;
}

export function escapePointer(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}

function textFault(text: string): { code: string; message: string } | null {
  if (CONTROL.test(text)) return { code: 'control-character', message: 'contains a control character.' };
  if (!text.isWellFormed())
    return { code: 'lone-surrogate', message: 'contains half of a character (a lone surrogate).' };
  return null;
}
