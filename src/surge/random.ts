/** A number in [0, 1). */
export type Random = () => number;

/** Mulberry32: small, quick, and the same everywhere. */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** One of its own for each visitor, so that what a server answers one of them changes no other. */
export function seededFor(seed: number, visitor: number): Random {
  let mixed = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(visitor + 1, 0xc2b2ae35);
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x27d4eb2d);
  return seeded(mixed ^ (mixed >>> 15));
}

export function exponential(random: Random, mean: number): number {
  return -Math.log(1 - random()) * mean;
}

const FORM_SIGMA = 0.5;

/** How long people take over a form: most near the mean, some far longer. */
export function logNormal(random: Random, mean: number): number {
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return mean * Math.exp(FORM_SIGMA * normal - FORM_SIGMA ** 2 / 2);
}
