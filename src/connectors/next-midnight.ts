const SECOND_MS = 1000;
const DAY_MS = 24 * 60 * 60 * SECOND_MS;

/** When the next day begins in a time zone: backends renew a day's allowance then. A change of the clocks is not seen. */
export function nextMidnightMs(nowMs: number, zone: string): number {
  const clock = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
  });
  const part = Object.fromEntries(clock.formatToParts(nowMs).map(({ type, value }) => [type, Number(value)]));
  const sinceMidnightMs = ((part.hour! * 60 + part.minute!) * 60 + part.second!) * SECOND_MS;
  return nowMs - (nowMs % SECOND_MS) + DAY_MS - sinceMidnightMs;
}
