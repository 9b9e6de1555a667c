/** Whether a text is a date or a moment that exists. On the path of every record, so it reads digits rather than parse. */

export function isDateOnly(text: string): boolean {
  return text.length === 10 && isDay(text);
}

const clock = /^T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})$/;

/** With its zone; without one it is no moment. */
export function isDateTime(text: string): boolean {
  if (!isDay(text)) return false;
  // The form of our own snapshots: 2026-03-01T09:00:00.000Z.
  const isOurs = text.length === 24 && text.charCodeAt(23) === letterZ && text.charCodeAt(10) === letterT;
  if (
    isOurs &&
    text.charCodeAt(13) === colon &&
    text.charCodeAt(16) === colon &&
    text.charCodeAt(19) === dot
  ) {
    const isClock = isBelow(two(text, 11), 24) && isBelow(two(text, 14), 60) && isBelow(two(text, 17), 60);
    return isClock && two(text, 20) >= 0 && two(text, 21) >= 0;
  }
  return clock.test(text.slice(10)) && !Number.isNaN(Date.parse(text));
}

const dash = 45;
const dot = 46;
const colon = 58;
const letterT = 84;
const letterZ = 90;

function isDay(text: string): boolean {
  if (text.length < 10 || text.charCodeAt(4) !== dash || text.charCodeAt(7) !== dash) return false;
  const century = two(text, 0);
  const year = two(text, 2);
  const month = two(text, 5);
  const day = two(text, 8);
  if (century < 0 || year < 0 || month < 1 || month > 12 || day < 1) return false;
  return day <= 28 || day <= daysIn(month, century * 100 + year);
}

function daysIn(month: number, year: number): number {
  if (month !== 2) return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
  return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
}

function isBelow(value: number, limit: number): boolean {
  return value >= 0 && value < limit;
}

/** Two digits as a number; -1 where they are none. */
function two(text: string, at: number): number {
  const tens = text.charCodeAt(at) - 48;
  const ones = text.charCodeAt(at + 1) - 48;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : -1;
}
