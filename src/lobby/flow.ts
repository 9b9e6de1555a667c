/** As it was seen at the front of a line. */
export interface Flow {
  readonly ratePerMinute: number;
  /** Share of those waiting that leaves, per second. */
  readonly abandonment: number;
  /** How long those now at the front have waited; as many of them are gone already. */
  readonly frontSeconds?: number;
}

/**
 * The wait of someone with n numbers before them, where each of these leaves with hazard θ and the front calls μ a
 * second. Of n people who are all there: `dn/dt = −μ − θ·n`, hence `t = ln(1 + θ·n/μ)/θ`. Where it is known how long
 * those at the front have waited (a), the numbers before include some who left: the front moves by `μ·e^(θ·a)` numbers
 * a second now and by `μ·e^(θ·t)` when ours comes, so `t = n / (μ·e^(θ·(a + t)/2))`, found in a few steps.
 */
export function expectedWaitSeconds(
  ahead: number,
  { ratePerMinute, abandonment, frontSeconds }: Flow,
): number {
  const perSecond = ratePerMinute / 60;
  if (ahead <= 0) return 0;
  if (perSecond <= 0) return Number.POSITIVE_INFINITY;
  const plain = ahead / perSecond;
  if (abandonment < 1e-9) return plain;
  let wait = Math.log1p(abandonment * plain) / abandonment;
  if (frontSeconds === undefined) return wait;
  for (let step = 0; step < FIXED_POINT_STEPS; step++)
    wait = (wait + plain * Math.exp((-abandonment * (frontSeconds + wait)) / 2)) / 2;
  return wait;
}

const FIXED_POINT_STEPS = 12;

const RETRY_AFTER_SECONDS_MAX = 60;

/**
 * When to ask again: near the front often, far from it seldom, so that one's turn to check in has come by then.
 * @param ahead numbers from the frontier on
 */
export function retryAfterSeconds(ahead: number, flow: Flow): number {
  return Math.max(1, Math.min(RETRY_AFTER_SECONDS_MAX, Math.ceil(expectedWaitSeconds(ahead, flow))));
}

/** No wait is told to be longer. */
export const WAIT_SECONDS_MAX = 86_400;
const INTERVAL_Z = 1.64;
const RATE_UNCERTAINTY = 0.05;

/** An honest interval: nine of ten arrivals at the front fall into it while the flow stays as it is. */
export function waitInterval(ahead: number, flow: Flow): { low: number; high: number } {
  const expected = expectedWaitSeconds(ahead, flow);
  if (!Number.isFinite(expected)) return { low: WAIT_SECONDS_MAX, high: WAIT_SECONDS_MAX };
  const spread = ahead <= 0 ? 0 : INTERVAL_Z * Math.sqrt(1 / ahead + RATE_UNCERTAINTY ** 2);
  return {
    low: Math.floor(expected * Math.max(0, 1 - spread)),
    high: Math.ceil(expected * (1 + spread)) + 1,
  };
}
