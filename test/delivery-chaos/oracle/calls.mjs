/** Logins are no calls of the API; the backends do not count them either. */
const LOGIN = /\/(oauth2?|identity)\//;

/**
 * The calls at one destination: none beyond what is allowed, and not many more than were needed.
 *
 * The least possible: every version that was written takes its place in a full write batch once, and in a full read
 * batch once. What failed, was repeated, was looked at again or went in a batch that was not full comes on top.
 *
 * @param {{ calls: object[], windows: object[], batchMax: number, callsRatioMax: number | null }} seen
 * @param {Set<string>} versions each version of each record that was written, once
 */
export function judgeCalls({ calls, windows, batchMax, callsRatioMax }, versions) {
  const counted = calls.filter(({ path }) => !LOGIN.test(path));
  const writes = counted.filter(({ records }) => records > 0);
  const least = 2 * Math.ceil(versions.size / batchMax);
  const ratio = counted.length / least;
  const faults = [];
  const throttled = counted.filter(({ isThrottled, fault }) => isThrottled && fault === null);
  if (throttled.length > 0) faults.push(`${throttled.length} calls went beyond what the backend allows`);
  for (const window of windows) {
    const most = mostIn(counted, window.ms);
    if (most > window.calls)
      faults.push(`${most} calls within ${window.ms} ms, where ${window.calls} may be`);
  }
  if (callsRatioMax !== null && ratio > callsRatioMax)
    faults.push(
      `${counted.length} calls where ${least} would have done: ${ratio.toFixed(2)} times the least`,
    );
  return {
    faults,
    figures: {
      calls: counted.length,
      least,
      ratio: Number(ratio.toFixed(3)),
      writes: writes.length,
      versions: versions.size,
      failed: counted.filter(({ fault }) => fault !== null).length,
    },
  };
}

/** The most calls in any window of so many milliseconds. */
function mostIn(calls, ms) {
  const times = calls.map(({ at }) => at).sort((a, b) => a - b);
  let from = 0;
  let most = 0;
  for (let to = 0; to < times.length; to += 1) {
    while (times[from] <= times[to] - ms) from += 1;
    most = Math.max(most, to - from + 1);
  }
  return most;
}
