const SECOND_MS = 1000;
const DAY_MS = 24 * 60 * 60 * SECOND_MS;

/** When the next day begins in a time zone: backends renew a day's allowance then. */
export function nextMidnightMs(nowMs: number, zone: string): number {
  const nextMs = nowMs - (nowMs % SECOND_MS) + DAY_MS - sinceMidnightMs(nowMs, zone);
  // Clocks that were changed meanwhile show another time then.
  const shownMs = sinceMidnightMs(nextMs, zone);
  return shownMs < DAY_MS / 2 ? nextMs - shownMs : nextMs + DAY_MS - shownMs;
}

function sinceMidnightMs(atMs: number, zone: string): number {
  const clock = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
  });
  const part = Object.fromEntries(clock.formatToParts(atMs).map(({ type, value }) => [type, Number(value)]));
  return ((part.hour! * 60 + part.minute!) * 60 + part.second!) * SECOND_MS;
}
